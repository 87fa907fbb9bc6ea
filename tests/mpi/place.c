/* A program that knows nothing of MPI: it finds its place by the variables of whoever started it. Prints a line. */
#include <oarlock/oarlock.h>

#include "../capi/expect.h"

int main(void) {
  oar_state *state;
  oar_group *group;
  oar_bytes *all;
  uint64_t sizes[16];
  size_t count = 16;
  int32_t rank, world_size, local_rank, local_world_size;
  if (oar_state_create(NULL, &state) != OAR_OK) {
    printf("refused: %s\n", oar_last_error());
    return 0;
  }
  EXPECT_OK(oar_state_rank(state, &rank));
  EXPECT_OK(oar_state_world_size(state, &world_size));
  EXPECT_OK(oar_state_local_rank(state, &local_rank));
  EXPECT_OK(oar_state_local_world_size(state, &local_world_size));
  EXPECT_OK(oar_state_group(state, &group));
  EXPECT_OK(oar_group_all_gather_bytes(group, "sixteen letters.", (size_t)rank + 1, 10000, sizes, &count, &all));
  printf("rank %d of %d, local %d of %d, last sent %d\n", (int)rank, (int)world_size, (int)local_rank, (int)local_world_size,
         (int)sizes[count - 1]);
  oar_bytes_release(all);
  oar_group_release(group);
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
