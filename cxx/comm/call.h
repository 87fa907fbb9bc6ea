// One operation as a rank calls it: what it is, and what it reads and writes. Made by collectives.h, which checks it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "comm/call_site.h"
#include "comm/signature.h"

namespace oarlock {

struct Call {
  CallSite site;
  Signature signature;  // the sequence number is the backend's to set
  Milliseconds timeout{0};

  // Detached from autograd, any strides. all_reduce, reduce, broadcast, send and receive use `tensor` alone.
  at::Tensor tensor;  // else what this rank gives; undefined where it gives nothing (scatter, but at the root)
  at::Tensor output;  // and what it gets; undefined where it gets nothing (gather, but at the root)
  // Ragged all_gather: by rank, how many rows it gives. Ragged all_to_all: by rank, how many it is sent. Else empty.
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> received_rows;  // ragged all_to_all: by rank, how many rows it sends to this one

  // Tensors on a device: when the caller's stream has them ready; set by the group.
  std::shared_ptr<c10::Event> ready;

  // A coalesced call works on flat tensors of its own; these are its results' ways to the caller's tensors.
  struct Copy {
    at::Tensor to, from;
  };
  std::vector<Copy> copies;
  // For backends: once after success, before anybody is told of it. Does nothing for calls that are not coalesced.
  void copy_results() {
    if (!copies.empty()) copy_all();
  }
  void copy_all();

  // all_gather_bytes and broadcast_bytes: this rank's, then the ranks' (one entry, the root's, for a broadcast).
  std::string bytes;
  std::vector<std::string> gathered;
};

}  // namespace oarlock
