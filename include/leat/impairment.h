// Impairment: what a faulty link does to the frames that pass it, and what it has done. A Host on an impaired link
// (HostConfig::impairments) loses, delays, reorders, doubles, damages and queues frames as asked, in both directions
// or one; the same seed does the same again.
//
//   config.impairments = {*leat::Impairment::parse("in:loss=5%,delay=20ms,seed=1")};
//
// Each wire frame is judged alone: super-segments are split before and put together again behind. docs/emulator.md
// defines the distributions. Threading: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "leat/expected.h"
#include "leat/time.h"

namespace leat {

/// Which frames an impairment concerns: those for which all that is given holds. Empty: every frame.
struct FrameMatch {
  std::optional<std::uint8_t> tos{};  ///< IPv4's TOS byte or IPv6's traffic class, where tos_mask has ones
  std::uint8_t tos_mask = 0xff;
  std::optional<std::uint16_t> ether_type{};  ///< 0x0806 is ARP
  std::optional<std::uint8_t> protocol{};     ///< of IP: 6 is TCP
  std::optional<std::uint16_t> port{};        ///< TCP or UDP, source or destination
  std::optional<std::uint16_t> source_port{}, destination_port{};
  std::uint8_t tcp_flags = 0;  ///< all of these are set; 0x02 is SYN
  bool tcp_data = false;       ///< a TCP segment with payload

  bool operator==(const FrameMatch&) const = default;
  bool is_everything() const { return *this == FrameMatch{}; }
};

struct Impairment {
  enum class Direction : std::uint8_t {
    both,
    in,   ///< what comes from the device
    out,  ///< what is sent to it
  };

  Direction direction = Direction::both;
  FrameMatch match{};      ///< frames that do not match pass at once
  double loss = 0;         ///< chance that a frame is lost, 0..1
  double burst = 0;        ///< how many frames are lost in a row, on average, at least 1; 0: losses are independent
  Duration delay{};        ///< from the end of sending to the arrival
  Duration jitter{};       ///< the delay varies evenly from delay - jitter to delay + jitter; frames keep their order
  double reorder = 0;      ///< chance that a frame is not delayed and so overtakes others, 0..1; needs a delay
  double duplicate = 0;    ///< chance that a frame arrives twice, 0..1
  double corrupt = 0;      ///< chance that one bit of a frame's IP packet is flipped, 0..1; ARP is spared
  std::uint64_t rate = 0;  ///< bits a second, headers included, 1e3..1e12; 0: no limit
  /// With a rate: what may wait for its turn, the frame being sent included; more is dropped at the tail. One of the
  /// two is 0; when both are, 1000 frames may wait.
  std::uint32_t queue_frames = 0;
  std::uint64_t queue_bytes = 0;
  std::optional<std::uint64_t> seed{};  ///< else a random one

  bool operator==(const Impairment&) const = default;

  /// "[in:|out:]loss=5%,burst=3,delay=20ms,jitter=5ms,reorder=1%,duplicate=1%,corrupt=0.1%,rate=10mbit,queue=100,
  /// match=tos:0xa0,seed=7": any of these. The error is a sentence that says what is wanted.
  static expected<Impairment, std::string> parse(std::string_view text);
  /// What parse() reads.
  std::string to_string() const;
  /// What parse() refuses, for values that were set otherwise.
  expected<void, std::string> check() const;

  bool applies_in() const { return direction != Direction::out; }
  bool applies_out() const { return direction != Direction::in; }
};

/// What one impairment did in one direction so far. Frames that it did not concern are not counted.
struct ImpairmentCounters {
  std::uint64_t frames = 0, bytes = 0;  ///< seen
  std::uint64_t lost = 0;               ///< by loss
  std::uint64_t queue_drops = 0;        ///< because the queue before the rate was full
  /// Lost to the emulator's own limits: more than 64 MB on their way, no buffer left, a super-segment that is none.
  std::uint64_t refused = 0;
  std::uint64_t reordered = 0, duplicated = 0, corrupted = 0;
  Duration total_delay{};    ///< of all that were not dropped: waiting, sending and delay
  Duration longest_delay{};  ///< the longest of them
};

struct ImpairmentReport {
  Impairment impairment;  ///< its direction is in or out, its seed is known
  ImpairmentCounters counters;
};

}  // namespace leat
