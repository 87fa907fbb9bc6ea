/*
 * An allocation counter for LD_PRELOAD: live bytes of the heap, as malloc_usable_size has them, and their peak since a mark. Both
 * sides of a memory bench run under it.
 *
 *   memory_count_mark()    from now on: the peak is what is live now
 *   memory_count_live()    bytes that are live now
 *   memory_count_peak()    the most that were live since the mark
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* glibc's own names: no dlsym is needed before the first allocation. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

#pragma GCC visibility push(default)

static atomic_llong live, peak;

static void *taken(void *memory) {
  if (memory != NULL) {
    const long long size = (long long)malloc_usable_size(memory);
    const long long now = atomic_fetch_add(&live, size) + size;
    long long most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) continue;
  }
  return memory;
}

static void given_back(void *memory) {
  if (memory != NULL) atomic_fetch_sub(&live, (long long)malloc_usable_size(memory));
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return taken(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = taken(__libc_memalign(alignment, size));
  return *out == NULL && size > 0 ? ENOMEM : 0;
}
/* Old and new may both be there for a moment: an upper bound, as it is without a counter. */
void *realloc(void *memory, size_t size) {
  const long long before = memory == NULL ? 0 : (long long)malloc_usable_size(memory);
  void *moved = __libc_realloc(memory, size);
  if (moved != NULL || size == 0) {
    atomic_fetch_sub(&live, before);
    taken(moved);
  }
  return moved;
}
void free(void *memory) {
  given_back(memory);
  __libc_free(memory);
}

void memory_count_mark(void) { atomic_store(&peak, atomic_load(&live)); }
long long memory_count_live(void) { return atomic_load(&live); }
long long memory_count_peak(void) { return atomic_load(&peak); }
