// Impairment: faults of an emulated link, and their counters. A Host with HostConfig::impairments loses, delays,
// reorders, duplicates, corrupts and queues frames in one direction or both. The same seed and the same traffic give
// the same faults.
//
//   config.impairments = {*leat::Impairment::parse("in:loss=5%,delay=20ms,seed=1")};
//
// Each wire frame is judged alone: super-segments are split before the faults and joined again behind them.
// docs/emulator.md defines the distributions. Threading: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "leat/expected.h"
#include "leat/time.h"

namespace leat {

/// The frames that an impairment applies to: those that match every field that is set. Nothing set: all frames.
struct FrameMatch {
  std::optional<std::uint8_t> tos{};  ///< IPv4 TOS byte or IPv6 traffic class, compared where tos_mask has ones
  std::uint8_t tos_mask = 0xff;
  std::optional<std::uint16_t> ether_type{};  ///< such as 0x0806, ARP
  std::optional<std::uint8_t> protocol{};     ///< IP protocol, such as 6, TCP
  std::optional<std::uint16_t> port{};        ///< TCP or UDP port, source or destination
  std::optional<std::uint16_t> source_port{}, destination_port{};
  std::uint8_t tcp_flags = 0;  ///< flags that must be set, such as 0x02, SYN
  bool tcp_data = false;       ///< only TCP segments with payload

  bool operator==(const FrameMatch&) const = default;
  bool is_everything() const { return *this == FrameMatch{}; }
};

/// The faults of one link. Chances are 0..1.
struct Impairment {
  enum class Direction : std::uint8_t {
    both,
    in,   ///< frames received from the device
    out,  ///< frames sent to the device
  };

  Direction direction = Direction::both;
  FrameMatch match{};      ///< other frames pass unchanged and at once
  double loss = 0;         ///< chance that a frame is lost
  double burst = 0;        ///< mean number of frames lost in a row, at least 1; 0: losses are independent
  Duration delay{};        ///< time from the end of sending to the arrival
  Duration jitter{};       ///< delays are uniform in delay - jitter .. delay + jitter; frames keep their order
  double reorder = 0;      ///< chance that a frame is not delayed and thus overtakes others; needs a delay
  double duplicate = 0;    ///< chance that a frame arrives twice
  double corrupt = 0;      ///< chance that one bit of the IP packet is flipped; ARP is left alone
  std::uint64_t rate = 0;  ///< bits per second, headers included, 1e3..1e12; 0: no limit
  /// Size of the queue before the rate, in frames or in bytes, with the frame that is being sent. Further frames are
  /// dropped. At most one of the two is set; without either, the queue holds 1000 frames.
  std::uint32_t queue_frames = 0;
  std::uint64_t queue_bytes = 0;
  std::optional<std::uint64_t> seed{};  ///< default: a random seed

  bool operator==(const Impairment&) const = default;

  /// Reads any of "[in:|out:]loss=5%,burst=3,delay=20ms,jitter=5ms,reorder=1%,duplicate=1%,corrupt=0.1%,rate=10mbit,
  /// queue=100,match=tos:0xa0,seed=7". The error is a sentence that says what is expected.
  static expected<Impairment, std::string> parse(std::string_view text);
  /// The text that parse() reads.
  std::string to_string() const;
  /// Checks the ranges. parse() does it as well; call it for values that were set in code.
  expected<void, std::string> check() const;

  bool applies_in() const { return direction != Direction::out; }
  bool applies_out() const { return direction != Direction::in; }
};

/// Counters of one impairment in one direction. Frames that do not match it are not counted.
struct ImpairmentCounters {
  std::uint64_t frames = 0, bytes = 0;  ///< frames that matched
  std::uint64_t lost = 0;               ///< frames lost by `loss`
  std::uint64_t queue_drops = 0;        ///< frames dropped because the queue was full
  /// Frames dropped by a limit of the emulator: 64 MB in flight, no free buffer, or a malformed super-segment.
  std::uint64_t refused = 0;
  std::uint64_t reordered = 0, duplicated = 0, corrupted = 0;
  Duration total_delay{};    ///< sum over the frames that were not dropped: queue, sending and delay
  Duration longest_delay{};  ///< the longest delay of one frame
};

/// An impairment as it is in effect, and its counters.
struct ImpairmentReport {
  Impairment impairment;  ///< the direction is in or out, and the seed is set
  ImpairmentCounters counters;
};

}  // namespace leat
