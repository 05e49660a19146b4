// IoBatch: batches reads or writes on a non-blocking descriptor into one io_uring submission.
//
// Devices whose kernel side takes one frame for each call use it. Where io_uring is missing or forbidden there is no
// IoBatch, and the device makes a system call for each frame.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

struct iovec;

namespace leat {

class IoBatch {
 public:
  static constexpr std::size_t kMost = 64;

  /// Registering the descriptor with the ring saves 8 % of the cost of a frame. It is released with the IoBatch. If the
  /// process ends without destroying that, the kernel holds it for some 30 ms more, and an interface with it.
  enum class Hold : bool { no, yes };
  /// For a descriptor with O_NONBLOCK, which outlives it. None where the kernel or the build has no io_uring.
  static std::unique_ptr<IoBatch> create(int fd, Hold hold);
  virtual ~IoBatch() = default;

  /// At most kMost of these before run(). `parts` and what they point to stay as they are until then.
  virtual void read(const iovec* parts, unsigned count) = 0;
  virtual void write(const iovec* parts, unsigned count) = 0;
  /// Does all of it, in order. One result each: bytes, or the negative of an errno value. A failure stops none of those
  /// behind it. Valid until the next call. Nothing when the kernel refuses: then this is of no more use.
  virtual std::span<const int> run() = 0;
};

}  // namespace leat
