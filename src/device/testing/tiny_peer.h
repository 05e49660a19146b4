// TinyPeer: the least of a TCP peer, by hand, over any device: enough to make the kernel on the other side send and
// take real segments, so that devices are tested against frames that nobody here invented.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/device.h"

namespace leat::testing {

/// One TCP segment as it was received, with its frame.
struct TinySegment {
  std::uint8_t flags = 0;
  std::uint16_t source_port = 0;
  std::uint32_t seq = 0, ack = 0;
  std::size_t payload = 0;  ///< bytes
};

class TinyPeer {
 public:
  static constexpr std::uint16_t kPort = 80;

  /// `kernel_mac` is where frames go; unused without a link layer.
  TinyPeer(std::unique_ptr<Device> device, MacAddress kernel_mac, IpAddress ours, IpAddress kernels);

  Device& device() { return *device_; }
  BufferPool& pool() { return pool_; }

  /// Waits for a frame that `wanted` accepts; earlier ones are dropped. Nothing after five seconds.
  std::optional<Packet> await(const std::function<bool(const Packet&)>& wanted);
  /// Waits for a TCP segment; its packet goes to `packet` when given.
  std::optional<TinySegment> await_segment(Packet* packet = nullptr);
  /// The segment in a packet, if it is one.
  std::optional<TinySegment> parse(const Packet& packet) const;

  /// Sends a frame or datagram as it is; true when the device took it.
  bool send(Packet packet);
  /// Sends one segment from kPort with a partial checksum where the device completes it, as a super-segment when
  /// gso_size is not 0.
  bool send_segment(const TinySegment& segment, Bytes options, Bytes payload, std::uint16_t gso_size = 0);

  /// Lets a kernel socket that connects to kPort succeed; the numbers to go on with, as a segment to send.
  std::optional<TinySegment> answer_handshake();

 private:
  std::size_t ip_at() const { return device_->caps().has_link_layer ? 14 : 0; }
  void write_headers(const TinySegment& segment, std::uint16_t tcp_header, Packet& packet) const;

  BufferPool pool_;
  std::unique_ptr<Device> device_;
  std::deque<Packet> waiting_;  ///< received, not looked at yet
  MacAddress kernel_mac_;
  IpAddress ours_, kernels_;
};

}  // namespace leat::testing
