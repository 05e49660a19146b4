// SendBudget: how much a connection may send now. It holds what limits sending beside the peer's window: the congestion
// window, proportional rate reduction (PRR) in its place during fast recovery, the size of a burst, and the occasions
// on which one segment may go whatever the windows say. It passes congestion signals on to the controller.
#pragma once

#include <algorithm>
#include <cstdint>

#include "leat/time.h"
#include "tcp/congestion/controller.h"
#include "tcp/loss/congestion_signal.h"
#include "tcp/loss/prr.h"

namespace leat {

class SendBudget {
 public:
  void on_congestion(const Congestion& signal, CongestionController& controller);
  /// An ACK during fast recovery, or its beginning. Call it after the signals of the same verdict.
  void on_delivered(const Prr::Ack& ack, const CongestionController& controller, std::uint32_t mss) {
    if (prr_.running()) prr_.on_ack(ack, controller.ssthresh(), mss);
  }
  void on_sent(std::uint32_t bytes) {
    if (prr_.running()) prr_.on_sent(bytes);
  }
  /// Segments were too large for the path. Replacing them is no reaction to congestion.
  void end_reduction() { prr_.end(); }

  std::uint32_t cwnd(const CongestionController& controller) const {
    return prr_.running() && controller.reduces_proportionally() ? prr_.cwnd() : controller.cwnd();
  }

  /// The persist timer lets the next new segment go although it is small.
  void override_window() { overrides_window_ = true; }
  bool overrides_window() const { return overrides_window_; }
  void on_new_sent() { overrides_window_ = false; }

  /// After a time-out the next lost segment goes although the congestion window is full.
  void retransmit_now() { retransmits_now_ = true; }
  bool retransmits_now() const { return retransmits_now_; }
  void on_lost_sent() { retransmits_now_ = false; }

  struct BurstFacts {
    std::uint32_t mss = 0, cwnd = 0, ssthresh = 0, in_flight = 0;  ///< bytes
    Duration srtt{}, min_rtt{};                                    ///< zero: not measured yet
    unsigned least_segments = 2;
    std::uint32_t most = 0;  ///< bytes that the path takes in one piece
  };
  /// Payload of the next super-segment, whole segments (Linux: tcp_tso_autosize): what leaves within 1/1024 s at the
  /// rate at which cwnd is sent, more where the round trip is short, and at least TcpSettings::least_burst segments.
  static std::uint32_t burst(const BurstFacts& facts);

 private:
  void remember(const CongestionController& controller);

  Prr prr_;
  std::uint32_t cwnd_before_ = 0, ssthresh_before_ = 0;  ///< before the last reduction, for an undo
  bool overrides_window_ = false;
  bool retransmits_now_ = false;
};

}  // namespace leat
