#include "handle.h"

#include <cstdlib>
#include <new>

namespace oarlock::capi {
namespace {
constexpr std::uint64_t kLiveMagic = 0x6f61726c6f636b31;  // "oarlock1"
}  // namespace

const char* handle_kind_name(HandleKind kind) {
  static constexpr const char* kNames[] = {"nothing", "oar_config", "oar_state", "oar_group", "oar_work", "oar_tensor", "oar_tree",
    "oar_dataset", "oar_loader", "oar_model", "oar_optimizer", "oar_scheduler", "oar_accelerator", "oar_checkpoint", "oar_tracker",
    "oar_progress", "oar_bytes", "oar_error"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "an unknown kind";
}

Status check_handle(const void* handle, HandleKind kind) noexcept {
  if (handle == nullptr) return invalid_handle("the {} handle is NULL", handle_kind_name(kind));
  const auto* header = static_cast<const HandleHeader*>(handle);
  if (header->magic.load(std::memory_order_acquire) != kLiveMagic) {
    return invalid_handle("this is no live {} handle: it was released, or never was one", handle_kind_name(kind));
  }
  if (header->kind != kind) {
    return invalid_handle("an {} handle was given where an {} is needed", handle_kind_name(header->kind), handle_kind_name(kind));
  }
  return Status::ok();
}

void* allocate_slot(std::size_t size) { return ::operator new(size); }
void free_slot(void* slot, std::size_t) noexcept { ::operator delete(slot); }

void publish_handle(HandleHeader* header, HandleKind kind) noexcept {
  header->kind = kind;
  header->references.store(1, std::memory_order_relaxed);
  header->magic.store(kLiveMagic, std::memory_order_release);
}

bool drop_reference(HandleHeader* header) noexcept {
  if (header->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
  header->magic.store(0, std::memory_order_release);
  return true;
}

Status retain_handle(const void* handle, HandleKind kind) noexcept {
  OAR_TRY(check_handle(handle, kind));
  auto* header = const_cast<HandleHeader*>(static_cast<const HandleHeader*>(handle));
  header->references.fetch_add(1, std::memory_order_relaxed);
  return Status::ok();
}

}  // namespace oarlock::capi
