/* The ranks of an MPI program meet by the program's own MPI_Allgather: nothing of Oarlock's is linked with MPI.
 *
 *   mpirun -n 2 host_exchange
 *
 * Any other way to give every rank the bytes of all would do: PMIx, a launcher of one's own, files. */
#include <mpi.h>
#include <oarlock/oarlock.h>
#include <stdio.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

/* Called once, inside oar_state_create_with_exchange. */
static int32_t all_gather(const void *mine, size_t size, void *all, void *user_data) {
  const MPI_Comm *comm = (const MPI_Comm *)user_data;
  return MPI_Allgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, *comm) == MPI_SUCCESS ? 0 : 1;
}

static oar_status sum_over(oar_state *state, float *values, int64_t count) {
  oar_group *group;
  oar_tensor *tensor;
  TRY(oar_state_group(state, &group));
  TRY(oar_tensor_from_memory(values, OAR_FLOAT32, &count, NULL, 1, NULL, NULL, &tensor));
  TRY(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, NULL)); /* NULL: wait for the end */
  oar_tensor_release(tensor);
  oar_group_release(group);
  return OAR_OK;
}

static oar_status run(MPI_Comm comm) {
  oar_state *state;
  int rank, world_size;
  float values[2];
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &world_size);
  TRY(oar_state_create_with_exchange(NULL, rank, world_size, all_gather, &comm, NULL, &state));
  values[0] = (float)rank + 1;
  values[1] = 0.5f;
  TRY(sum_over(state, values, 2));
  printf("rank %d of %d: %g and %g\n", rank, world_size, values[0], values[1]);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

int main(int argc, char **argv) {
  oar_status status;
  MPI_Comm comm;
  MPI_Init(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm); /* apart from the program's own messages */
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  status = run(comm);
  if (status != OAR_OK) fprintf(stderr, "%s\n", oar_last_error());
  MPI_Comm_free(&comm);
  MPI_Finalize();
  return status == OAR_OK ? 0 : 1;
}
