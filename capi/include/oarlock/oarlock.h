/**
 * Oarlock: train and run models on one process or thousands, from any language with a C interface.
 *
 * 1. Every fallible function returns an oar_status; OAR_OK is 0. oar_last_error() has the text.
 * 2. Results come through out-parameters, last, and are untouched on failure.
 * 3. Threads: a handle takes one call at a time; different handles are free. Retain, release, abort, error and version
 *    functions are always safe. @threads in each block says more.
 * 4. A child keeps its parents: release in any order. *_close may block and communicate, may be called twice and
 *    returns a status; *_release takes NULL, never blocks, never communicates, and may be called from any thread.
 * 5. Text out: (char *buf, size_t *len). On entry *len is the room in bytes; on success it is the text's length with
 *    its closing NUL. Too small, or buf NULL: OAR_E_ARGUMENT for a buffer too small, OAR_OK for NULL; *len holds the
 *    need. Arrays out follow the same rule: (T *array, size_t *count), counted in elements.
 * 6. Time-outs are milliseconds; 0 takes the group's own value; negative is refused; no wait is endless.
 * 7. Text is UTF-8 and ends with NUL. Options are JSON objects; an unknown key is an error that names the nearest known
 *    one.
 * 8. Any fallible function may give
 *      OAR_E_HANDLE         for a handle that is NULL where the block does not allow it, released, or of another kind,
 *      OAR_E_ARGUMENT       for another pointer that is NULL where the block does not allow it,
 *      OAR_E_STATE          with armor on: another thread is inside the handle,
 *      OAR_E_FORKED         after a fork of the process,
 *      OAR_E_VERSION        if another libtorch is loaded than the library was built for,
 *      OAR_E_OUT_OF_MEMORY  and OAR_E_INTERNAL.
 *    The blocks list what is particular to a function; one without @return has nothing to add.
 * 9. Callbacks come as (fn, user_data, release). They run in the library's floating-point environment, not in the
 *    caller's: traps masked, round to nearest, denormals kept. None runs any more once the process is exiting. When
 *    `release` runs: oar_release_fn (types.h).
 */
#ifndef OARLOCK_OARLOCK_H
#define OARLOCK_OARLOCK_H
#include <oarlock/accelerator.h>
#include <oarlock/adapter.h>
#include <oarlock/batch.h>
#include <oarlock/bytes.h>
#include <oarlock/checkpoint.h>
#include <oarlock/closure.h>
#include <oarlock/coalesced.h>
#include <oarlock/collate.h>
#include <oarlock/collectives.h>
#include <oarlock/config.h>
#include <oarlock/dataset.h>
#include <oarlock/error.h>
#include <oarlock/evaluation.h>
#include <oarlock/experimental.h>
#include <oarlock/foreign.h>
#include <oarlock/foreign_optimizer.h>
#include <oarlock/gradients.h>
#include <oarlock/group.h>
#include <oarlock/mesh.h>
#include <oarlock/loader.h>
#include <oarlock/local_training.h>
#include <oarlock/log.h>
#include <oarlock/memory.h>
#include <oarlock/model.h>
#include <oarlock/nested.h>
#include <oarlock/objects.h>
#include <oarlock/op.h>
#include <oarlock/optimizer.h>
#include <oarlock/options.h>
#include <oarlock/out_of_memory.h>
#include <oarlock/point_to_point.h>
#include <oarlock/precision.h>
#include <oarlock/profile.h>
#include <oarlock/progress.h>
#include <oarlock/random.h>
#include <oarlock/sampler.h>
#include <oarlock/scheduler.h>
#include <oarlock/session.h>
#include <oarlock/split.h>
#include <oarlock/state.h>
#include <oarlock/state_dict.h>
#include <oarlock/status.h>
#include <oarlock/tensor.h>
#include <oarlock/timer.h>
#include <oarlock/tracker.h>
#include <oarlock/tree.h>
#include <oarlock/types.h>
#include <oarlock/unit.h>
#include <oarlock/version.h>
#include <oarlock/work.h>
#endif
