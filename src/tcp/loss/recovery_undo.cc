// Undoes the reaction to a loss that turns out to be none (RFC 4015, RFC 3708, RFC 5682 §3).
#include <algorithm>

#include "tcp/loss/recovery.h"

namespace leat {

bool Recovery::is_unnecessary(const Ack& ack) const {
  if (!undo_.possible()) return false;
  if (undo_.all_were_duplicates()) return true;
  // Without SACK the time of the first retransmission is forgotten while more than `high_` is awaited.
  if (!sack_ && !undo_.resent_lately() && board_.begin() >= high_) return false;
  return undo_.is_answered_before(ack.echoed);
}

void Recovery::undo(const Ack& ack, bool forgive, Verdict& verdict) {
  if (forgive) board_.forgive_losses();
  verdict.congestion.add(congestion(Congestion::Kind::undo, ack.now));
  undo_.forget();
  reducing_ = false;
  rack_.look_again();
}

// RFC 6582 §3.2 step 1: without SACK, duplicate ACKs for the data just before `high_` mean nothing until more than that
// is acknowledged.
bool Recovery::waits_for_more_than_high() {
  if (sack_ || board_.begin() != high_) return false;
  if (!anything_resent()) undo_.nothing_resent();
  return true;
}

bool Recovery::undo_recovery(const Ack& ack, Verdict& verdict) {
  if (!is_unnecessary(ack)) {
    rack_.on_recovered();
    return false;
  }
  verdict.events.add(state_ == CongestionState::loss ? LossEvent::loss_undo : LossEvent::full_undo);
  undo(ack, false, verdict);
  return true;
}

/// True when nothing more is to be judged lost, because retransmissions are in flight.
bool Recovery::undo_partial(const Ack& ack, const Path& path, Verdict& verdict) {
  if (!undo_.possible() || !undo_.is_answered_before(ack.echoed)) return false;
  check_reordering(verdict.una_before, board_.highest_sacked(), path, verdict);
  if (board_.resent() > 0) return true;
  undo(ack, true, verdict);
  verdict.events.add(LossEvent::partial_undo);
  open();
  return false;
}

bool Recovery::undo_by_dsack(const Ack& ack, Verdict& verdict) {
  if (!undo_.all_were_duplicates()) return false;
  rack_.on_undone();
  verdict.events.add(LossEvent::dsack_undo);
  undo(ack, false, verdict);
  return true;
}

bool Recovery::undo_loss(const Ack& ack, bool proven, Verdict& verdict) {
  if (!proven && !is_unnecessary(ack)) return false;
  undo(ack, true, verdict);
  verdict.events.add(LossEvent::loss_undo);
  if (proven) verdict.events.add(LossEvent::spurious_time_out);
  if (proven || sack_) state_ = CongestionState::open;
  return true;
}

}  // namespace leat
