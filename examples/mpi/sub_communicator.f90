! A Fortran program under MPI of which half of the ranks sum their arrays by Oarlock, over a communicator of their own.
!
!   mpirun -n 4 sub_communicator_f
!
! The other half never calls Oarlock. The interfaces of the few functions that are used stand in the module below.
module oarlock_calls
  use, intrinsic :: iso_c_binding
  implicit none
  integer(c_int32_t), parameter :: OAR_FLOAT64 = 10, OAR_REDUCE_SUM = 1

  interface
    integer(c_int32_t) function oar_state_create_with_mpi_fint(config, comm, state) bind(c)
      import :: c_int32_t, c_int, c_ptr
      type(c_ptr), value :: config
      integer(c_int), value :: comm
      type(c_ptr), intent(out) :: state
    end function
    integer(c_int32_t) function oar_state_rank(state, rank) bind(c)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: state
      integer(c_int32_t), intent(out) :: rank
    end function
    integer(c_int32_t) function oar_state_group(state, group) bind(c)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: state
      type(c_ptr), intent(out) :: group
    end function
    integer(c_int32_t) function oar_tensor_from_memory(data, dtype, shape, strides, num_dims, user_data, release, tensor) bind(c)
      import :: c_int32_t, c_int64_t, c_size_t, c_ptr, c_funptr
      type(c_ptr), value :: data, strides, user_data
      integer(c_int32_t), value :: dtype
      integer(c_int64_t), intent(in) :: shape(*)
      integer(c_size_t), value :: num_dims
      type(c_funptr), value :: release
      type(c_ptr), intent(out) :: tensor
    end function
    integer(c_int32_t) function oar_group_all_reduce(group, tensor, reduce_op, timeout_ms, work) bind(c)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: group, tensor, work ! c_null_ptr: waits for the end
      integer(c_int32_t), value :: reduce_op
      integer(c_int64_t), value :: timeout_ms
    end function
    integer(c_int32_t) function oar_state_close(state) bind(c)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: state
    end function
    subroutine oar_state_release(state) bind(c)
      import :: c_ptr
      type(c_ptr), value :: state
    end subroutine
    subroutine oar_group_release(group) bind(c)
      import :: c_ptr
      type(c_ptr), value :: group
    end subroutine
    subroutine oar_tensor_release(tensor) bind(c)
      import :: c_ptr
      type(c_ptr), value :: tensor
    end subroutine
    type(c_ptr) function oar_last_error() bind(c)
      import :: c_ptr
    end function
    integer(c_size_t) function c_strlen(text) bind(c, name='strlen')
      import :: c_size_t, c_ptr
      type(c_ptr), value :: text
    end function
  end interface

contains

  ! Ends this program, as a program may, with Oarlock's text.
  subroutine check(status)
    integer(c_int32_t), intent(in) :: status
    character(kind=c_char), pointer :: text(:)
    if (status == 0) return
    call c_f_pointer(oar_last_error(), text, [c_strlen(oar_last_error())])
    print *, text
    error stop 1
  end subroutine
end module

program sub_communicator
  use mpi
  use oarlock_calls
  implicit none
  integer, parameter :: n = 1000
  real(c_double), target :: values(n)
  real(c_double) :: total
  integer :: world_rank, half, error, i
  integer(c_int32_t) :: rank
  type(c_ptr) :: state, group, tensor

  call MPI_Init(error)
  call MPI_Comm_rank(MPI_COMM_WORLD, world_rank, error)
  call MPI_Comm_split(MPI_COMM_WORLD, mod(world_rank, 2), world_rank, half, error)
  values = [(real(i * (world_rank + 1), c_double), i = 1, n)]
  if (mod(world_rank, 2) == 0) then
    call check(oar_state_create_with_mpi_fint(c_null_ptr, int(half, c_int), state))
    call check(oar_state_rank(state, rank))
    call check(oar_state_group(state, group))
    call check(oar_tensor_from_memory(c_loc(values), OAR_FLOAT64, [int(n, c_int64_t)], c_null_ptr, 1_c_size_t, c_null_ptr, &
                                      c_null_funptr, tensor))
    call check(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0_c_int64_t, c_null_ptr))
    write (*, '(a, i0, a, f12.1)') 'oarlock rank ', rank, ': sum of all = ', sum(values)
    call oar_tensor_release(tensor)
    call oar_group_release(group)
    call check(oar_state_close(state))
    call oar_state_release(state)
  else
    call MPI_Allreduce(sum(values), total, 1, MPI_DOUBLE_PRECISION, MPI_SUM, half, error)
    write (*, '(a, f12.1)') 'mpi: sum of all = ', total
  end if
  call MPI_Comm_free(half, error)
  call MPI_Finalize(error)
end program
