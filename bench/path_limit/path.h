// Path: one of the kernel's paths for frames into and out of user space, used as directly as possible. It uses no code
// of Leat's devices, because they are compared with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace leat::path_limit {

inline constexpr std::size_t kHeaders = 54;  // Ethernet, IPv4 and TCP, without options
inline constexpr std::size_t kMss = 1460;
inline constexpr std::size_t kFrame = 1514;
inline constexpr std::size_t kSuperPayload = 44 * kMss;  // the most that fits into an IPv4 datagram
inline constexpr std::size_t kBurst = 64;                // frames in a system call that takes several

struct Frame {
  const std::uint8_t* data;
  std::size_t size;
  bool checksum_is_good;  ///< the kernel has verified or omitted it
};

class Path {
 public:
  virtual ~Path() = default;

  /// Payload bytes of a frame. With more than kMss the kernel splits it and fills in the checksums.
  virtual std::size_t most_payload() const = 0;
  bool completes_checksums() const { return most_payload() > kMss; }

  /// The received frames, valid until the next call.
  virtual std::span<const Frame> receive() = 0;
  /// Room for the next frame, or nullptr if there is none now.
  virtual std::uint8_t* room() = 0;
  /// Sends the frame of `size` bytes in that room, with the next flush() at the latest.
  virtual void queue(std::size_t size) = 0;
  virtual void flush() {}
  /// A descriptor to poll for frames.
  virtual int descriptor() const = 0;

  /// The number of system calls that received or sent frames.
  std::uint64_t receive_calls = 0, send_calls = 0;
};

std::unique_ptr<Path> open_tap_super(const std::string& interface);
std::unique_ptr<Path> open_tap_plain(const std::string& interface);
std::unique_ptr<Path> open_tap_batch(const std::string& interface);
std::unique_ptr<Path> open_packet_super(const std::string& interface);
std::unique_ptr<Path> open_packet_plain(const std::string& interface);
std::unique_ptr<Path> open_xdp(const std::string& interface);

/// Reports a failed system call and its purpose, and ends the program.
[[noreturn]] void fail(const char* what);

}  // namespace leat::path_limit
