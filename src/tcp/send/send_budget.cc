#include "tcp/send/send_budget.h"

namespace leat {

std::uint32_t SendBudget::burst(const BurstFacts& facts) {
  constexpr std::uint32_t kLargest = 65536;  // of Linux's super-segments
  std::uint64_t bytes = facts.most;
  if (facts.srtt > Duration::zero()) {
    // In slow start the rate is twice cwnd a round trip, later 120 % of it (Linux: tcp_pacing_ss_ratio, _ca_ratio).
    const std::uint64_t percent = facts.cwnd < facts.ssthresh / 2 ? 200 : 120;
    const std::uint64_t window = std::max(facts.cwnd, facts.in_flight);
    const auto nanoseconds = static_cast<std::uint64_t>(facts.srtt.count());
    bytes = window * percent * (10'000'000 / 1024) / nanoseconds;
    // Half as much for each half millisecond of round trip (Linux: tcp_tso_rtt_log = 9).
    const auto halves = std::chrono::duration_cast<std::chrono::microseconds>(facts.min_rtt).count() >> 9;
    if (halves < 16) bytes += kLargest >> halves;
    bytes = std::min<std::uint64_t>(bytes, facts.most);
  }
  const std::uint64_t segments = std::max<std::uint64_t>(bytes / facts.mss, facts.least_segments);
  const std::uint64_t most = std::max<std::uint64_t>(facts.most / facts.mss, 1);
  return static_cast<std::uint32_t>(std::min(segments, most) * facts.mss);
}

void SendBudget::remember(const CongestionController& controller) {
  cwnd_before_ = controller.cwnd();
  ssthresh_before_ = controller.ssthresh();
}

void SendBudget::on_congestion(const Congestion& signal, CongestionController& controller) {
  // RFC 5681 §3.2 step 2: what limited transmit has added to the flight does not count.
  const std::uint32_t flight = std::min(signal.flight, controller.cwnd());
  switch (signal.kind) {
    case Congestion::Kind::loss:
      remember(controller);
      prr_.begin(flight, controller.cwnd());
      return controller.on_loss_detected(flight, signal.now);
    case Congestion::Kind::repaired_loss: return controller.on_loss_detected(flight, signal.now);
    case Congestion::Kind::time_out:
      if (signal.first) remember(controller);
      prr_.end();
      return controller.on_timeout({signal.flight, signal.in_flight, signal.first, signal.nxt, signal.now});
    case Congestion::Kind::recovered: prr_.end(); return controller.on_recovery_exit(signal.now);
    case Congestion::Kind::undo: prr_.end(); return controller.on_undo(cwnd_before_, ssthresh_before_);
  }
}

}  // namespace leat
