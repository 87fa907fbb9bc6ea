// The caller's floating-point environment, put aside for the length of one call. Inside: no exception traps, round to
// nearest, denormals as IEEE 754 has them. Afterwards the caller's modes and exception flags are as they were. A host
// built with -ffpe-trap would otherwise die of a harmless inexact or invalid operation inside libtorch; one built with
// -ffast-math would train with flushed denormals.
#pragma once

#if defined(__x86_64__)
#include <cstdint>
#else
#include <cfenv>
#endif

namespace oarlock::capi {

#if defined(__x86_64__)

class FloatEnvironment {
 public:
  FloatEnvironment() noexcept : mxcsr_(read_mxcsr()), control_(read_control()), status_(read_status()) {
    if ((mxcsr_ & ~kFlags) != kMxcsrDefault) write_mxcsr(kMxcsrDefault);
    if (control_ != kControlDefault) write_control(kControlDefault);
  }

  ~FloatEnvironment() {
    if (((read_status() ^ status_) & kFlags) != 0) restore_x87_flags();
    if (read_control() != control_) write_control(control_);
    if (read_mxcsr() != mxcsr_) write_mxcsr(mxcsr_);
  }

  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

  // The caller's was what it is inside, but for the flags.
  bool was_standard() const noexcept { return (mxcsr_ & ~kFlags) == kMxcsrDefault && control_ == kControlDefault; }

 private:
  static constexpr std::uint32_t kMxcsrDefault = 0x1F80;    // all traps masked, nearest, no FTZ, no DAZ
  static constexpr std::uint16_t kControlDefault = 0x037F;  // the same for the x87 unit, extended precision
  static constexpr std::uint32_t kFlags = 0x3F;             // sticky exception flags, in both units

  static std::uint32_t read_mxcsr() noexcept {
    std::uint32_t value;
    asm volatile("stmxcsr %0" : "=m"(value));
    return value;
  }
  static void write_mxcsr(std::uint32_t value) noexcept { asm volatile("ldmxcsr %0" : : "m"(value)); }
  static std::uint16_t read_control() noexcept {
    std::uint16_t value;
    asm volatile("fnstcw %0" : "=m"(value));
    return value;
  }
  static void write_control(std::uint16_t value) noexcept { asm volatile("fldcw %0" : : "m"(value)); }
  static std::uint16_t read_status() noexcept {
    std::uint16_t value;
    asm volatile("fnstsw %0" : "=m"(value));
    return value;
  }
  // Before the caller's traps are unmasked: a flag that was raised in here would fire at the caller's next x87
  // instruction.
  void restore_x87_flags() const noexcept {
    struct {
      std::uint32_t control, status, tag, ip, cs, dp, ds;
    } environment;
    asm volatile("fnstenv %0" : "=m"(environment));
    environment.status = (environment.status & ~kFlags) | (status_ & kFlags);
    asm volatile("fldenv %0" : : "m"(environment));
  }

  std::uint32_t mxcsr_;
  std::uint16_t control_;
  std::uint16_t status_;
};

#else

class FloatEnvironment {
 public:
  FloatEnvironment() noexcept {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatEnvironment() { std::fesetenv(&saved_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

  bool was_standard() const noexcept { return false; }  // an fenv_t cannot be compared

 private:
  std::fenv_t saved_;
};

#endif

}  // namespace oarlock::capi
