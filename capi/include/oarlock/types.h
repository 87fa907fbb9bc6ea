/**
 * Types that every header shares: handles, callbacks, element types, and the tags that generators read.
 */
#ifndef OARLOCK_TYPES_H
#define OARLOCK_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <oarlock/status.h>

/* Tags. They expand to nothing; tools/extract_api.py reads them. */
#define OAR_OUT          /* the call fills this pointer on success and leaves it alone on failure */
#define OAR_OWNED        /* the receiver must end it with its release function */
#define OAR_BORROWED     /* valid as long as the object that gave it */
#define OAR_NULLABLE     /* the pointer that is passed may be NULL; the text says what that means */
#define OAR_MAYBE_NULL   /* the pointer that the call gives may be NULL; the text says when */
#define OAR_SINCE(major, minor)

#if defined(__GNUC__)
#define OAR_VISIBLE __attribute__((visibility("default")))
#else
#define OAR_VISIBLE
#endif

#ifdef __cplusplus
#define OAR_API extern "C" OAR_VISIBLE
#define OAR_NOEXCEPT noexcept
#else
#define OAR_API OAR_VISIBLE
#define OAR_NOEXCEPT
#endif

/* Handles: pointers to incomplete structs. What each is stands in the header of its name. */
typedef struct oar_config oar_config;
typedef struct oar_state oar_state;
typedef struct oar_group oar_group;
typedef struct oar_work oar_work;
typedef struct oar_tensor oar_tensor;
typedef struct oar_tree oar_tree;
typedef struct oar_dataset oar_dataset;
typedef struct oar_loader oar_loader;
typedef struct oar_model oar_model;
typedef struct oar_optimizer oar_optimizer;
typedef struct oar_scheduler oar_scheduler;
typedef struct oar_accelerator oar_accelerator;
typedef struct oar_checkpoint oar_checkpoint;
typedef struct oar_tracker oar_tracker;
typedef struct oar_mesh oar_mesh;
typedef struct oar_progress oar_progress;
typedef struct oar_session oar_session;
typedef struct oar_bytes oar_bytes;
typedef struct oar_error oar_error;

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Frees what `user_data` of a callback points to. Called exactly once, also if the registering call fails; but not any
 * more once the process is exiting.
 *
 * It runs inside a call that can fail: the one that refuses or replaces the callback, or a later one on any handle; not
 * inside the oar_x_release that ends the object. Memory of a tensor is different: its last use may end inside
 * oar_tensor_release (then in the caller's floating-point environment) or on a thread of libtorch's.
 *
 * @param[in] user_data  as registered.
 *
 * @threads any
 * @since   0.1
 */
typedef void (*oar_release_fn)(OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/* Flag of functions that take a callback: it may also run on threads of Oarlock's own. */
#define OAR_CALLBACK_ANY_THREAD 1

/* Element types. The numbers are Oarlock's own and never change. */
#define OAR_BOOL 1
#define OAR_UINT8 2
#define OAR_INT8 3
#define OAR_INT16 4
#define OAR_INT32 5
#define OAR_INT64 6
#define OAR_FLOAT16 7
#define OAR_BFLOAT16 8
#define OAR_FLOAT32 9
#define OAR_FLOAT64 10
#define OAR_UINT16 11
#define OAR_UINT32 12
#define OAR_UINT64 13
#define OAR_COMPLEX64 14
#define OAR_COMPLEX128 15
#define OAR_FLOAT8_E4M3FN 16
#define OAR_FLOAT8_E5M2 17

#endif
