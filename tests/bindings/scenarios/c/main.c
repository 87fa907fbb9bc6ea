/* scenarios_c FOLDER NAME...: runs the scenarios, prints `ok NAME` or `not ok NAME: TEXT` after each. 0: all ok. */
#include <stdio.h>

#include "scenario.h"

#define TABLE_ROW(name) {#name, scenario_##name},
static const struct {
  const char *name;
  int (*run)(scenario *t);
} kScenarios[] = {SCENARIOS(TABLE_ROW)};
enum { NUM_SCENARIOS = sizeof kScenarios / sizeof kScenarios[0] };

static int run(scenario *t, const char *name) {
  const int64_t before = num_live_handles();
  int64_t left;
  size_t i;
  for (i = 0; i < NUM_SCENARIOS && strcmp(kScenarios[i].name, name) != 0; ++i) {}
  t->text[0] = '\0';
  if (i == NUM_SCENARIOS) return snprintf(t->text, sizeof t->text, "the runner has no such scenario"), 1;
  if (kScenarios[i].run(t) != 0) return 1;
  left = num_live_handles() - before;
  if (left != 0) snprintf(t->text, sizeof t->text, "%ld handles are left", (long)left);
  return before < 0 || left != 0;
}

int main(int argc, char **argv) {
  scenario t;
  int i, num_failed = 0;
  if (argc < 3) return fputs("usage: scenarios_c FOLDER NAME...\n", stderr), 2;
  t.folder = argv[1];
  for (i = 2; i < argc; ++i) {
    if (run(&t, argv[i]) == 0) {
      printf("ok %s\n", argv[i]);
    } else {
      char *line = t.text;
      while ((line = strchr(line, '\n')) != NULL) *line = ' ';
      printf("not ok %s: %s\n", argv[i], t.text);
      ++num_failed;
    }
    fflush(stdout);
  }
  return num_failed == 0 ? 0 : 1;
}
