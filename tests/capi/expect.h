/* EXPECT for the C tests: says what was expected and ends the program with 1. */
#ifndef OARLOCK_TESTS_EXPECT_H
#define OARLOCK_TESTS_EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                              \
  do {                                                                                                 \
    if (!(condition)) {                                                                                \
      fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, oar_last_error()); \
      exit(1);                                                                                         \
    }                                                                                                  \
  } while (0)

#define EXPECT_OK(call)                                                                                \
  do {                                                                                                 \
    const oar_status expect_status = (call);                                                           \
    if (expect_status != OAR_OK) {                                                                     \
      fprintf(stderr, "%s:%d: %s gave %s: %s\n", __FILE__, __LINE__, #call, oar_status_name(expect_status), oar_last_error()); \
      exit(1);                                                                                         \
    }                                                                                                  \
  } while (0)

#define EXPECT_CONTAINS(text, part)                                                                    \
  do {                                                                                                 \
    if (strstr((text), (part)) == NULL) {                                                              \
      fprintf(stderr, "%s:%d: '%s' does not contain '%s'\n", __FILE__, __LINE__, (text), (part));      \
      exit(1);                                                                                         \
    }                                                                                                  \
  } while (0)

#endif
