/* The structs of DLPack 1.x that cross the boundary, with the layout of its specification. */
#ifndef OARLOCK_PYTHON_DLPACK_H
#define OARLOCK_PYTHON_DLPACK_H

#include <stdint.h>

typedef struct { int32_t device_type, device_id; } dl_device;          /* DLDevice; CPU is 1 */
typedef struct { uint8_t code, bits; uint16_t lanes; } dl_type;        /* DLDataType */

typedef struct {                                                       /* DLTensor */
  void *data;
  dl_device device;
  int32_t num_dims;
  dl_type dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} dl_tensor;

typedef struct dl_legacy {                                             /* DLManagedTensor */
  dl_tensor tensor;
  void *context;
  void (*deleter)(struct dl_legacy *self);
} dl_legacy;

struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  dl_tensor tensor;
};
typedef struct DLManagedTensorVersioned dl_versioned;

enum { kDlCpu = 1, kDlInt = 0, kDlUnsigned = 1, kDlFloat = 2, kDlBfloat = 4, kDlComplex = 5, kDlBool = 6 };
enum { kDlReadOnly = 1 };

#endif
