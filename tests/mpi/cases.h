/* What the programs of these tests share: small questions to MPI, a state's end, and the running of one case by its name. */
#ifndef OARLOCK_TESTS_MPI_CASES_H
#define OARLOCK_TESTS_MPI_CASES_H

#include <mpi.h>
#include <oarlock/mpi.h>
#include <oarlock/oarlock.h>
#include <time.h>

#include "../capi/expect.h"

static inline double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline int rank_in(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

static inline int size_of(MPI_Comm comm) {
  int size;
  MPI_Comm_size(comm, &size);
  return size;
}

static inline void end(oar_state *state) {
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
}

static inline oar_config *config_with(const char *key, const char *value) {
  oar_config *config;
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_config_set_string(config, key, value));
  return config;
}

struct mpi_case {
  const char *name;
  void (*run)(void);
  int level; /* of threads, for MPI_Init_thread; -1: the case initialises MPI itself, or not */
};

/* The case that argv[1] names. */
static inline int run_case(const struct mpi_case *cases, size_t count, int argc, char **argv) {
  size_t i;
  int level;
  for (i = 0; i < count; ++i) {
    if (argc != 2 || strcmp(argv[1], cases[i].name) != 0) continue;
    if (cases[i].level >= 0) MPI_Init_thread(&argc, &argv, cases[i].level, &level);
    cases[i].run();
    if (cases[i].level >= 0) MPI_Finalize();
    return 0;
  }
  return 2;
}

#endif
