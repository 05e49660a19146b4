// IoBatch: many reads or writes of a descriptor that never makes wait, for the price of one system call (io_uring).
//
// Used by devices whose kernel side takes one frame a call. Where io_uring is missing or forbidden there is no IoBatch,
// and the device makes a call for each frame.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

struct iovec;

namespace leat {

class IoBatch {
 public:
  static constexpr std::size_t kMost = 64;

  /// Holding the descriptor saves a twelfth of what a frame costs. It is let go with the IoBatch; but if the process
  /// ends without destroying that, the kernel holds it for some 30 ms more, and an interface with it.
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
