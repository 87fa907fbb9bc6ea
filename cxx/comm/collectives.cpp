#include "comm/collectives.h"

#include <utility>

#include "base/current_function.h"
#include "comm/call_checks.h"
#include "comm/reduction.h"

namespace oarlock {
namespace {

// Into `call`: a call is large, and small operations are as quick as it is made.
Status begin(Call& call, const Group& group, Operator op, Milliseconds timeout) {
  OAR_ASSIGN(call.timeout, resolve_timeout(timeout, group.timeout()));
  call.signature.op = op;
  call.site = {current_function(), group.tag()};
  if (call.site.tag != nullptr && !call.signature.is_point_to_point())
    call.signature.tag = number_of_tag(*call.site.tag);
  return Status::ok();
}

at::Tensor detached(const at::Tensor& tensor) { return tensor.requires_grad() ? tensor.detach() : tensor; }

// `part` is what the signature tells of.
void describe_part(Call& call, const at::Tensor& part) {
  call.signature.numel = part.numel();
  call.signature.on_device = !part.device().is_cpu();
  call.signature.dtype = static_cast<std::int8_t>(part.scalar_type());
}

void set_tensor(Call& call, const at::Tensor& tensor) {
  call.tensor = detached(tensor);
  describe_part(call, tensor);
}

Status set_reduction(Call& call, c10::ScalarType dtype, ReduceOp op) {
  OAR_TRY(check_reduction(dtype, op));
  call.signature.reduce_op = static_cast<std::uint8_t>(op);
  return Status::ok();
}

Status check_input_and_output(const Group& group, const at::Tensor& input, const at::Tensor& output) {
  OAR_TRY(check_tensor(group, input, "input"));
  OAR_TRY(check_written(group, output, "output"));
  return check_same_dtype(input, output);
}

Status fill_all_reduce(Call& call, const Group& group, const at::Tensor& tensor, ReduceOp op, Milliseconds timeout) {
  OAR_TRY(check_written(group, tensor, "tensor"));
  OAR_TRY(begin(call, group, Operator::kAllReduce, timeout));
  OAR_TRY(set_reduction(call, tensor.scalar_type(), op));
  set_tensor(call, tensor);
  return Status::ok();
}

Result<Call> make_point_to_point(const Group& group, Operator op, const at::Tensor& tensor, int peer,
                                 Milliseconds timeout) {
  if (peer < 0 || peer >= group.size() || peer == group.rank()) {
    return invalid_argument("the peer of a {} must be another rank of the group's {}, got {} on rank {}",
                            operator_name(op), group.size(), peer, group.rank());
  }
  Call call;
  OAR_TRY(begin(call, group, op, timeout));
  set_tensor(call, tensor);
  call.signature.root = peer;
  return call;
}

}  // namespace

Result<Call> make_all_reduce(const Group& group, const at::Tensor& tensor, ReduceOp op, Milliseconds timeout) {
  Result<Call> made = Call();  // filled where it stays: a call is large
  Status status = fill_all_reduce(made.value(), group, tensor, op, timeout);
  if (!status.is_ok()) made = std::move(status);
  return made;
}

Result<Call> make_reduce(const Group& group, const at::Tensor& tensor, int root, ReduceOp op, Milliseconds timeout) {
  OAR_TRY(check_root(root, group.size()));
  OAR_TRY(root == group.rank() ? check_written(group, tensor, "tensor") : check_tensor(group, tensor, "tensor"));
  Call call;
  OAR_TRY(begin(call, group, Operator::kReduce, timeout));
  OAR_TRY(set_reduction(call, tensor.scalar_type(), op));
  set_tensor(call, tensor);
  call.signature.root = root;
  return call;
}

Result<Call> make_broadcast(const Group& group, const at::Tensor& tensor, int root, Milliseconds timeout) {
  OAR_TRY(check_written(group, tensor, "tensor"));
  OAR_TRY(check_root(root, group.size()));
  Call call;
  OAR_TRY(begin(call, group, Operator::kBroadcast, timeout));
  set_tensor(call, tensor);
  call.signature.root = root;
  return call;
}

Result<Call> make_all_gather(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout) {
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_parts(input, output, group.size(), "input", "output"));
  OAR_TRY(check_apart(input, output));
  Call call;
  OAR_TRY(begin(call, group, Operator::kAllGather, timeout));
  set_tensor(call, input);
  call.output = detached(output);
  return call;
}

Result<Call> make_all_gather_rows(const Group& group, const at::Tensor& input, const at::Tensor& output,
                                  std::vector<std::int64_t> rows, Milliseconds timeout) {
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_same_row_shape(input, output));
  OAR_TRY(check_rows(output, rows, group.size(), "output"));
  const std::int64_t mine = rows[static_cast<std::size_t>(group.rank())];
  if (input.size(0) != mine) {
    return invalid_argument("rank {} says that it gives {} rows, and its input has {}", group.rank(), mine,
                            input.size(0));
  }
  OAR_TRY(check_apart(input, output));
  Call call;
  OAR_TRY(begin(call, group, Operator::kAllGather, timeout));
  call.tensor = detached(input);
  call.output = detached(output);
  describe_part(call, output);
  call.signature.layout = layout_of(rows);
  call.rows = std::move(rows);
  return call;
}

Result<Call> make_reduce_scatter(const Group& group, const at::Tensor& input, const at::Tensor& output, ReduceOp op,
                                 Milliseconds timeout) {
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_parts(output, input, group.size(), "output", "input"));
  OAR_TRY(check_apart(input, output));
  Call call;
  OAR_TRY(begin(call, group, Operator::kReduceScatter, timeout));
  OAR_TRY(set_reduction(call, input.scalar_type(), op));
  call.tensor = detached(input);
  call.output = detached(output);
  describe_part(call, output);
  return call;
}

Result<Call> make_gather(const Group& group, const at::Tensor& input, const at::Tensor& output, int root,
                         Milliseconds timeout) {
  OAR_TRY(check_root(root, group.size()));
  OAR_TRY(check_tensor(group, input, "input"));
  Call call;
  OAR_TRY(begin(call, group, Operator::kGather, timeout));
  set_tensor(call, input);
  call.signature.root = root;
  if (root != group.rank()) return call;
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_parts(input, output, group.size(), "input", "output"));
  OAR_TRY(check_apart(input, output));
  call.output = detached(output);
  return call;
}

Result<Call> make_scatter(const Group& group, const at::Tensor& input, const at::Tensor& output, int root,
                          Milliseconds timeout) {
  OAR_TRY(check_root(root, group.size()));
  OAR_TRY(check_written(group, output, "output"));
  Call call;
  OAR_TRY(begin(call, group, Operator::kScatter, timeout));
  call.output = detached(output);
  describe_part(call, output);
  call.signature.root = root;
  if (root != group.rank()) return call;
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_parts(output, input, group.size(), "output", "input"));
  OAR_TRY(check_apart(input, output));
  call.tensor = detached(input);
  return call;
}

Result<Call> make_all_to_all(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout) {
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_same_row_shape(input, output));
  if (input.size(0) != output.size(0) || input.size(0) % group.size() != 0) {
    return invalid_argument(
        "input and output must have the same number of rows, a multiple of the {} ranks, got {} "
        "and {}",
        group.size(), input.size(0), output.size(0));
  }
  OAR_TRY(check_apart(input, output));
  Call call;
  OAR_TRY(begin(call, group, Operator::kAllToAll, timeout));
  set_tensor(call, input);
  call.output = detached(output);
  return call;
}

Result<Call> make_all_to_all_rows(const Group& group, const at::Tensor& input, const at::Tensor& output,
                                  std::vector<std::int64_t> rows, std::vector<std::int64_t> received_rows,
                                  Milliseconds timeout) {
  OAR_TRY(check_input_and_output(group, input, output));
  OAR_TRY(check_same_row_shape(input, output));
  OAR_TRY(check_rows(input, rows, group.size(), "input"));
  OAR_TRY(check_rows(output, received_rows, group.size(), "output"));
  const auto mine = static_cast<std::size_t>(group.rank());
  if (rows[mine] != received_rows[mine]) {
    return invalid_argument("rank {} says that it sends {} rows to itself and receives {}", group.rank(), rows[mine],
                            received_rows[mine]);
  }
  OAR_TRY(check_apart(input, output));
  Call call;
  OAR_TRY(begin(call, group, Operator::kAllToAll, timeout));
  call.tensor = detached(input);
  call.output = detached(output);
  describe_part(call, input);
  call.signature.numel = c10::multiply_integers(input.sizes().slice(1));
  call.signature.layout = layout_of({});  // says that it is ragged; the rows differ from rank to rank
  call.rows = std::move(rows);
  call.received_rows = std::move(received_rows);
  return call;
}

Result<Call> make_send(const Group& group, const at::Tensor& tensor, int to, Milliseconds timeout) {
  OAR_TRY(check_tensor(group, tensor, "tensor"));
  return make_point_to_point(group, Operator::kSend, tensor, to, timeout);
}

Result<Call> make_receive(const Group& group, const at::Tensor& tensor, int from, Milliseconds timeout) {
  OAR_TRY(check_written(group, tensor, "tensor"));
  return make_point_to_point(group, Operator::kReceive, tensor, from, timeout);
}

Result<Call> make_barrier(const Group& group, Milliseconds timeout) {
  Call call;
  OAR_TRY(begin(call, group, Operator::kBarrier, timeout));
  return call;
}

Result<Call> make_all_gather_bytes(const Group& group, std::string_view mine, Milliseconds timeout) {
  Call call;
  OAR_TRY(begin(call, group, Operator::kAllGatherBytes, timeout));
  call.bytes = mine;
  return call;
}

Result<Call> make_broadcast_bytes(const Group& group, std::string_view bytes, int root, Milliseconds timeout) {
  OAR_TRY(check_root(root, group.size()));
  Call call;
  OAR_TRY(begin(call, group, Operator::kBroadcastBytes, timeout));
  call.signature.root = root;
  if (root == group.rank()) call.bytes = bytes;
  return call;
}

Result<Milliseconds> resolve_timeout(Milliseconds given, Milliseconds standard) {
  if (given.count() < 0) return invalid_argument("timeout_ms must not be negative, got {}", given.count());
  return bounded_wait(given.count() == 0 ? standard : given);
}

}  // namespace oarlock
