/* The smallest distributed program: meet, wait for everyone, leave. */
#include <stdio.h>

#include <oarlock/oarlock.h>

int main(void) {
  oar_state *state = NULL;
  int failed = oar_state_create(NULL, &state) != OAR_OK || oar_state_barrier(state, 0) != OAR_OK;
  if (failed) fprintf(stderr, "%s\n", oar_last_error());
  if (state != NULL) oar_state_close(state);
  oar_state_release(state);
  return failed;
}
