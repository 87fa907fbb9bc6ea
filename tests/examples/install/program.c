/* The smallest program of a user: built against the installed tree only, by every way there is. */
#include <oarlock/oarlock.h>
#include <stdio.h>

int main(void) {
  const int64_t shape[2] = {2, 3};
  int64_t numel = 0;
  oar_tensor *tensor = NULL;
  if (oar_tensor_zeros(OAR_FLOAT32, shape, 2, &tensor) != OAR_OK || oar_tensor_numel(tensor, &numel) != OAR_OK) {
    fprintf(stderr, "%s\n", oar_last_error());
    return 1;
  }
  oar_tensor_release(tensor);
  printf("oarlock %s, %d elements\n", oar_version(), (int)numel);
  return numel == 6 ? 0 : 1;
}
