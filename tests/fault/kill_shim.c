// For LD_PRELOAD: counts the file operations of a process that concern certain paths, and at the n-th of a kind sends
// SIGKILL or makes it fail. So a test can end a program in the middle of a save, at any point that a disk can tell.
//
//   OAR_SHIM_PATH   text that a path must contain (or the path of the descriptor); without it nothing is done
//   OAR_SHIM_AT     "<kind>:<n>", n from 1. Kinds: open (for writing) write fsync rename unlink mkdir, or any
//   OAR_SHIM_ERRNO  a number or EIO, ENOSPC, EDQUOT, EROFS, EACCES: the operation fails with it; unset: SIGKILL before
//   OAR_SHIM_STOP   1: SIGSTOP instead of SIGKILL; after a SIGCONT the operation is done as if nothing had been
//   OAR_SHIM_FROM   1: the n-th and every later one fails, as on a disk that stays full
//   OAR_SHIM_TORN   1: of a write that kills or fails, the first half of the bytes is written before
//   OAR_SHIM_RANK   only in the process whose RANK is this
//   OAR_SHIM_LOG    a file that gets a line "<number> <kind> <path>" per counted operation
//
// Works on what goes through the dynamic symbol table: all of Oarlock's and libstdc++'s file operations do.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { KIND_OPEN, KIND_WRITE, KIND_FSYNC, KIND_RENAME, KIND_UNLINK, KIND_MKDIR, KIND_ANY, NUM_KINDS };
static const char* const kind_names[] = {"open", "write", "fsync", "rename", "unlink", "mkdir", "any"};

static struct {
  int is_on;
  char path[PATH_MAX];
  enum kind at_kind;
  long at_number;
  int error_number; /* 0: SIGKILL */
  int stop;
  int from;
  int torn;
  int log_fd;
  long counts[NUM_KINDS];
} shim = {.log_fd = -1};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int parse_errno(const char* text) {
  static const struct {
    const char* name;
    int number;
  } known[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"EACCES", EACCES}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i)
    if (strcmp(text, known[i].name) == 0) return known[i].number;
  return atoi(text);
}

static int is_set(const char* name) {
  const char* text = getenv(name);
  return text != NULL && strcmp(text, "1") == 0;
}

static void fail_setup(const char* what) {
  fprintf(stderr, "kill_shim: %s\n", what);
  _exit(99);
}

static void set_up(void) {
  const char* path = getenv("OAR_SHIM_PATH");
  const char* wanted_rank = getenv("OAR_SHIM_RANK");
  const char* rank = getenv("RANK");
  if (path == NULL || *path == '\0') return;
  if (wanted_rank != NULL && (rank == NULL || strcmp(rank, wanted_rank) != 0)) return;
  snprintf(shim.path, sizeof shim.path, "%s", path);
  shim.at_kind = NUM_KINDS;
  const char* at = getenv("OAR_SHIM_AT");
  if (at != NULL) {
    const char* colon = strchr(at, ':');
    if (colon == NULL || (shim.at_number = atol(colon + 1)) < 1) fail_setup("OAR_SHIM_AT must be <kind>:<n>, n >= 1");
    for (int kind = 0; kind < NUM_KINDS; ++kind)
      if (strlen(kind_names[kind]) == (size_t)(colon - at) && strncmp(at, kind_names[kind], colon - at) == 0)
        shim.at_kind = (enum kind)kind;
    if (shim.at_kind == NUM_KINDS) fail_setup("OAR_SHIM_AT names no known kind");
  }
  const char* error_text = getenv("OAR_SHIM_ERRNO");
  if (error_text != NULL && *error_text != '\0' && (shim.error_number = parse_errno(error_text)) <= 0)
    fail_setup("OAR_SHIM_ERRNO is no errno");
  shim.stop = is_set("OAR_SHIM_STOP");
  shim.from = is_set("OAR_SHIM_FROM");
  shim.torn = is_set("OAR_SHIM_TORN");
  const char* log_path = getenv("OAR_SHIM_LOG");
  if (log_path != NULL) {
    shim.log_fd = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (shim.log_fd < 0) fail_setup("cannot open OAR_SHIM_LOG");
  }
  shim.is_on = 1;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Counts an operation. Returns 0 to go on, or the errno to fail with; -1: kill, after a torn write. */
static int count_operation(enum kind kind, const char* path) {
  pthread_once(&once, set_up);
  if (!shim.is_on || path == NULL || strstr(path, shim.path) == NULL) return 0;
  pthread_mutex_lock(&mutex);
  const long of_kind = ++shim.counts[kind];
  const long of_any = ++shim.counts[KIND_ANY];
  const long number = shim.at_kind == KIND_ANY ? of_any : of_kind;
  const int is_kind = shim.at_kind == KIND_ANY || shim.at_kind == kind;
  const int is_now = is_kind && (shim.from ? number >= shim.at_number : number == shim.at_number);
  if (shim.log_fd >= 0) {
    char line[PATH_MAX + 64];
    const int length = snprintf(line, sizeof line, "%ld %s %s\n", of_any, kind_names[kind], path);
    if (syscall(SYS_write, shim.log_fd, line, (size_t)length) < 0) fail_setup("cannot write OAR_SHIM_LOG");
  }
  if (is_now && shim.error_number == 0 && !shim.stop && !(shim.torn && kind == KIND_WRITE)) die();
  pthread_mutex_unlock(&mutex);
  if (is_now && shim.stop) kill(getpid(), SIGSTOP);
  if (!is_now || shim.stop) return 0;
  return shim.error_number == 0 ? -1 : shim.error_number;
}

static int count_descriptor(enum kind kind, int fd) {
  char link[64];
  char path[PATH_MAX];
  pthread_once(&once, set_up);
  if (!shim.is_on) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return count_operation(kind, path);
}

/* For *at functions: a path below a directory descriptor, as libstdc++ removes trees. */
static int count_at(enum kind kind, int directory, const char* path) {
  char link[64];
  char full[2 * PATH_MAX];
  pthread_once(&once, set_up);
  if (!shim.is_on || path == NULL) return 0;
  if (directory == AT_FDCWD || path[0] == '/') return count_operation(kind, path);
  snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  const ssize_t length = readlink(link, full, PATH_MAX - 1);
  if (length < 0) return count_operation(kind, path);
  snprintf(full + length, sizeof full - (size_t)length, "/%s", path);
  return count_operation(kind, full);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF(error_number)       \
  do {                              \
    const int found = error_number; \
    if (found != 0) {               \
      if (found < 0) die();         \
      errno = found;                \
      return -1;                    \
    }                               \
  } while (0)

static int is_for_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

#define DEFINE_OPEN(name)                                                  \
  int name(const char* path, int flags, ...) {                             \
    va_list arguments;                                                     \
    va_start(arguments, flags);                                            \
    const mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments);                                                     \
    if (is_for_writing(flags)) FAIL_IF(count_operation(KIND_OPEN, path));  \
    return REAL(name)(path, flags, mode);                                  \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                   \
  int name(int directory, const char* path, int flags, ...) {                 \
    va_list arguments;                                                        \
    va_start(arguments, flags);                                               \
    const mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;    \
    va_end(arguments);                                                        \
    if (is_for_writing(flags)) FAIL_IF(count_at(KIND_OPEN, directory, path)); \
    return REAL(name)(directory, path, flags, mode);                          \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* found != 0: half of the bytes first, if torn writes are wanted */
static ssize_t end_write(int found, int fd, const void* bytes, size_t size) {
  if (shim.torn && size > 1 && syscall(SYS_write, fd, bytes, size / 2) < 0) die();
  if (found < 0) die();
  errno = found;
  return -1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const int found = count_descriptor(KIND_WRITE, fd);
  if (found != 0) return end_write(found, fd, bytes, size);
  return REAL(write)(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  FAIL_IF(count_descriptor(KIND_WRITE, fd));
  return REAL(pwrite)(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  FAIL_IF(count_descriptor(KIND_WRITE, fd));
  return REAL(pwrite64)(fd, bytes, size, offset);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  FAIL_IF(count_descriptor(KIND_WRITE, fd));
  return REAL(writev)(fd, parts, count);
}

int fsync(int fd) {
  FAIL_IF(count_descriptor(KIND_FSYNC, fd));
  return REAL(fsync)(fd);
}

int fdatasync(int fd) {
  FAIL_IF(count_descriptor(KIND_FSYNC, fd));
  return REAL(fdatasync)(fd);
}

int rename(const char* from, const char* to) {
  FAIL_IF(count_operation(KIND_RENAME, from));
  return REAL(rename)(from, to);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) {
  FAIL_IF(count_at(KIND_RENAME, from_directory, from));
  return REAL(renameat)(from_directory, from, to_directory, to);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned int flags) {
  FAIL_IF(count_at(KIND_RENAME, from_directory, from));
  return REAL(renameat2)(from_directory, from, to_directory, to, flags);
}

int unlink(const char* path) {
  FAIL_IF(count_operation(KIND_UNLINK, path));
  return REAL(unlink)(path);
}

int unlinkat(int directory, const char* path, int flags) {
  FAIL_IF(count_at(KIND_UNLINK, directory, path));
  return REAL(unlinkat)(directory, path, flags);
}

int rmdir(const char* path) {
  FAIL_IF(count_operation(KIND_UNLINK, path));
  return REAL(rmdir)(path);
}

int remove(const char* path) {
  FAIL_IF(count_operation(KIND_UNLINK, path));
  return REAL(remove)(path);
}

int mkdir(const char* path, mode_t mode) {
  FAIL_IF(count_operation(KIND_MKDIR, path));
  return REAL(mkdir)(path, mode);
}

int mkdirat(int directory, const char* path, mode_t mode) {
  FAIL_IF(count_at(KIND_MKDIR, directory, path));
  return REAL(mkdirat)(directory, path, mode);
}
