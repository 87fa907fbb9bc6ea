#include "handle.h"

#include <iterator>

#include "base/env.h"
#include "call_frame.h"
#include "first_use.h"

namespace oarlock::capi {
namespace {

constexpr std::uint64_t kLiveMagic = 0x6f61726c6f636b31;             // "oarlock1"
constexpr std::size_t kArmorQuarantineSlots = std::size_t{1} << 20;  // 64 MiB

std::atomic<std::int64_t> live_count{0};
std::atomic<bool> armor{false};

// Its address tells threads apart; an address is used again only after its thread has ended.
thread_local char thread_mark;

// HandleHeader::references counts both in one word, so that who comes last is certain.
constexpr std::uint64_t kOwner = 1;
constexpr std::uint64_t kCall = std::uint64_t{1} << 32;

bool has_owner(std::uint64_t references) noexcept { return (references & (kCall - 1)) != 0; }

HandleHeader* header_of(const void* handle) noexcept { return static_cast<HandleHeader*>(const_cast<void*>(handle)); }

enum class Verdict { kGood, kNull, kForeign, kDead, kOtherKind };

Verdict judge(const void* handle, HandleKind kind) noexcept {
  if (handle == nullptr) return Verdict::kNull;
  if (!HandlePool::instance().owns(handle)) return Verdict::kForeign;
  const HandleHeader* header = header_of(handle);
  if (header->magic.load(std::memory_order_acquire) != kLiveMagic) return Verdict::kDead;
  if (!has_owner(header->references.load(std::memory_order_relaxed))) return Verdict::kDead;
  return header->kind.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(kind) ? Verdict::kGood
                                                                                          : Verdict::kOtherKind;
}

Status failure(Verdict verdict, const void* handle, HandleKind kind) {
  const char* name = handle_kind_name(kind);
  switch (verdict) {
    case Verdict::kGood:
      return Status::ok();
    case Verdict::kNull:
      return invalid_handle("the {} handle is NULL", name);
    case Verdict::kForeign:
      return invalid_handle("this pointer never was an {} handle of this library", name);
    case Verdict::kDead:
      return invalid_handle("this {} handle was released; keep it with {}_retain", name, name);
    case Verdict::kOtherKind:
      break;
  }
  const auto other = static_cast<HandleKind>(header_of(handle)->kind.load(std::memory_order_relaxed));
  return invalid_handle("an {} handle was given where an {} is needed", handle_kind_name(other), name);
}

// Adds `one` (kOwner or kCall) unless the last owner is gone.
bool try_reference(HandleHeader* header, std::uint64_t one) noexcept {
  std::uint64_t references = header->references.load(std::memory_order_relaxed);
  while (has_owner(references)) {
    if (header->references.compare_exchange_weak(references, references + one, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void end_handle(HandleHeader* header) noexcept {
  header->magic.store(0, std::memory_order_release);
  live_count.fetch_sub(1, std::memory_order_relaxed);
  header->destroy(header);
  HandlePool::instance().give_back(header);
}

void drop_reference(HandleHeader* header, std::uint64_t one) noexcept {
  if (header->references.fetch_sub(one, std::memory_order_acq_rel) == one) end_handle(header);
}

// The judgement, and on kGood one more reference.
Verdict judge_and_reference(const void* handle, HandleKind kind, std::uint64_t one) noexcept {
  const Verdict verdict = judge(handle, kind);
  if (verdict != Verdict::kGood) return verdict;
  HandleHeader* header = header_of(handle);
  if (!try_reference(header, one)) return Verdict::kDead;
  // The slot may have been given to another handle in between; now that it is held, its kind stands still.
  if (header->kind.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(kind)) return Verdict::kGood;
  drop_reference(header, one);
  return Verdict::kDead;
}

}  // namespace

const char* handle_kind_name(HandleKind kind) {
  static constexpr const char* kNames[] = {"nothing",         "oar_config",     "oar_state",     "oar_group",
                                           "oar_work",        "oar_tensor",     "oar_tree",      "oar_dataset",
                                           "oar_loader",      "oar_model",      "oar_optimizer", "oar_scheduler",
                                           "oar_accelerator", "oar_checkpoint", "oar_tracker",   "oar_progress",
                                           "oar_session",     "oar_bytes",      "oar_error",     "oar_mesh"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "handle of an unknown kind";
}

bool armor_is_on() noexcept {
  static const bool by_environment = [] {
    const bool wanted = parse_flag(env_text("OARLOCK_ARMOR").value_or("0")).value_or(false);
    if (wanted) enable_armor();
    return wanted;
  }();
  return by_environment || armor.load(std::memory_order_relaxed);
}

void enable_armor() noexcept {
  HandlePool::instance().set_quarantine(kArmorQuarantineSlots);
  armor.store(true, std::memory_order_relaxed);
}

std::int64_t live_handle_count() noexcept { return live_count.load(std::memory_order_relaxed); }

Status check_handle(const void* handle, HandleKind kind) { return failure(judge(handle, kind), handle, kind); }

bool is_live_handle(const void* handle, HandleKind kind) noexcept { return judge(handle, kind) == Verdict::kGood; }

Status enter_handle(const void* handle, HandleKind kind) {
  CallFrame* frame = CallFrame::current();
  if (frame == nullptr) return check_handle(handle, kind);
  frame->make_room();
  const Verdict verdict = judge_and_reference(handle, kind, kCall);
  if (verdict != Verdict::kGood) return failure(verdict, handle, kind);
  HandleHeader* header = header_of(handle);
  if (!armor_is_on() || frame->any_thread()) {
    frame->keep(header, false);
    return Status::ok();
  }
  const void* inside = nullptr;
  const bool owned = header->owner.compare_exchange_strong(inside, &thread_mark, std::memory_order_acq_rel);
  frame->keep(header, owned);
  if (owned || inside == &thread_mark) return Status::ok();
  return invalid_state("another thread is inside this {} handle; a handle takes one call at a time",
                       handle_kind_name(kind));
}

void publish_handle(HandleHeader* header, HandleKind kind) noexcept {
  (void)armor_is_on();  // before the first slot can come back
  live_count.fetch_add(1, std::memory_order_relaxed);
  header->kind.store(static_cast<std::uint32_t>(kind), std::memory_order_relaxed);
  header->owner.store(nullptr, std::memory_order_relaxed);
  header->references.store(kOwner, std::memory_order_relaxed);
  header->magic.store(kLiveMagic, std::memory_order_release);
}

void leave_handle(HandleHeader* header) noexcept { drop_reference(header, kCall); }

void release_handle(void* handle, HandleKind kind) noexcept {
  // A forked child has none of the threads that the objects need to end; its memory goes with the process.
  if (process_is_forked() || judge(handle, kind) != Verdict::kGood) return;
  HandleHeader* header = header_of(handle);
  // An owner's reference, never a call's: one release too many does no harm to the calls that are inside.
  std::uint64_t references = header->references.load(std::memory_order_relaxed);
  while (has_owner(references)) {
    if (!header->references.compare_exchange_weak(references, references - kOwner, std::memory_order_acq_rel)) continue;
    if (references == kOwner) end_handle(header);
    return;
  }
}

Status retain_handle(const void* handle, HandleKind kind) {
  return failure(judge_and_reference(handle, kind, kOwner), handle, kind);
}

}  // namespace oarlock::capi
