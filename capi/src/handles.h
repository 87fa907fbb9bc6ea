// Which class of cxx/ stands behind which handle.
#pragma once

#include "handle.h"

namespace at {
class Tensor;
}
namespace oarlock {
class Options;
class State;
class Group;
class Work;
class Tree;
class Dataset;
class Loader;
class Model;
class Optimizer;
class Scheduler;
class Accelerator;
class Checkpoint;
class Tracker;
class Mesh;
class Progress;
class Session;
struct ErrorInfo;
}  // namespace oarlock

template <>
struct oarlock::capi::EndsSlowly<at::Tensor> {
  static bool check(const at::Tensor& tensor) noexcept;
};
template <>
struct oarlock::capi::EndsSlowly<oarlock::Tree> {
  static bool check(const oarlock::Tree& tree) noexcept;
};

OARLOCK_HANDLE(oar_config, oarlock::Options, kConfig, false);
OARLOCK_HANDLE(oar_state, oarlock::State, kState, true);
OARLOCK_HANDLE(oar_group, oarlock::Group, kGroup, true);
OARLOCK_HANDLE(oar_work, oarlock::Work, kWork, true);
OARLOCK_HANDLE(oar_tensor, at::Tensor, kTensor, false);
OARLOCK_HANDLE(oar_tree, oarlock::Tree, kTree, false);
OARLOCK_HANDLE(oar_dataset, oarlock::Dataset, kDataset, true);
OARLOCK_HANDLE(oar_loader, oarlock::Loader, kLoader, true);
OARLOCK_HANDLE(oar_model, oarlock::Model, kModel, true);
OARLOCK_HANDLE(oar_optimizer, oarlock::Optimizer, kOptimizer, true);
OARLOCK_HANDLE(oar_scheduler, oarlock::Scheduler, kScheduler, true);
OARLOCK_HANDLE(oar_accelerator, oarlock::Accelerator, kAccelerator, true);
OARLOCK_HANDLE(oar_checkpoint, oarlock::Checkpoint, kCheckpoint, true);
OARLOCK_HANDLE(oar_tracker, oarlock::Tracker, kTracker, true);
OARLOCK_HANDLE(oar_mesh, oarlock::Mesh, kMesh, true);
OARLOCK_HANDLE(oar_progress, oarlock::Progress, kProgress, true);
OARLOCK_HANDLE(oar_session, oarlock::Session, kSession, true);
OARLOCK_HANDLE(oar_bytes, std::string, kBytes, false);
OARLOCK_HANDLE(oar_error, oarlock::ErrorInfo, kError, false);
