/* The digits model and data of examples/digits on one rank, for C tests that need something real to train. */
#ifndef OARLOCK_TESTS_DIGITS_H
#define OARLOCK_TESTS_DIGITS_H

#include <oarlock/oarlock.h>

#include "expect.h"

typedef struct {
  oar_state *state;
  oar_model *model;
  oar_dataset *dataset;
} digits;

static void digits_path(char *path, size_t room, const char *file) {
  const char *source = getenv("OARLOCK_SOURCE"); /* ctest sets it */
  EXPECT(source != NULL);
  EXPECT((size_t)snprintf(path, room, "%s/examples/digits/%s", source, file) < room);
}

/* `options`: JSON of the state's options, NULL for none. */
static void digits_open(digits *self, const char *options) {
  char path[4096];
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  if (options != NULL) EXPECT_OK(oar_config_merge_json(config, options));
  EXPECT_OK(oar_state_create(config, &self->state));
  oar_config_release(config);
  digits_path(path, sizeof path, "digits.pt2");
  EXPECT_OK(oar_model_load(self->state, path, NULL, &self->model));
  digits_path(path, sizeof path, "test.safetensors");
  EXPECT_OK(oar_dataset_from_safetensors(path, NULL, 0, &self->dataset));
}

static void digits_close(digits *self) {
  oar_dataset_release(self->dataset);
  oar_model_release(self->model);
  EXPECT_OK(oar_state_close(self->state));
  oar_state_release(self->state);
}

#endif
