// CUDA as libtorch sees it, played by the CPU: a guard with streams and events, and tensors that say they lie there.
// For a process that has no CUDA part of libtorch.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <memory>

#include "fake_stream.h"

namespace fake {

class DeviceGuard : public c10::impl::DeviceGuardImplInterface {
 public:
  static inline std::atomic<int> num_devices{1};

  c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return {c10::DeviceType::CUDA, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return static_cast<c10::DeviceIndex>(num_devices.load()); }

  c10::Stream getStream(c10::Device device) const override { return stream_of(current(), device); }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override { return stream_of(new Stream, device); }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    Stream* before = std::exchange(current(), fake_of(stream));
    return stream_of(before, stream.device());
  }
  void* getStreamNativeHandle(const c10::Stream stream) const override { return fake_of(stream); }

  void record(void** event, const c10::Stream& stream, const c10::DeviceIndex, const c10::EventFlag) const override {
    if (*event == nullptr) *event = new Event;
    *static_cast<Event*>(*event) = {fake_of(stream), fake_of(stream)->num_given()};
  }
  void block(void* event, const c10::Stream& stream) const override {
    fake_of(stream)->enqueue([event = *static_cast<Event*>(event)] { event.stream->wait_for(event.position); });
  }
  bool queryEvent(void* event) const override {
    const Event& asked = *static_cast<Event*>(event);
    return asked.stream->has_reached(asked.position);
  }
  void destroyEvent(void* event, const c10::DeviceIndex) const noexcept override { delete static_cast<Event*>(event); }

  // Of this thread; streams live as long as the process.
  static Stream*& current() {
    thread_local Stream* current = new Stream;
    return current;
  }

 private:
  struct Event {
    Stream* stream = nullptr;
    std::uint64_t position = 0;
  };
  static Stream* fake_of(const c10::Stream& stream) { return reinterpret_cast<Stream*>(stream.id()); }
  static c10::Stream stream_of(Stream* stream, c10::Device device) {
    return c10::Stream(c10::Stream::UNSAFE, {device.type(), 0}, reinterpret_cast<std::intptr_t>(stream));
  }
};

// The memory of `host`, said to lie on CUDA device 0. fake_operators.h computes with it.
inline at::Tensor on_device(const at::Tensor& host, int index = 0) {
  const auto device = c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
  c10::DataPtr data(
      host.data_ptr(), new at::Tensor(host), [](void* kept) { delete static_cast<at::Tensor*>(kept); }, device);
  const std::size_t size =
      host.storage().nbytes() - static_cast<std::size_t>(host.storage_offset()) * host.element_size();
  c10::Storage storage(c10::Storage::use_byte_size_t(), size, std::move(data), nullptr, false);
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(std::move(storage),
                                                         c10::DispatchKeySet(c10::DispatchKey::CUDA), host.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides());
  return tensor;
}

}  // namespace fake
