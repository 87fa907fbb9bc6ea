/* Refuses what an operating system may refuse, for LD_PRELOAD. What, by OAR_REFUSE:
 *
 *   memfd  memfd_create: an old kernel, or a filter of system calls (EPERM)
 *   space  posix_fallocate of anonymous memory: a memory control group that is full (ENOSPC)
 *   map    mmap of shared memory (ENOMEM)
 *   proc   open of another process's descriptors: another container or user (EACCES)
 *   malloc the k-th allocation after refuse_arm(k) by any thread, for one time; refuse_count() tells how many there were
 *
 * OAR_REFUSE_RANK: only in the process with this RANK. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

static int refuses(const char* what) {
  const char* wanted = getenv("OAR_REFUSE");
  const char* only = getenv("OAR_REFUSE_RANK");
  const char* rank = getenv("RANK");
  if (wanted == NULL || strcmp(wanted, what) != 0) return 0;
  return only == NULL || (rank != NULL && strcmp(only, rank) == 0);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int memfd_create(const char* name, unsigned int flags) {
  if (refuses("memfd")) return errno = EPERM, -1;
  return REAL(memfd_create)(name, flags);
}

int posix_fallocate(int fd, off_t offset, off_t size) {
  if (refuses("space")) return ENOSPC;
  return REAL(posix_fallocate)(fd, offset, size);
}

int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  if (refuses("space")) return ENOSPC;
  return REAL(posix_fallocate64)(fd, offset, size);
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  if ((flags & MAP_SHARED) && (protection & PROT_WRITE) && fd >= 0 && refuses("map")) return errno = ENOMEM, MAP_FAILED;
  return REAL(mmap)(address, size, protection, flags, fd, offset);
}

static int is_of_another(const char* path) {
  return strncmp(path, "/proc/", 6) == 0 && strncmp(path, "/proc/self", 10) != 0 && strstr(path, "/fd/") != NULL;
}

#define DEFINE_OPEN(name)                                                                    \
  int name(const char* path, int flags, ...) {                                               \
    va_list arguments;                                                                       \
    va_start(arguments, flags);                                                              \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;     \
    va_end(arguments);                                                                       \
    if (is_of_another(path) && refuses("proc")) return errno = EACCES, -1;                   \
    return REAL(name)(path, flags, mode);                                                    \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

/* Allocations: counted only while armed, so that dlsym and start-up are no matter. */
static atomic_long left, count;

void refuse_arm(long at);
long refuse_count(void);
void refuse_arm(long at) {
  atomic_store(&count, 0);
  atomic_store(&left, at);
}
long refuse_count(void) {
  atomic_store(&left, 0);
  return atomic_load(&count);
}

static int is_the_one(void) {
  if (atomic_load_explicit(&left, memory_order_relaxed) <= 0) return 0;
  atomic_fetch_add(&count, 1);
  return atomic_fetch_sub(&left, 1) == 1;
}

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t number, size_t size);
extern void* __libc_realloc(void* memory, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  if (is_the_one()) return errno = ENOMEM, NULL;
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
  if (is_the_one()) return errno = ENOMEM, NULL;
  return __libc_calloc(number, size);
}

void* realloc(void* memory, size_t size) {
  if (is_the_one()) return errno = ENOMEM, NULL;
  return __libc_realloc(memory, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
  if (is_the_one()) return ENOMEM;
  void* memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *out = memory;
  return 0;
}

void* aligned_alloc(size_t alignment, size_t size) {
  if (is_the_one()) return errno = ENOMEM, NULL;
  return __libc_memalign(alignment, size);
}
