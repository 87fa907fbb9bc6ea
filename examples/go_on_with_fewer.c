/*
 * A training that goes on when ranks die: those that are left make a smaller world and load the last checkpoint.
 *
 *   oarlock launch -n 4 --keep-survivors go_on_with_fewer checkpoint.txt 2000
 *   kill -9 one of the ranks
 *
 * The "model" is one number that walks to the mean of 12 numbers, of which each rank has its part.
 */
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { NUM_SAMPLES = 12, STEPS_PER_CHECKPOINT = 10 };

typedef struct {
  int32_t rank, world_size;
  oar_group *group;
  oar_tensor *sum; /* of the ranks' gradients, in `gradient` */
  double gradient;
} world;

typedef struct {
  int32_t step;
  double weight;
} model;

/* Old or new, never half: written beside it and renamed. A real model is saved by oar_accelerator_save. */
static void save(const char *path, model m) {
  char part[1024];
  FILE *file;
  snprintf(part, sizeof part, "%s.part", path);
  file = fopen(part, "w");
  if (file == NULL) return;
  fprintf(file, "%d %.17g\n", (int)m.step, m.weight);
  if (fclose(file) == 0) rename(part, path);
}

static model load(const char *path) {
  model m = {0, 0.0};
  int step = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) return m; /* the very start */
  if (fscanf(file, "%d %lf", &step, &m.weight) == 2) m.step = step;
  fclose(file);
  return m;
}

/* What is made with a state is made anew with the next one. */
static oar_status enter(const oar_state *state, world *w) {
  TRY(oar_state_rank(state, &w->rank));
  TRY(oar_state_world_size(state, &w->world_size));
  TRY(oar_state_group(state, &w->group));
  return oar_tensor_from_memory(&w->gradient, OAR_FLOAT64, NULL, NULL, 0, NULL, NULL, &w->sum);
}

static void leave(world *w) {
  oar_tensor_release(w->sum);
  oar_group_release(w->group);
  w->sum = NULL;
  w->group = NULL;
}

static oar_status train(world *w, const char *path, int32_t num_steps) {
  model m = load(path);
  int32_t sample;
  while (m.step < num_steps) {
    w->gradient = 0;
    for (sample = w->rank; sample < NUM_SAMPLES; sample += w->world_size) {
      w->gradient += (m.weight - sample) / NUM_SAMPLES;
    }
    TRY(oar_group_all_reduce(w->group, w->sum, OAR_REDUCE_SUM, 0, NULL));
    m.weight -= 0.01 * w->gradient;
    ++m.step;
    if (m.step % STEPS_PER_CHECKPOINT != 0) continue;
    if (w->rank == 0) save(path, m);
    TRY(oar_group_barrier(w->group, 0, NULL)); /* nobody goes on before it is there */
    if (w->rank == 0 && m.step == STEPS_PER_CHECKPOINT) printf("the first checkpoint is there\n"), fflush(stdout);
  }
  if (w->rank == 0) printf("weight %.4f after %d steps, with %d ranks\n", m.weight, (int)m.step, (int)w->world_size);
  return OAR_OK;
}

static int can_go_on(oar_status status) {
  return status == OAR_E_PEER_LOST || status == OAR_E_ABORTED || status == OAR_E_TIMEOUT;
}

int main(int argc, char **argv) {
  oar_state *state = NULL, *smaller = NULL;
  world w = {0, 0, NULL, NULL, 0};
  oar_status status;
  if (argc != 3) return fprintf(stderr, "usage: %s CHECKPOINT STEPS\n", argv[0]), 2;
  status = oar_state_create(NULL, &state);
  while (status == OAR_OK) {
    status = enter(state, &w);
    if (status == OAR_OK) status = train(&w, argv[1], (int32_t)atoi(argv[2]));
    leave(&w);
    if (!can_go_on(status)) break;
    fprintf(stderr, "rank %d: %s\n", (int)w.rank, oar_last_error());
    status = oar_state_shrink(state, 0, 60000, &smaller);
    if (status != OAR_OK) break; /* too few are left, or the others have gone on without this rank */
    oar_state_release(state);
    state = smaller;
  }
  if (status != OAR_OK) fprintf(stderr, "%s: %s\n", oar_status_name(status), oar_last_error());
  if (state != NULL && status == OAR_OK) status = oar_state_close(state);
  oar_state_release(state);
  return status == OAR_OK ? 0 : 1;
}
