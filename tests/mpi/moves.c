/* Does the collectives that a file lists, with the inputs that files hold, writes what comes out, and prints how many bytes this
 * rank gave MPI for each: mpirun -n N moves FOLDER. test_moves.py has the files' form. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>

#include "cases.h"

#define MOST 64
static int64_t num_bytes; /* given to MPI, counted on their way */

int MPI_Issend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) {
  int size;
  MPI_Type_size(type, &size);
  __atomic_add_fetch(&num_bytes, (int64_t)count * size, __ATOMIC_SEQ_CST);
  return PMPI_Issend(data, count, type, to, tag, comm, request);
}

struct job {
  char op[32];
  int dtype, reduce_op, root;
  long element;
  int64_t in[2], out[2]; /* shapes; of -1 rows: there is no such tensor */
  size_t num_rows, num_received;
  int64_t rows[MOST], received[MOST];
};

static size_t bytes_of(const int64_t *shape, const struct job *job) {
  return shape[0] < 0 ? 0 : (size_t)(shape[0] * shape[1]) * (size_t)job->element;
}

static int read_list(FILE *file, size_t *count, int64_t *values) {
  size_t i;
  if (fscanf(file, "%zu", count) != 1 || *count > MOST) return 0;
  for (i = 0; i < *count; ++i) {
    if (fscanf(file, "%ld", &values[i]) != 1) return 0;
  }
  return 1;
}

static int read_job(FILE *file, struct job *job) {
  const int read = fscanf(file, "%31s %d %ld %d %d %ld %ld %ld %ld", job->op, &job->dtype, &job->element, &job->reduce_op,
                          &job->root, &job->in[0], &job->in[1], &job->out[0], &job->out[1]);
  if (read == EOF) return 0;
  EXPECT(read == 9 && read_list(file, &job->num_rows, job->rows) && read_list(file, &job->num_received, job->received));
  return 1;
}

static oar_tensor *tensor_of(void *memory, const int64_t *shape, const struct job *job) {
  oar_tensor *tensor = NULL;
  if (shape[0] < 0) return NULL;
  EXPECT_OK(oar_tensor_from_memory(memory, job->dtype, shape, NULL, 2, NULL, NULL, &tensor));
  return tensor;
}

static oar_status start(oar_group *group, const struct job *job, oar_tensor *in, oar_tensor *out) {
  const char *op = job->op;
  if (!strcmp(op, "all_reduce")) return oar_group_all_reduce(group, in, job->reduce_op, 0, NULL);
  if (!strcmp(op, "reduce")) return oar_group_reduce(group, in, job->root, job->reduce_op, 0, NULL);
  if (!strcmp(op, "broadcast")) return oar_group_broadcast(group, in, job->root, 0, NULL);
  if (!strcmp(op, "all_gather")) return oar_group_all_gather(group, in, out, 0, NULL);
  if (!strcmp(op, "all_gather_rows")) return oar_group_all_gather_rows(group, in, out, job->rows, job->num_rows, 0, NULL);
  if (!strcmp(op, "reduce_scatter")) return oar_group_reduce_scatter(group, in, out, job->reduce_op, 0, NULL);
  if (!strcmp(op, "gather")) return oar_group_gather(group, in, out, job->root, 0, NULL);
  if (!strcmp(op, "scatter")) return oar_group_scatter(group, in, out, job->root, 0, NULL);
  if (!strcmp(op, "all_to_all")) return oar_group_all_to_all(group, in, out, 0, NULL);
  EXPECT(!strcmp(op, "all_to_all_rows"));
  return oar_group_all_to_all_rows(group, in, out, job->rows, job->num_rows, job->received, job->num_received, 0, NULL);
}

static FILE *open_in(const char *folder, const char *what, int number, int rank, const char *mode) {
  char path[4096];
  FILE *file;
  snprintf(path, sizeof path, "%s/%s_%d_%d", folder, what, number, rank);
  file = fopen(path, mode);
  EXPECT(file != NULL);
  return file;
}

static void do_job(oar_group *group, const struct job *job, const char *folder, int number, int rank) {
  const size_t in_bytes = bytes_of(job->in, job), out_bytes = bytes_of(job->out, job);
  char *in_memory = calloc(in_bytes + 1, 1), *out_memory = calloc(out_bytes + 1, 1);
  const int is_in_place = job->out[0] < 0 && job->in[0] >= 0 && strcmp(job->op, "gather") != 0;
  oar_tensor *in, *out;
  FILE *file;
  EXPECT(in_memory != NULL && out_memory != NULL);
  file = open_in(folder, "in", number, rank, "rb");
  EXPECT(fread(in_memory, 1, in_bytes, file) == in_bytes);
  fclose(file);
  in = tensor_of(in_memory, job->in, job);
  out = tensor_of(out_memory, job->out, job);
  num_bytes = 0;
  EXPECT_OK(start(group, job, in, out));
  EXPECT_OK(oar_group_barrier(group, 0, NULL)); /* whatever this rank was to send has been sent */
  printf("job %d rank %d gave %ld\n", number, rank, (long)num_bytes);
  file = open_in(folder, "out", number, rank, "wb");
  EXPECT(fwrite(is_in_place ? in_memory : out_memory, 1, is_in_place ? in_bytes : out_bytes, file) ==
         (is_in_place ? in_bytes : out_bytes));
  fclose(file);
  oar_tensor_release(in);
  oar_tensor_release(out);
  free(in_memory);
  free(out_memory);
}

int main(int argc, char **argv) {
  struct job job;
  oar_state *state;
  oar_group *group;
  FILE *list;
  int level, number, rank;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  EXPECT(argc == 2 && level == MPI_THREAD_MULTIPLE);
  rank = rank_in(MPI_COMM_WORLD);
  EXPECT_OK(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state));
  EXPECT_OK(oar_state_group(state, &group));
  list = open_in(argv[1], "jobs", 0, rank, "r");
  for (number = 0; read_job(list, &job); ++number) do_job(group, &job, argv[1], number, rank);
  fclose(list);
  oar_group_release(group);
  end(state);
  MPI_Finalize();
  return 0;
}
