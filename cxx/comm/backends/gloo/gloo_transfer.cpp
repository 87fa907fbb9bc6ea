#include "comm/backends/gloo/gloo_transfer.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "base/thread.h"
#include "comm/backends/gloo/gloo_call.h"
#include "comm/backends/gloo/piece_exchange.h"
#include "comm/reduction.h"
#include "comm/store.h"

namespace oarlock {

struct GlooTransfer::Worker {
  Place place;
  Descriptor store_listener;

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::pair<Job, Done>> next;
  bool quit = false;
  bool ended = false;

  // Only the thread touches these. Destroyed group first, then store.
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;

  void run();
  void connect();
  void perform(Job& job);
  void all_reduce(Job& job);
  void broadcast(Job& job);
  void all_gather(Job& job);
};

namespace {

c10d::ReduceOp gloo_reduce_op(std::uint8_t op) {
  switch (static_cast<ReduceOp>(op)) {
    case ReduceOp::kMax:
      return c10d::ReduceOp::MAX;
    case ReduceOp::kMin:
      return c10d::ReduceOp::MIN;
    case ReduceOp::kProduct:
      return c10d::ReduceOp::PRODUCT;
    case ReduceOp::kBitwiseAnd:
      return c10d::ReduceOp::BAND;
    case ReduceOp::kBitwiseOr:
      return c10d::ReduceOp::BOR;
    case ReduceOp::kBitwiseXor:
      return c10d::ReduceOp::BXOR;
    default:
      return c10d::ReduceOp::SUM;  // an average is divided afterwards: gloo has none
  }
}

// Moved, not computed with: as plain bytes every element type is alike.
at::Tensor as_bytes(const at::Tensor& tensor) { return tensor.view(-1).view(at::kByte); }

}  // namespace

bool gloo_can_reduce(c10::ScalarType dtype, ReduceOp op) {
  if (is_bitwise(op)) return true;  // as bytes
  switch (dtype) {
    case c10::kFloat:
    case c10::kDouble:
    case c10::kHalf:
    case c10::kBFloat16:
    case c10::kByte:
    case c10::kChar:
    case c10::kInt:
    case c10::kLong:
      return true;
    default:
      return false;
  }
}

void GlooTransfer::Worker::connect() {
  store = open_data_store(std::move(store_listener), place.store_address, place.store_port, place.rank == 0,
                          place.connect_timeout);
  auto options = c10d::ProcessGroupGloo::Options::create(place.connect_timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(place.own_address));
  options->threads = 1;  // one job at a time
  group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.world_size, options);
}

void GlooTransfer::Worker::perform(Job& job) {
  if (group == nullptr) connect();
  const PieceExchange exchange{*group, place.rank, place.world_size, job.timeout};
  switch (job.signature.op) {
    case Operator::kAllReduce:
      return all_reduce(job);
    case Operator::kBroadcast:
      return broadcast(job);
    case Operator::kReduce:
      return exchange.reduce(job.tensor, static_cast<ReduceOp>(job.signature.reduce_op), job.signature.root);
    case Operator::kReduceScatter:
      return exchange.reduce_scatter(job.tensor, job.output, static_cast<ReduceOp>(job.signature.reduce_op));
    case Operator::kGather:
      return exchange.gather(job.tensor, job.output, job.signature.root);
    case Operator::kScatter:
      return exchange.scatter(job.tensor, job.output, job.signature.root);
    case Operator::kAllToAll:
      return exchange.all_to_all(job.tensor, job.output, job.rows, job.received_rows);
    default:
      return job.rows.empty() ? all_gather(job) : exchange.all_gather_rows(job.tensor, job.output, job.rows);
  }
}

void GlooTransfer::Worker::all_reduce(Job& job) {
  c10d::AllreduceOptions options;
  options.reduceOp = gloo_reduce_op(job.signature.reduce_op);
  options.timeout = job.timeout;
  const auto op = static_cast<ReduceOp>(job.signature.reduce_op);
  std::vector<at::Tensor> tensors{is_bitwise(op) ? as_bytes(job.tensor) : job.tensor.view(-1)};
  gloo_call([&] { return group->allreduce(tensors, options); })->wait();
  finish_reduction(job.tensor, op, place.world_size);
}

void GlooTransfer::Worker::broadcast(Job& job) {
  c10d::BroadcastOptions options;
  options.rootRank = job.signature.root;
  options.timeout = job.timeout;
  std::vector<at::Tensor> tensors{as_bytes(job.tensor)};
  gloo_call([&] { return group->broadcast(tensors, options); })->wait();
}

void GlooTransfer::Worker::all_gather(Job& job) {
  c10d::AllgatherOptions options;
  options.timeout = job.timeout;
  at::Tensor output = as_bytes(job.output);
  at::Tensor input = as_bytes(job.tensor);
  gloo_call([&] { return group->_allgather_base(output, input, options); })->wait();
}

void GlooTransfer::Worker::run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return quit || next.has_value(); });
    if (quit) break;
    auto [job, done] = *std::exchange(next, std::nullopt);
    lock.unlock();
    Status status = Status::ok();
    try {
      perform(job);
    } catch (const c10::Error& error) {
      status = io_error("gloo failed in {}: {}", describe(job.signature), error.what_without_backtrace());
    } catch (const std::exception& error) {  // gloo's own exceptions are plain ones; a thread's main catches
      status = io_error("gloo failed in {}: {}", describe(job.signature), error.what());
    }
    job = Job();
    done(std::move(status));
    done = nullptr;
    lock.lock();
  }
  lock.unlock();
  try {
    group.reset();
    store.reset();
  } catch (const std::exception&) {  // a thread's main; the peers' connections end all the same
  }
  lock.lock();
  ended = true;
  changed.notify_all();
}

GlooTransfer::GlooTransfer(Place place, Descriptor store_listener) : worker_(std::make_shared<Worker>()) {
  worker_->place = std::move(place);
  worker_->store_listener = std::move(store_listener);
  start_thread("oar-data", [worker = worker_] { worker->run(); }).detach();  // the worker lives until its thread ends
}

void GlooTransfer::end_soon() {
  std::lock_guard lock(worker_->mutex);
  worker_->quit = true;
  worker_->changed.notify_all();
}

GlooTransfer::~GlooTransfer() {
  end_soon();
  std::unique_lock lock(worker_->mutex);
  worker_->changed.wait_for(lock, kEndMax, [this] { return worker_->ended; });
}

void GlooTransfer::start(Job job, Done done) {
  std::lock_guard lock(worker_->mutex);
  worker_->next.emplace(std::move(job), std::move(done));
  worker_->changed.notify_all();
}

}  // namespace oarlock
