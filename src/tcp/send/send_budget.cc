#include "tcp/send/send_budget.h"

namespace leat {

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
