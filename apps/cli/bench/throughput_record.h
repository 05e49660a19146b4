// What a throughput test has measured, and its texts: lines as iperf3 prints them, and JSON with iperf3's names.
// Values only. Filled by throughput_run.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/iperf_protocol.h"
#include "leat/address.h"
#include "leat/time.h"

namespace leat::command {

/// Of one stream: since the test began, or within an interval.
struct StreamFigures {
  unsigned number = 1;  ///< from 1
  std::uint64_t bytes = 0;
  // Of senders; what is not counted holds as it is now.
  std::uint64_t retransmits = 0;
  std::uint32_t cwnd = 0, snd_wnd = 0, pmtu = 0;
  Duration rtt{}, rttvar{};
};

struct Interval {
  Duration start{}, end{};  ///< since the test began
  bool omitted = false;
  std::vector<StreamFigures> streams;
};

/// Makes intervals of totals.
class IntervalMeter {
 public:
  void begin(std::vector<StreamFigures> totals);
  /// The interval since begin() or the last call; `now` since the test began.
  Interval mark(Duration now, const std::vector<StreamFigures>& totals, bool omitted = false);
  Duration last() const { return last_; }
  /// A byte has, since then.
  bool has_moved(const std::vector<StreamFigures>& totals) const;

 private:
  std::vector<StreamFigures> before_;
  Duration last_{};
};

/// What one side has seen of a stream.
struct StreamSide {
  std::uint64_t bytes = 0;
  Duration time{};
  std::optional<std::uint64_t> retransmits;
};
struct StreamRecord {
  unsigned number = 1;
  Endpoint local, remote;
  std::optional<StreamSide> sent, received;
};
/// In per cent of one processor.
struct CpuUse {
  double total = 0, user = 0, system = 0;
};

struct ThroughputRecord {
  bool is_server = false;
  bool is_sender = false;  ///< this side is
  std::string host;        ///< as the user calls the other side
  Endpoint remote;         ///< of the control connection
  std::string cookie;
  iperf::Parameters parameters;
  std::vector<StreamRecord> streams;
  std::vector<Interval> intervals;
  std::optional<CpuUse> local_cpu, remote_cpu;
  std::string local_congestion, remote_congestion;
  std::string error;
};

/// Of all streams that the sending, or the receiving, side has told about; nothing: of none.
std::optional<StreamSide> sum_of(const ThroughputRecord& record, bool sent);

std::string opened_text(const StreamRecord& stream);
/// The line above intervals.
std::string heading_text(bool is_sender);
/// A line for each stream, and one for their sum when there are several.
std::string interval_text(const Interval& interval, bool is_sender);
std::string summary_text(const ThroughputRecord& record);
/// With a line's end.
std::string json_text(const ThroughputRecord& record);

// In three digits, as iperf3 does: bytes by powers of 1024, bits by powers of 1000.
std::string transfer_text(double bytes);
std::string bitrate_text(double bits_per_second);

}  // namespace leat::command
