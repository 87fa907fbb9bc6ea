/* The structures of DLPack 1.x (github.com/dmlc/dlpack, version 1.3), which the runners' own producer and consumer use. */
#ifndef OARLOCK_TESTS_DLPACK_H
#define OARLOCK_TESTS_DLPACK_H

#include <stdint.h>

enum { DL_CPU = 1, DL_INT = 0, DL_FLOAT = 2, DL_BOOL = 6, DL_READ_ONLY = 1 };

typedef struct {
  uint32_t major, minor;
} DLPackVersion;

typedef struct {
  int32_t device_type, device_id;
} DLDevice;

typedef struct {
  uint8_t code, bits;
  uint16_t lanes;
} DLDataType;

typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;

struct DLManagedTensorVersioned {
  DLPackVersion version;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor dl_tensor;
};

#endif
