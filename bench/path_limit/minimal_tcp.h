// MinimalTcp: a TCP server that does only the unavoidable work: headers without options, one copy with the checksum in
// the same pass, one ACK for a burst, and as much in flight as the window of the peer allows.
//
// It has no recovery, congestion control, reassembly or timers. The paths lose nothing while their queues hold all data
// in flight, which is limited accordingly. After a loss it goes back and sends again after a pause. It counts such
// pauses, and a run with pauses is not meaningful.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "headers.h"
#include "path.h"

namespace leat::path_limit {

/// The most bytes in flight.
struct Windows {
  std::uint32_t receive, send;
};

class MinimalTcp {
 public:
  /// The distance of two sequence numbers, modulo 2^32 (RFC 9293 §3.4).
  static std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }
  struct Before {
    bool operator()(std::uint32_t a, std::uint32_t b) const { return distance(a, b) > 0; }
  };

  /// A connection of the peer.
  struct Flow {
    bool open = false;
    Headers peer{};  ///< headers for sending, without the fields that change
    std::uint32_t snd_una = 0, snd_nxt = 0, snd_wnd = 0, rcv_nxt = 0;
    unsigned window_scale = 0;
    std::uint32_t unacknowledged = 0;  ///< bytes received since the last ACK
    std::uint64_t received = 0, acknowledged = 0;
    std::string text;  ///< received data; only the beginning of a bulk flow
    std::map<std::uint32_t, std::vector<std::uint8_t>, Before>
        early;  ///< frames that arrived early, by sequence number
  };

  MinimalTcp(Path& path, in_addr_t address, std::uint16_t port, Windows windows)
      : path_(path), address_(address), port_(htons(port)), windows_(windows) {}

  /// The connections in the order of opening.
  Flow& flow(std::size_t i) { return flows_[i]; }
  /// Receives and acknowledges frames. Returns false if none had arrived.
  bool receive();
  /// Sends a few bytes at once.
  void send(Flow& flow, const std::string& text);
  /// Sends a burst of endless data within the window. Returns false if the window is full.
  bool send_bulk(Flow& flow);
  void reset(Flow& flow);

  std::uint64_t frames_in = 0, frames_out = 0, acks = 0, overtaken = 0, lost = 0, bad = 0;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kBlock = 128 << 10;  // block of the application, as in iperf3
  static constexpr std::size_t kText = 64 << 10;    // most text of a flow

  void take(const Frame& frame);
  void answer_arp(const Frame& frame);
  void take_segment(Flow& flow, const Frame& frame);
  void take_data(Flow& flow, const Frame& frame, std::size_t at, std::size_t size);
  void open(const Headers& syn, const Frame& frame);
  Flow* find(const Headers& headers);
  void acknowledge(Flow& flow);
  void transmit(Flow& flow, std::uint8_t flags, const std::uint8_t* data, std::size_t size);
  bool in_flight_for_too_long(const Flow& flow);

  Path& path_;
  in_addr_t address_;
  std::uint16_t port_;
  Windows windows_;
  std::array<Flow, 2> flows_;
  Clock::time_point progress_ = Clock::now(), last_arrival_ = progress_;
  std::size_t reading_ = 0, writing_ = 0;  // positions in the blocks
  std::array<std::uint8_t, kBlock + kSuperPayload> sink_{}, source_{};
};

}  // namespace leat::path_limit
