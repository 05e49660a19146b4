// Path: frames in and out of user space by one of the kernel's ways, as directly as it goes. Nothing of Leat's devices
// is used here: this is what they are measured against.
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
inline constexpr std::size_t kSuperPayload = 44 * kMss;  // as much as fits into an IPv4 datagram
inline constexpr std::size_t kBurst = 64;                // frames a system call, where it takes several

struct Frame {
  const std::uint8_t* data;
  std::size_t size;
  bool checksum_is_good;  ///< the kernel says so, or has left it out
};

class Path {
 public:
  virtual ~Path() = default;

  /// What one frame carries. More than kMss: the kernel cuts it, and fills in its checksum.
  virtual std::size_t most_payload() const = 0;
  bool completes_checksums() const { return most_payload() > kMss; }

  /// What has arrived, good until the next call.
  virtual std::span<const Frame> receive() = 0;
  /// Where the next frame may be written, or null when there is no room now.
  virtual std::uint8_t* room() = 0;
  /// The frame of `size` bytes written there goes out, with the next flush() at the latest.
  virtual void queue(std::size_t size) = 0;
  virtual void flush() {}
  /// To poll for what arrives.
  virtual int descriptor() const = 0;

  /// How often the kernel was asked for frames, or to send some.
  std::uint64_t receive_calls = 0, send_calls = 0;
};

std::unique_ptr<Path> open_tap_super(const std::string& interface);
std::unique_ptr<Path> open_tap_plain(const std::string& interface);
std::unique_ptr<Path> open_tap_batch(const std::string& interface);
std::unique_ptr<Path> open_packet_super(const std::string& interface);
std::unique_ptr<Path> open_packet_plain(const std::string& interface);
std::unique_ptr<Path> open_xdp(const std::string& interface);

/// Says what the system call that failed was for, and ends the program.
[[noreturn]] void fail(const char* what);

}  // namespace leat::path_limit
