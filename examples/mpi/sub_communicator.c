/* A simulation under MPI of which half of the ranks train a model and the other half goes on simulating.
 *
 *   mpirun -n 4 sub_communicator
 *
 * The even ranks make a state among themselves by liboarlock_mpi.so and fit a number w to their measurements: the
 * gradient of each, w - measurement, is averaged over them, so w nears the mean of all. The odd ranks never call
 * Oarlock. */
#include <mpi.h>
#include <oarlock/mpi.h>
#include <oarlock/oarlock.h>
#include <stdio.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { NUM_STEPS = 10 };

typedef struct {
  float w, measurement, loss, gradient;
  oar_accelerator *accelerator;
} fit;

static oar_status over(float *value, oar_tensor **out) {
  return oar_tensor_from_memory(value, OAR_FLOAT32, NULL, NULL, 0, NULL, NULL, out);
}

static int32_t forward(oar_model *model, const oar_tree *inputs, oar_tree **outputs, void *user_data) {
  fit *f = (fit *)user_data;
  oar_tensor *loss;
  (void)model; (void)inputs;
  f->loss = (f->w - f->measurement) * (f->w - f->measurement) / 2;
  TRY(over(&f->loss, &loss));
  TRY(oar_tree_create_map(outputs));
  TRY(oar_tree_set_tensor(*outputs, "loss", loss));
  oar_tensor_release(loss);
  return OAR_OK;
}

static int32_t backward(oar_model *model, const oar_tree *output_gradients, void *user_data) {
  fit *f = (fit *)user_data;
  oar_tensor *gradient;
  (void)output_gradients;
  f->gradient = f->w - f->measurement;
  TRY(over(&f->gradient, &gradient));
  TRY(oar_accelerator_gradient_ready(f->accelerator, model, "w", gradient));
  oar_tensor_release(gradient);
  return OAR_OK;
}

static oar_status make_model(fit *f, oar_state *state, oar_model **model) {
  oar_tensor *w;
  TRY(oar_model_create_foreign(state, model));
  TRY(over(&f->w, &w));
  TRY(oar_model_register_parameter(*model, "w", w));
  oar_tensor_release(w);
  TRY(oar_model_set_forward(*model, forward, f, NULL));
  return oar_model_set_backward(*model, backward, f, NULL);
}

static oar_status train(fit *f, oar_state *state) {
  oar_model *model;
  oar_optimizer *optimizer;
  oar_tree *inputs, *outputs;
  oar_tensor *loss;
  int step;
  TRY(oar_accelerator_create(state, NULL, &f->accelerator));
  TRY(make_model(f, state, &model));
  TRY(oar_accelerator_prepare_model(f->accelerator, model));
  TRY(oar_optimizer_create(model, "sgd", "{\"lr\": 0.5}", &optimizer));
  TRY(oar_accelerator_prepare_optimizer(f->accelerator, optimizer));
  TRY(oar_tree_create_map(&inputs));
  for (step = 0; step < NUM_STEPS; ++step) {
    TRY(oar_model_forward(model, inputs, &outputs));
    TRY(oar_tree_get_tensor(outputs, "loss", &loss));
    TRY(oar_accelerator_backward(f->accelerator, loss));
    TRY(oar_accelerator_step(f->accelerator, optimizer, NULL));
    oar_tensor_release(loss);
    oar_tree_release(outputs);
  }
  oar_tree_release(inputs);
  oar_optimizer_release(optimizer);
  oar_model_release(model);
  TRY(oar_accelerator_close(f->accelerator));
  oar_accelerator_release(f->accelerator);
  return OAR_OK;
}

static oar_status train_among(MPI_Comm comm, int measurement) {
  static fit f;
  oar_state *state;
  int32_t rank, world_size;
  TRY(oar_state_create_with_mpi(NULL, comm, &state));
  TRY(oar_state_rank(state, &rank));
  TRY(oar_state_world_size(state, &world_size));
  f.measurement = (float)measurement;
  TRY(train(&f, state));
  printf("trainer %d of %d: w = %.6f\n", (int)rank, (int)world_size, f.w);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

static void simulate_among(MPI_Comm comm, int value) {
  int step, sum = 0;
  for (step = 0; step < NUM_STEPS; ++step) MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, comm);
  printf("simulator: sum = %d\n", sum);
}

int main(int argc, char **argv) {
  int world_rank, failed = 0;
  MPI_Comm half;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
  MPI_Comm_split(MPI_COMM_WORLD, world_rank % 2, world_rank, &half);
  if (world_rank % 2 == 0 && train_among(half, world_rank + 1) != OAR_OK) {
    fprintf(stderr, "rank %d: %s\n", world_rank, oar_last_error());
    failed = 1;
  }
  if (world_rank % 2 == 1) simulate_among(half, world_rank + 1);
  MPI_Comm_free(&half);
  MPI_Finalize();
  return failed;
}
