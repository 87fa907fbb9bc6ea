/*
 * Gives every linear layer of a program an adapter and saves them: save_adapter PROGRAM DIRECTORY. Exits with the status.
 */
#include <oarlock/oarlock.h>

#include <stdio.h>

int main(int argc, char **argv) {
  oar_state *state = NULL;
  oar_model *model = NULL;
  oar_status status;
  if (argc != 3) return fprintf(stderr, "usage: %s PROGRAM DIRECTORY\n", argv[0]), 99;
  status = oar_state_create(NULL, &state);
  if (status == OAR_OK) status = oar_state_seed(state, 7);
  if (status == OAR_OK) status = oar_model_load(state, argv[1], NULL, &model);
  if (status == OAR_OK) status = oar_model_add_lora(model, "{\"targets\": [\"*\"], \"rank\": 3}");
  if (status == OAR_OK) status = oar_model_save_lora(model, argv[2]);
  if (status != OAR_OK) fprintf(stderr, "%s\n", oar_last_error());
  oar_model_release(model);
  oar_state_release(state);
  return (int)status;
}
