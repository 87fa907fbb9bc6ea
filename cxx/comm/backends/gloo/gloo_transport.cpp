#include "comm/backends/gloo/gloo_transport.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "comm/backends/gloo/gloo_call.h"
#include "comm/backends/gloo/piece_exchange.h"
#include "comm/reduction.h"
#include "comm/store.h"

namespace oarlock {

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

class GlooTransport : public Transport {
 public:
  GlooTransport(std::shared_ptr<GlooMeeting> meeting, std::string name, int rank, int world_size)
      : meeting_(std::move(meeting)), name_(std::move(name)), rank_(rank), world_size_(world_size) {}
  const char* name() const override { return "gloo"; }
  Status perform(TransferJob& job) override;

 private:
  void connect();
  void move(TransferJob& job);
  void all_reduce(TransferJob& job);
  void broadcast(TransferJob& job);
  void all_gather(TransferJob& job);

  const std::shared_ptr<GlooMeeting> meeting_;
  const std::string name_;
  const int rank_, world_size_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;  // goes before the store
};

void GlooTransport::connect() {
  const GlooMeeting& meeting = *meeting_;
  const bool serves = meeting.store_listener.is_open();
  store_ = open_data_store(std::move(meeting_->store_listener), meeting.store_address, meeting.store_port, serves,
                           meeting.connect_timeout);
  auto options = c10d::ProcessGroupGloo::Options::create(meeting.connect_timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(meeting.own_address));
  options->threads = 1;  // one job at a time
  const auto store = c10::make_intrusive<c10d::PrefixStore>(name_, store_);
  group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank_, world_size_, options);
}

Status GlooTransport::perform(TransferJob& job) {
  if (group_ == nullptr) connect();
  move(job);
  return Status::ok();
}

void GlooTransport::move(TransferJob& job) {
  const PieceExchange exchange{*group_, rank_, world_size_, job.timeout};
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

void GlooTransport::all_reduce(TransferJob& job) {
  c10d::AllreduceOptions options;
  options.reduceOp = gloo_reduce_op(job.signature.reduce_op);
  options.timeout = job.timeout;
  const auto op = static_cast<ReduceOp>(job.signature.reduce_op);
  std::vector<at::Tensor> tensors{is_bitwise(op) ? as_bytes(job.tensor) : job.tensor.view(-1)};
  gloo_call([&] { return group_->allreduce(tensors, options); })->wait();
  finish_reduction(job.tensor, op, world_size_);
}

void GlooTransport::broadcast(TransferJob& job) {
  c10d::BroadcastOptions options;
  options.rootRank = job.signature.root;
  options.timeout = job.timeout;
  std::vector<at::Tensor> tensors{as_bytes(job.tensor)};
  gloo_call([&] { return group_->broadcast(tensors, options); })->wait();
}

void GlooTransport::all_gather(TransferJob& job) {
  c10d::AllgatherOptions options;
  options.timeout = job.timeout;
  at::Tensor output = as_bytes(job.output);
  at::Tensor input = as_bytes(job.tensor);
  gloo_call([&] { return group_->_allgather_base(output, input, options); })->wait();
}

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

std::shared_ptr<GlooMeeting> gloo_meeting_of(Star& star, Milliseconds connect_timeout) {
  const bool one_host = star.one_host();
  auto meeting = std::make_shared<GlooMeeting>();
  meeting->own_address = one_host ? "127.0.0.1" : star.own_address;
  meeting->store_address = one_host ? "127.0.0.1" : star.hub_address;
  meeting->store_port = star.store_port;
  meeting->store_listener = std::move(star.store_listener);
  meeting->connect_timeout = connect_timeout;
  return meeting;
}

std::unique_ptr<Transport> make_gloo_transport(std::shared_ptr<GlooMeeting> meeting, const std::string& name, int rank,
                                               int world_size) {
  return std::make_unique<GlooTransport>(std::move(meeting), name, rank, world_size);
}

}  // namespace oarlock
