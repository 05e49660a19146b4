// MinimalTcp: a server's TCP that does what a path makes unavoidable, and no more. Headers without options, one copy
// with the checksum in the same pass, an ACK for what a burst brought, as much in flight as the peer's window allows.
//
// It has no recovery, no congestion control, no reassembly and no timers. The paths here lose nothing while less than
// their queues hold is in flight, which is bounded for that. What is lost all the same is sent again from there on
// after a pause, and counted: a run with such pauses says little.
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

/// How much may be in flight, in bytes.
struct Windows {
  std::uint32_t receive, send;
};

class MinimalTcp {
 public:
  /// Of sequence numbers, modulo 2^32 (RFC 9293 §3.4).
  static std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }
  struct Before {
    bool operator()(std::uint32_t a, std::uint32_t b) const { return distance(a, b) > 0; }
  };

  /// One of the peer's connections to our port.
  struct Flow {
    bool open = false;
    Headers peer{};  ///< the headers of what we send, but for what changes
    std::uint32_t snd_una = 0, snd_nxt = 0, snd_wnd = 0, rcv_nxt = 0;
    unsigned window_scale = 0;
    std::uint32_t unacknowledged = 0;  ///< bytes that came since our last ACK
    std::uint64_t received = 0, acknowledged = 0;
    std::string text;  ///< what came; of a bulk flow the beginning only
    std::map<std::uint32_t, std::vector<std::uint8_t>, Before>
        early;  ///< frames that have overtaken others, by their numbers
  };

  MinimalTcp(Path& path, in_addr_t address, std::uint16_t port, Windows windows)
      : path_(path), address_(address), port_(htons(port)), windows_(windows) {}

  /// In the order in which they were opened.
  Flow& flow(std::size_t i) { return flows_[i]; }
  /// Takes what has arrived, and acknowledges it; false when there was nothing.
  bool receive();
  /// A few bytes, at once.
  void send(Flow& flow, const std::string& text);
  /// A burst of endless data, as the window allows; false when it does not.
  bool send_bulk(Flow& flow);
  void reset(Flow& flow);

  std::uint64_t frames_in = 0, frames_out = 0, acks = 0, overtaken = 0, lost = 0, bad = 0;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kBlock = 128 << 10;  // the application's, as iperf3's
  static constexpr std::size_t kText = 64 << 10;    // of a flow

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
  std::size_t reading_ = 0, writing_ = 0;  // where in the blocks
  std::array<std::uint8_t, kBlock + kSuperPayload> sink_{}, source_{};
};

}  // namespace leat::path_limit
