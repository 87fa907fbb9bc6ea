/* A folder of the test's own below $TMPDIR, gone when the process ends, also by a failed EXPECT. */
#ifndef OARLOCK_TESTS_FOLDER_H
#define OARLOCK_TESTS_FOLDER_H

#include <oarlock/oarlock.h>
#include <ftw.h>
#include <unistd.h>

#include "expect.h"

static char folder[512];

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)kind, (void)place;
  return remove(path);
}

static void remove_folder(void) {
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void) {
  const char *parent = getenv("TMPDIR");
  if (parent == NULL || *parent == '\0') parent = "/tmp";
  EXPECT((size_t)snprintf(folder, sizeof folder, "%s/oarlock_capi_XXXXXX", parent) < sizeof folder);
  EXPECT(mkdtemp(folder) != NULL);
  EXPECT(atexit(remove_folder) == 0);
}

/* The path of `name` in it; good until four calls later. */
static const char *inside(const char *name) {
  static char paths[4][1024];
  static int next;
  char *path = paths[next = (next + 1) % 4];
  EXPECT((size_t)snprintf(path, sizeof paths[0], "%s/%s", folder, name) < sizeof paths[0]);
  return path;
}

#endif
