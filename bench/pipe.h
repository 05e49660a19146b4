// Types that the two halves of bench/pipe share: the work and its report. pipe.cc calls it.
//
// The work: one thread runs two TCP endpoints, joined by two Ethernet wires of MTU 1500. An application writes from a
// 64 kB buffer into one endpoint, and reads from the other into another such buffer. Each frame is copied once on the
// wire, as a device does. Checksums are made and verified in software.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>
#include <vector>

namespace pipe_bench {

inline constexpr std::size_t kChunk = std::size_t{64} * 1024;
inline constexpr double kPatience = 300;  ///< limit of the CPU time of a transfer, seconds

struct Result {
  double seconds = 0;
  std::uint64_t bytes = 0;
  std::uint64_t data_segments = 0;  ///< frames with payload
  std::uint64_t ack_segments = 0;   ///< frames without payload
  std::uint32_t mss = 0;
  std::uint32_t window = 0;  ///< the largest receive window, bytes
  bool correct = true;       ///< each byte read is the byte written

  double gbit_per_s() const { return static_cast<double>(bytes) * 8 / seconds / 1e9; }
  double ns_per_1460() const { return seconds * 1e9 / static_cast<double>(bytes) * 1460; }
  double ns_per_segment() const { return seconds * 1e9 / static_cast<double>(data_segments); }
};

/// The parameters of a run. A checking run compares each byte, and damages some frames to prove that checksums are
/// verified; its time is meaningless. Without copies the stack sends from the application's buffer, which does not
/// change, and the reader reads data in place.
struct Work {
  std::uint64_t bytes = 0;
  bool checking = false;
  bool without_copies = false;
};

/// Both applications: the source of the data, and its check.
class Application {
 public:
  explicit Application(const Work& work) : work_(work), out_(kChunk), in_(kChunk) {
    for (std::size_t i = 0; i < out_.size(); ++i) out_[i] = static_cast<std::uint8_t>(i * 167 + (i >> 8) * 31);
  }
  /// The next bytes to write, up to the end of the buffer. Empty if all is written.
  std::span<const std::uint8_t> next() const {
    const std::uint64_t left = work_.bytes - written_;
    const std::size_t at = written_ % kChunk;
    return {out_.data() + at, left < kChunk - at ? static_cast<std::size_t>(left) : kChunk - at};
  }
  void wrote(std::size_t n) { written_ += n; }
  /// The room for the next read, up to the end of the buffer.
  std::span<std::uint8_t> room() { return std::span(in_).subspan(received_ % kChunk); }
  void got(std::size_t n) {
    const std::size_t at = received_ % kChunk;
    if (work_.checking && std::memcmp(in_.data() + at, out_.data() + at, n) != 0) correct_ = false;
    received_ += n;
  }
  /// The same, for bytes that were read in place.
  void saw(std::span<const std::uint8_t> bytes) {
    for (std::size_t seen = 0; seen < bytes.size();) {
      const std::size_t at = received_ % kChunk, n = std::min(kChunk - at, bytes.size() - seen);
      if (work_.checking && std::memcmp(bytes.data() + seen, out_.data() + at, n) != 0) correct_ = false;
      received_ += n;
      seen += n;
    }
  }
  bool done() const { return received_ >= work_.bytes; }
  std::uint64_t received() const { return received_; }
  bool correct() const { return correct_; }

 private:
  Work work_;
  std::vector<std::uint8_t> out_, in_;
  std::uint64_t written_ = 0, received_ = 0;
  bool correct_ = true;
};

/// Measures the CPU time of this thread. Neither side sleeps, and other programs do not count.
class Stopwatch {
 public:
  double seconds() const { return cpu_seconds() - start_; }

 private:
  static double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  double start_ = cpu_seconds();
};

/// Counts the frames of one wire, and damages some in a checking run.
struct WireCounter {
  std::uint64_t data = 0, bare = 0;
  /// True if this frame is to be damaged. It is one in a thousand, so that fast retransmission repairs it.
  bool count(std::size_t frame_bytes, bool checking) {
    if (frame_bytes < 100) return ++bare, false;
    return ++data % 1000 == 500 && checking;
  }
};

Result run_lwip(const Work& work);
Result run_leat(const Work& work);

}  // namespace pipe_bench
