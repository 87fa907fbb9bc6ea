/**
 * A state among the ranks of an MPI communicator. These two functions are not in liboarlock.so but in
 * liboarlock_mpi.so, which a site compiles from one installed file against its own MPI; docs/mpi.md has the command.
 *
 * MPI tells the ranks where to meet. With ranks on several hosts and MPI_THREAD_MULTIPLE it also moves large tensors
 * between the hosts, on threads of Oarlock's, if the option comm.between_hosts is "auto" or "mpi". Such a state keeps
 * the duplicate until it is closed, which must come before MPI_Finalize: operations that need MPI later are
 * OAR_E_STATE, but closing and releasing stay safe and call nothing of MPI. Every other state needs MPI no more once it
 * is made: it may be used, closed and released after MPI_Finalize.
 *
 * Errors are had as those of every other function, from oar_last_error() and oar_error_take().
 */
#ifndef OARLOCK_MPI_H
#define OARLOCK_MPI_H

#include <mpi.h>
#include <oarlock/types.h>

/**
 * Meet the ranks of a communicator, which has as many as the state then has, in the same order. Environment variables
 * about ranks are not looked at.
 *
 * The communicator is duplicated, with MPI_ERRORS_RETURN on the duplicate, and the duplicate is freed before this
 * returns, or when the state is closed if data moves by it; after a time-out in MPI it is left to MPI, for its
 * operation may still be running. MPI_Init, MPI_Finalize and MPI_Abort are never called, all calls of MPI inside this
 * function are made on this thread, and none waits longer than comm.connect_timeout_ms. A rank that fails tells the
 * others, so that they fail at once with its text.
 *
 * @param[in]  config  borrowed, copied; NULL takes the defaults and the environment.
 * @param[in]  comm    borrowed; an intra-communicator, all of whose ranks call this. Its error handler stays as it is,
 *                     and applies to the duplication.
 * @param[out] out     owned; end with oar_state_close, then oar_state_release. Untouched on failure.
 *
 * @return OAR_E_STATE     MPI is not initialised, or finalised, or was initialised below MPI_THREAD_SERIALIZED and this
 *         is not its main thread; or comm.between_hosts is "mpi" and some rank's MPI is below MPI_THREAD_MULTIPLE.
 * @return OAR_E_ARGUMENT  MPI_COMM_NULL or an inter-communicator; options as for oar_state_create.
 * @return OAR_E_TIMEOUT   not all ranks of the communicator called this within comm.connect_timeout_ms.
 * @return OAR_E_ABORTED   another rank failed in this call; the text has its rank and its text.
 * @return OAR_E_VERSION   another rank has another liboarlock; the text has its rank and both versions.
 * @return OAR_E_IO        a call of MPI failed; the text has MPI's reason, the error object its error code.
 * @threads serial(config); waits for the other ranks; the main thread below MPI_THREAD_SERIALIZED
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_create_with_mpi(OAR_NULLABLE const oar_config *config, MPI_Comm comm,
                          OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;

/**
 * oar_state_create_with_mpi for a communicator of Fortran: an integer, or `comm%MPI_VAL` of mpi_f08.
 *
 * @param[in]  config  borrowed, copied; NULL takes the defaults and the environment.
 * @param[in]  comm    borrowed; as MPI_Comm_c2f gives it.
 * @param[out] out     owned; end with oar_state_close, then oar_state_release. Untouched on failure.
 *
 * @return as oar_state_create_with_mpi.
 * @threads serial(config); waits for the other ranks; the main thread below MPI_THREAD_SERIALIZED
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_create_with_mpi_fint(OAR_NULLABLE const oar_config *config, MPI_Fint comm,
                               OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;

#endif
