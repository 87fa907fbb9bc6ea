/* Messages of the library go to the host's callback; level and release are kept. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include <sys/stat.h>

#include "folder.h"

typedef struct {
  int num_messages, num_released;
  int32_t level;
  char component[32], message[512];
} heard;

static void listen_to(int32_t level, const char *component, const char *message, void *user_data) {
  heard *self = user_data;
  ++self->num_messages;
  self->level = level;
  snprintf(self->component, sizeof self->component, "%s", component);
  snprintf(self->message, sizeof self->message, "%s", message);
}

static void count_release(void *user_data) { ++((heard *)user_data)->num_released; }

/* An incomplete checkpoint is passed over with a warning (checkpoint.h). */
static void cause_a_warning(void) {
  char path[1024];
  size_t len = sizeof path;
  EXPECT(oar_checkpoint_find_latest(folder, path, &len) == OAR_E_NOT_FOUND);
}

static void a_message_reaches_the_callback(void) {
  heard self = {0};
  EXPECT_OK(oar_log_set_callback(0, listen_to, &self, count_release));
  cause_a_warning();
  EXPECT(self.num_messages == 1);
  EXPECT(self.level == OAR_LOG_WARNING);
  EXPECT(strcmp(self.component, "checkpoint") == 0);
  EXPECT_CONTAINS(self.message, "checkpoint_3");
  EXPECT(self.num_released == 0);
  EXPECT_OK(oar_log_set_callback(0, NULL, NULL, NULL));
  EXPECT(self.num_released == 1);
}

static void the_level_holds_messages_back(void) {
  heard self = {0};
  EXPECT_OK(oar_log_set_callback(0, listen_to, &self, NULL));
  EXPECT_OK(oar_log_set_level(OAR_LOG_ERROR));
  cause_a_warning();
  EXPECT(self.num_messages == 0);
  EXPECT(oar_log_set_level(35) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_log_set_level(OAR_LOG_WARNING));
  cause_a_warning();
  EXPECT(self.num_messages == 1);
  EXPECT_OK(oar_log_set_callback(0, NULL, NULL, NULL));
}

int main(void) {
  make_folder();
  EXPECT(mkdir(inside("checkpoint_3"), 0700) == 0);
  EXPECT_OK(oar_log_set_level(OAR_LOG_WARNING));
  a_message_reaches_the_callback();
  the_level_holds_messages_back();
  return 0;
}
