// A group of Oarlock for code that wants a backend of c10d: its ProcessGroup, Reducer (DDP), functional collectives.
//
//     auto backend = c10::make_intrusive<oarlock::C10dBackend>(oarlock::call(oar_state_group, state));
//     auto group = c10::make_intrusive<c10d::ProcessGroup>(store, backend->getRank(), backend->getSize());
//     group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::CUSTOM, backend);
//     group->setDefaultBackend(c10d::ProcessGroup::CUSTOM);
//     std::vector<at::Tensor> tensors{gradient};
//     group->allreduce(tensors)->wait();
//
// Checks, time-outs and errors are the group's own (group.h); failures are thrown as oarlock::C10dError, wrong
// arguments as c10::ValueError, what Oarlock cannot do as c10::NotImplementedError. Not part of oarlock.hpp: as for
// torch.hpp, whoever includes this has the headers of the libtorch that liboarlock.so was built for, and links it.
#ifndef OARLOCK_C10D_HPP
#define OARLOCK_C10D_HPP

#include <algorithm>
#include <map>
#include <oarlock/c10d_work.hpp>
#include <torch/csrc/distributed/c10d/Backend.hpp>

namespace oarlock {

// Not supported: a receive from any source, tags other than 0, sparse tensors, PREMUL_SUM, reduce_scatter of parts of
// different sizes. Operations may be called by any thread, one at a time; works are safe on any thread. With asyncOp =
// false the call waits for the end, which is quickest, and throws what the wait would.
class C10dBackend : public c10d::Backend {
 public:
  explicit C10dBackend(Group group)
      : c10d::Backend(call(oar_group_rank, group), call(oar_group_size, group)), group_(std::move(group)) {}

  const std::string getBackendName() const override { return "oarlock"; }
  c10::intrusive_ptr<Options> getBackendOptions() override {
    return c10::make_intrusive<Options>(getBackendName(), timeout_);
  }
  // Of calls that bring no time-out; before, they take the group's own (comm.timeout_ms).
  void setTimeout(std::chrono::milliseconds timeout) override { timeout_ = timeout; }
  void setSequenceNumberForGroup() override {}  // the group counts by itself
  std::uint64_t getSequenceNumberForGroup() override { return num_started_; }
  // On every rank, all that runs and all later calls fail.
  void abort() override { call(oar_group_abort, group_, "c10d::Backend::abort was called"); }

  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options = {}) override {
    const at::Tensor& tensor = single(tensors);
    return start(c10d::OpType::BROADCAST, options, {tensors, {}}, oar_group_broadcast, handle(tensor),
                 to_rank(options.rootRank));
  }

  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options = {}) override {
    const at::Tensor& tensor = single(tensors);
    return start(c10d::OpType::ALLREDUCE, options, {tensors, {}}, oar_group_all_reduce, handle(tensor),
                 reduction(options.reduceOp));
  }

  c10::intrusive_ptr<c10d::Work> allreduce_coalesced(std::vector<at::Tensor>& tensors,
                                                     const c10d::AllreduceCoalescedOptions& options = {}) override {
    const Handles handles(tensors);
    return start(c10d::OpType::ALLREDUCE_COALESCED, options, {tensors, {}}, oar_group_all_reduce_coalesced,
                 handles.data(), handles.size(), reduction(options.reduceOp));
  }

  c10::intrusive_ptr<c10d::Work> reduce(std::vector<at::Tensor>& tensors,
                                        const c10d::ReduceOptions& options = {}) override {
    const at::Tensor& tensor = single(tensors);
    return start(c10d::OpType::REDUCE, options, {tensors, {}}, oar_group_reduce, handle(tensor),
                 to_rank(options.rootRank), reduction(options.reduceOp));
  }

  // The parts may have different sizes, which every rank knows by the outputs that it gives.
  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options = {}) override {
    const std::vector<at::Tensor>& parts = single(outputs);
    const Parts all = room_for(parts, getSize());
    return start(c10d::OpType::ALLGATHER, options, {parts, all.back}, oar_group_all_gather_rows,
                 handle(flat(single(inputs))), handle(all.flat), all.sizes.data(), all.sizes.size());
  }

  c10::intrusive_ptr<c10d::Work> _allgather_base(at::Tensor& output, at::Tensor& input,
                                                 const c10d::AllgatherOptions& options = {}) override {
    const Written written = flat_room(output);
    return start(c10d::OpType::_ALLGATHER_BASE, options, {{output}, written.back}, oar_group_all_gather,
                 handle(flat(input)), handle(written.flat));
  }

  c10::intrusive_ptr<c10d::Work> allgather_coalesced(std::vector<std::vector<at::Tensor>>& outputs,
                                                     std::vector<at::Tensor>& inputs,
                                                     const c10d::AllgatherOptions& options = {}) override {
    // outputs[rank][i] is inputs[i] of that rank.
    TORCH_CHECK_VALUE(outputs.size() == static_cast<std::size_t>(getSize()), "allgather_coalesced takes ", getSize(),
                      " lists of outputs, one per rank, got ", outputs.size());
    std::vector<at::Tensor> flat_inputs, wholes, results;
    std::vector<Copy> back;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::vector<at::Tensor> parts;
      for (const std::vector<at::Tensor>& list : outputs) {
        TORCH_CHECK_VALUE(list.size() == inputs.size(), "allgather_coalesced got ", inputs.size(), " inputs and ",
                          list.size(), " outputs");
        parts.push_back(list[i]);
      }
      Parts all = room_for(parts, getSize());
      flat_inputs.push_back(flat(inputs[i]));
      wholes.push_back(all.flat);
      back.insert(back.end(), all.back.begin(), all.back.end());
      results.insert(results.end(), parts.begin(), parts.end());
    }
    const Handles given(flat_inputs), taken(wholes);
    return start(c10d::OpType::ALLGATHER_COALESCED, options, {results, back}, oar_group_all_gather_coalesced,
                 given.data(), given.size(), taken.data(), taken.size());
  }

  c10::intrusive_ptr<c10d::Work> allgather_into_tensor_coalesced(std::vector<at::Tensor>& outputs,
                                                                 std::vector<at::Tensor>& inputs,
                                                                 const c10d::AllgatherOptions& options = {}) override {
    const FlatLists lists(inputs, outputs);
    return start(c10d::OpType::COALESCED, options, {outputs, lists.back}, oar_group_all_gather_coalesced,
                 lists.inputs.data(), lists.inputs.size(), lists.outputs.data(), lists.outputs.size());
  }

  c10::intrusive_ptr<c10d::Work> gather(std::vector<std::vector<at::Tensor>>& outputs, std::vector<at::Tensor>& inputs,
                                        const c10d::GatherOptions& options = {}) override {
    const at::Tensor input = flat(single(inputs));
    if (options.rootRank != getRank()) {
      return start(c10d::OpType::GATHER, options, {}, oar_group_gather, handle(input), nullptr,
                   to_rank(options.rootRank));
    }
    const Parts all = room_for(single(outputs), getSize());
    return start(c10d::OpType::GATHER, options, {outputs.front(), all.back}, oar_group_gather, handle(input),
                 handle(all.flat), to_rank(options.rootRank));
  }

  c10::intrusive_ptr<c10d::Work> scatter(std::vector<at::Tensor>& outputs, std::vector<std::vector<at::Tensor>>& inputs,
                                         const c10d::ScatterOptions& options = {}) override {
    const Written written = flat_room(single(outputs));
    const bool is_root = options.rootRank == getRank();
    const Tensor input = is_root ? handle(joined(single(inputs), getSize(), /*equal=*/true).flat) : Tensor();
    return start(c10d::OpType::SCATTER, options, {outputs, written.back}, oar_group_scatter, input,
                 handle(written.flat), to_rank(options.rootRank));
  }

  c10::intrusive_ptr<c10d::Work> reduce_scatter(std::vector<at::Tensor>& outputs,
                                                std::vector<std::vector<at::Tensor>>& inputs,
                                                const c10d::ReduceScatterOptions& options = {}) override {
    const Written written = flat_room(single(outputs));
    const at::Tensor input = joined(single(inputs), getSize(), /*equal=*/true).flat;
    return start(c10d::OpType::REDUCE_SCATTER, options, {outputs, written.back}, oar_group_reduce_scatter,
                 handle(input), handle(written.flat), reduction(options.reduceOp));
  }

  c10::intrusive_ptr<c10d::Work> _reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                                                      const c10d::ReduceScatterOptions& options = {}) override {
    const Written written = flat_room(output);
    return start(c10d::OpType::_REDUCE_SCATTER_BASE, options, {{output}, written.back}, oar_group_reduce_scatter,
                 handle(flat(input)), handle(written.flat), reduction(options.reduceOp));
  }

  c10::intrusive_ptr<c10d::Work> reduce_scatter_tensor_coalesced(
      std::vector<at::Tensor>& outputs, std::vector<at::Tensor>& inputs,
      const c10d::ReduceScatterOptions& options = {}) override {
    const FlatLists lists(inputs, outputs);
    return start(c10d::OpType::COALESCED, options, {outputs, lists.back}, oar_group_reduce_scatter_coalesced,
                 lists.inputs.data(), lists.inputs.size(), lists.outputs.data(), lists.outputs.size(),
                 reduction(options.reduceOp));
  }

  // Without sizes in equal parts, then the shapes of the two may differ.
  c10::intrusive_ptr<c10d::Work> alltoall_base(at::Tensor& output, at::Tensor& input,
                                               std::vector<std::int64_t>& output_sizes,
                                               std::vector<std::int64_t>& input_sizes,
                                               const c10d::AllToAllOptions& options = {}) override {
    if (output_sizes.empty() && input_sizes.empty()) {
      const Written written = flat_room(output);
      return start(c10d::OpType::ALLTOALL_BASE, options, {{output}, written.back}, oar_group_all_to_all,
                   handle(flat(input)), handle(written.flat));
    }
    const std::vector<std::int64_t> given = sizes_or_equal(input_sizes, input),
                                    taken = sizes_or_equal(output_sizes, output);
    return start(c10d::OpType::ALLTOALL_BASE, options, {{output}, {}}, oar_group_all_to_all_rows, handle(input),
                 handle(output), given.data(), given.size(), taken.data(), taken.size());
  }

  c10::intrusive_ptr<c10d::Work> alltoall(std::vector<at::Tensor>& outputs, std::vector<at::Tensor>& inputs,
                                          const c10d::AllToAllOptions& options = {}) override {
    const Parts given = joined(inputs, getSize(), /*equal=*/false), taken = room_for(outputs, getSize());
    return start(c10d::OpType::ALLTOALL, options, {outputs, taken.back}, oar_group_all_to_all_rows, handle(given.flat),
                 handle(taken.flat), given.sizes.data(), given.sizes.size(), taken.sizes.data(), taken.sizes.size());
  }

  c10::intrusive_ptr<c10d::Work> send(std::vector<at::Tensor>& tensors, int to, int tag) override {
    return transfer(c10d::OpType::SEND, oar_group_send, tensors, to, tag);
  }

  c10::intrusive_ptr<c10d::Work> recv(std::vector<at::Tensor>& tensors, int from, int tag) override {
    return transfer(c10d::OpType::RECV, oar_group_receive, tensors, from, tag);
  }

  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options = {}) override {
    return start(c10d::OpType::BARRIER, options, {}, oar_group_barrier);
  }

 private:
  using Copy = detail::C10dWork::Copy;
  using Outcome = detail::C10dWork::Outcome;

  // Handles of a list of tensors, as the C functions take them.
  class Handles {
   public:
    explicit Handles(const std::vector<at::Tensor>& tensors) {
      for (const at::Tensor& tensor : tensors) owners_.push_back(handle(tensor));
      for (const Tensor& owner : owners_) handles_.push_back(owner.get());
    }
    oar_tensor* const* data() const { return handles_.data(); }
    std::size_t size() const { return handles_.size(); }

   private:
    std::vector<Tensor> owners_;
    std::vector<oar_tensor*> handles_;
  };

  // A vector that an operation may write into, and how the result comes to the tensor where that is another memory.
  struct Written {
    at::Tensor flat;
    std::vector<Copy> back;
  };
  // A list of tensors as one vector, and how many elements each has.
  struct Parts {
    at::Tensor flat;
    std::vector<std::int64_t> sizes;
    std::vector<Copy> back;
  };
  struct FlatLists {
    FlatLists(const std::vector<at::Tensor>& given, const std::vector<at::Tensor>& taken)
        : inputs(flat_list(given)), outputs(room_list(taken, back)) {}
    static Handles flat_list(const std::vector<at::Tensor>& tensors) {
      std::vector<at::Tensor> vectors;
      for (const at::Tensor& tensor : tensors) vectors.push_back(flat(tensor));
      return Handles(vectors);
    }
    static Handles room_list(const std::vector<at::Tensor>& tensors, std::vector<Copy>& back) {
      std::vector<at::Tensor> vectors;
      for (const at::Tensor& tensor : tensors) {
        Written written = flat_room(tensor);
        vectors.push_back(written.flat);
        back.insert(back.end(), written.back.begin(), written.back.end());
      }
      return Handles(vectors);
    }
    std::vector<Copy> back;  // before the lists, which fill it
    Handles inputs, outputs;
  };

  static Tensor handle(const at::Tensor& tensor) {
    return detail::with_c10_errors([&] { return from_torch(tensor); });
  }

  template <class T>
  static T& single(std::vector<T>& list) {
    TORCH_CHECK_VALUE(list.size() == 1, "the group takes one tensor, or list of tensors, per rank; got ", list.size());
    return list.front();
  }

  static at::Tensor flat(const at::Tensor& tensor) { return tensor.detach().contiguous().view(-1); }

  static Written flat_room(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.detach();
    if (plain.is_contiguous()) return {plain.view(-1), {}};
    const at::Tensor room = at::empty({plain.numel()}, plain.options());
    return {room, {{plain, room.view(plain.sizes())}}};
  }

  static Parts sizes_of(const std::vector<at::Tensor>& parts, int num_ranks) {
    TORCH_CHECK_VALUE(parts.size() == static_cast<std::size_t>(num_ranks), "a list has one tensor per rank, ",
                      num_ranks, ", got ", parts.size());
    Parts all;
    for (const at::Tensor& part : parts) {
      TORCH_CHECK_VALUE(part.scalar_type() == parts.front().scalar_type(), "the tensors of a list have one dtype");
      all.sizes.push_back(part.numel());
    }
    return all;
  }

  static Parts room_for(const std::vector<at::Tensor>& parts, int num_ranks) {
    Parts all = sizes_of(parts, num_ranks);
    std::int64_t total = 0;
    for (const std::int64_t size : all.sizes) total += size;
    all.flat = at::empty({total}, parts.front().options().requires_grad(false));
    std::int64_t at = 0;
    for (const at::Tensor& part : parts) {
      all.back.push_back({part, all.flat.narrow(0, at, part.numel()).view(part.sizes())});
      at += part.numel();
    }
    return all;
  }

  static Parts joined(const std::vector<at::Tensor>& parts, int num_ranks, bool equal) {
    Parts all = room_for(parts, num_ranks);
    if (equal && std::any_of(all.sizes.begin(), all.sizes.end(), [&](auto size) { return size != all.sizes[0]; })) {
      C10_THROW_ERROR(NotImplementedError, "oarlock reduces and scatters parts of one size only");
    }
    for (const Copy& copy : std::exchange(all.back, {})) copy.from.copy_(copy.to.detach());
    return all;
  }

  std::vector<std::int64_t> sizes_or_equal(const std::vector<std::int64_t>& sizes, const at::Tensor& tensor) const {
    if (!sizes.empty()) return sizes;
    TORCH_CHECK_VALUE(tensor.dim() > 0 && tensor.size(0) % getSize() == 0, "the rows do not divide by the ranks");
    return std::vector<std::int64_t>(static_cast<std::size_t>(getSize()), tensor.size(0) / getSize());
  }

  static std::int32_t to_rank(std::int64_t rank) {
    TORCH_CHECK_VALUE(rank >= 0 && rank <= INT32_MAX, "rank ", rank, " does not exist");
    return static_cast<std::int32_t>(rank);
  }

  static std::int32_t reduction(const c10d::ReduceOp& op) {
    switch (op.op_) {
      case c10d::ReduceOp::SUM:
        return OAR_REDUCE_SUM;
      case c10d::ReduceOp::AVG:
        return OAR_REDUCE_AVERAGE;
      case c10d::ReduceOp::PRODUCT:
        return OAR_REDUCE_PRODUCT;
      case c10d::ReduceOp::MIN:
        return OAR_REDUCE_MIN;
      case c10d::ReduceOp::MAX:
        return OAR_REDUCE_MAX;
      case c10d::ReduceOp::BAND:
        return OAR_REDUCE_BITWISE_AND;
      case c10d::ReduceOp::BOR:
        return OAR_REDUCE_BITWISE_OR;
      case c10d::ReduceOp::BXOR:
        return OAR_REDUCE_BITWISE_XOR;
      default:
        C10_THROW_ERROR(NotImplementedError, "oarlock has no reduction PREMUL_SUM; multiply before a SUM");
    }
  }

  template <class Function>
  c10::intrusive_ptr<c10d::Work> transfer(c10d::OpType type, Function function, std::vector<at::Tensor>& tensors,
                                          int peer, int tag) {
    if (tag != 0) {
      C10_THROW_ERROR(NotImplementedError, "oarlock meets sends and receives by their order; it has no tags but 0");
    }
    const at::Tensor& tensor = single(tensors);
    return begin({type, peer}, /*is_async=*/true, c10d::kUnsetTimeout, {tensors, {}}, function, handle(tensor), peer);
  }

  template <class Options, class Function, class... Args>
  c10::intrusive_ptr<c10d::Work> start(c10d::OpType type, const Options& options, Outcome outcome, Function function,
                                       Args&&... args) {
    return begin({type, -1}, options.asyncOp, options.timeout, std::move(outcome), function,
                 std::forward<Args>(args)...);
  }

  // What ends in the order of its calls: sends to one rank, receives from one rank, collectives.
  struct Queue {
    c10d::OpType type;
    int peer;  // -1: a collective
  };

  // Calls function(group, arguments, time-out, work): in the background or, if the caller does not want that, to its
  // end.
  template <class Function, class... Args>
  c10::intrusive_ptr<c10d::Work> begin(Queue queue, bool is_async, std::chrono::milliseconds timeout, Outcome outcome,
                                       Function function, Args&&... args) {
    if (timeout == c10d::kUnsetTimeout) timeout = timeout_.load();
    if (timeout == kBackendDefaultTimeout) timeout = kNoTimeout;  // nobody chose it: the group's own
    std::lock_guard<std::mutex> lock(mutex_);
    oar_work* owned = nullptr;
    detail::with_c10_errors([&] {
      call(function, group_, args..., static_cast<std::int64_t>(timeout.count()), is_async ? &owned : nullptr);
    });
    if (queue.peer < 0) ++num_started_;
    auto& completions = completions_[{queue.peer < 0 ? c10d::OpType::UNKNOWN : queue.type, queue.peer}];
    if (!completions) completions = std::make_shared<detail::C10dCompletions>();
    return c10::make_intrusive<detail::C10dWork>(getRank(), queue.type, num_started_, Work(owned), std::move(outcome),
                                                 completions);
  }

  const Group group_;
  std::atomic<std::chrono::milliseconds> timeout_{kBackendDefaultTimeout};
  std::atomic<std::uint64_t> num_started_{0};
  std::mutex mutex_;  // one operation is begun at a time
  std::map<std::pair<c10d::OpType, int>, std::shared_ptr<detail::C10dCompletions>> completions_;
};

}  // namespace oarlock

#endif
