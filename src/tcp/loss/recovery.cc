#include "tcp/loss/recovery.h"

#include <algorithm>

namespace leat {

void Recovery::start(const Start& start) {
  board_.start(start.at);
  board_.set_mss(start.mss);
  rack_.start(start.learned);
  undo_ = {};
  probe_ = {};
  high_ = start.at;
  credit_ = unreported_ = 0;
  resent_at_ = {};
  state_ = CongestionState::open;
  sack_ = start.sack;
  frto_ = holds_ = postponed_ = reducing_ = false;
}

bool Recovery::is_at_rest(Duration rto, Instant now) const {
  if (board_.ranges() > 0 || state_ != CongestionState::open || probe_.outstanding() || reducing_) return false;
  const Instant long_ago = now - 2 * rto;
  const bool awaits_report = unreported_ > 0 || undo_.possible();
  return rack_.has_settled(long_ago) && (!awaits_report || resent_at_ < long_ago);
}

Recovery::Verdict Recovery::on_ack(const Ack& ack, const Path& path) {
  Verdict verdict;
  holds_ = false;
  postponed_ = false;
  verdict.una_before = board_.begin();
  verdict.delivery.sacked_before = board_.highest_sacked();
  verdict.delivery.high = high_;
  verdict.delivery.plausible_until = ack.now - path.min_rtt;
  const bool outstanding = board_.end() > board_.begin();
  const std::uint64_t losses = board_.losses();
  if (ack.sack_count > 0) take_sacks(ack, verdict);
  const StreamPos highest = board_.highest_sacked();
  if (ack.ack > board_.begin()) {
    verdict.advanced = true;
    // RFC 8985 §6.2 step 2: an ACK that arrives sooner than any before, or that echoes an older timestamp, does not
    // answer a retransmission. Out-of-order data echoes the timestamp of data in order, so SACKs are judged by time
    // only.
    constexpr Duration kWithinTick = std::chrono::milliseconds(1) - Duration(1);
    if (ack.echoed) {
      verdict.delivery.plausible_until = std::min(verdict.delivery.plausible_until, *ack.echoed + kWithinTick);
    }
    board_.acknowledge(ack.ack, verdict.delivery);
    if (!sack_) {
      take_from_credit(path.mss, verdict);
      // Without SACK the retransmission alone may have caused the acknowledgement (as Linux).
      verdict.delivery.original_below_high &= !verdict.delivery.retransmitted;
    }
  }
  const bool sacked = verdict.delivery.sacked > 0;
  verdict.duplicate = outstanding && !verdict.advanced && (ack.may_be_duplicate || sacked);
  if (sack_) {
    check_reordering(verdict.delivery.reordered_from, highest, path, verdict);
    rack_.on_delivered(verdict.delivery.newest, ack.now);
    rack_.update_window(verdict.delivery.newest, ack.now);
  }
  process_probe(ack, verdict);
  const bool dubious = verdict.duplicate || sacked || state_ != CongestionState::open;
  if ((outstanding && dubious) || verdict.duplicates_reported > 0) process(ack, path, verdict);
  verdict.reduces = reducing_;
  verdict.safe = verdict.advanced && board_.losses() == losses;
  return verdict;
}

// RFC 2883 §4: a first block below the acknowledgement, or within the second one, reports a duplicate.
bool Recovery::is_dsack(const Ack& ack) const {
  const Ack::Block& first = ack.sacks[0];
  if (first.begin >= first.end || first.end > board_.end()) return false;
  if (first.end - first.begin > StreamPos{ack.largest_window}) return false;
  if (first.begin < ack.ack) return true;
  return ack.sack_count > 1 && first.begin >= ack.sacks[1].begin && first.end <= ack.sacks[1].end;
}

void Recovery::take_dsack(const Ack& ack, Verdict& verdict) {
  const Ack::Block& block = ack.sacks[0];
  verdict.duplicates_reported = static_cast<std::uint32_t>(block.end - block.begin);
  verdict.events.add(LossEvent::dsack_received);
  // A peer that reports more bytes than were retransmitted does not report our retransmissions (RFC 3708 §2; Linux:
  // tcp_dsack_seen).
  unreported_ -= verdict.duplicates_reported;
  if (unreported_ < 0) return;
  const bool of_probe = probe_.outstanding() && probe_.was_resent() && block.end == probe_.end();
  // If no reordering was seen, the network has made the copy (as Linux).
  if (!of_probe && rack_.reordering_seen()) rack_.on_duplicate_report();
  if (undo_.possible()) undo_.on_duplicate(resent_within(block));
}

// The scoreboard has forgotten acknowledged data, so the peer is believed that it was retransmitted. The scoreboard
// knows about the rest.
std::uint32_t Recovery::resent_within(const Ack::Block& block) const {
  const StreamPos begin = std::max(block.begin, undo_.marker());
  const StreamPos forgotten = std::max<StreamPos>(std::min(block.end, board_.begin()) - begin, 0);
  return static_cast<std::uint32_t>(forgotten) + board_.ever_resent(begin, block.end);
}

void Recovery::take_sacks(const Ack& ack, Verdict& verdict) {
  if (!sack_) return;
  if (is_dsack(ack)) take_dsack(ack, verdict);
  // Blocks are taken in stream order. Otherwise a single ACK would look reordered.
  std::array<Ack::Block, 4> blocks = ack.sacks;
  for (std::size_t i = 1; i < ack.sack_count; ++i) {
    for (std::size_t k = i; k > 0 && blocks[k].begin < blocks[k - 1].begin; --k) std::swap(blocks[k], blocks[k - 1]);
  }
  for (std::size_t i = 0; i < ack.sack_count; ++i) {
    const Ack::Block& block = blocks[i];
    // A block beyond SND.NXT is ignored: RFC 2018 §5 trusts the peer, we do not.
    if (block.begin < block.end && block.end <= board_.end() && block.begin >= board_.begin()) {
      board_.sack(block.begin, block.end, verdict.delivery);
    }
  }
}

void Recovery::check_reordering(StreamPos from, StreamPos highest, const Path& path, Verdict& verdict) {
  if (from >= highest) return;
  if (state_ == CongestionState::loss && !undo_.possible()) return;
  rack_.on_reordering(highest - from, path.mss);
  verdict.events.add(LossEvent::reordering);
}

void Recovery::process_probe(const Ack& ack, Verdict& verdict) {
  TailProbe::Ack in;
  in.ack = ack.ack;
  in.plain_duplicate = !verdict.advanced && ack.may_be_duplicate && verdict.delivery.sacked == 0;
  in.duplicate_of_probe = verdict.duplicates_reported > 0 && ack.sacks[0].end == probe_.end();
  if (!probe_.on_ack(in)) return;
  // The loss was real. No ACK reveals a loss that a probe has repaired (RFC 8985 §7.4.2).
  verdict.congestion.add(congestion(Congestion::Kind::repaired_loss, ack.now));
  verdict.events.add(LossEvent::probe_recovery);
}

// The order of these steps is that of Linux's tcp_fastretrans_alert.
void Recovery::process(const Ack& ack, const Path& path, Verdict& verdict) {
  if (verdict.advanced && board_.first_is_sacked()) {
    verdict.reneged = holds_ = true;
    return;
  }
  if (state_ == CongestionState::open) {
    undo_.nothing_resent();
  } else if (state_ == CongestionState::recovery && board_.begin() >= high_) {
    finish_recovery(ack, verdict);
    if (state_ == CongestionState::recovery) return;
  }
  if (state_ == CongestionState::recovery) {
    if (!process_recovery(ack, path, verdict)) return;
  } else {
    if (state_ == CongestionState::loss) {
      process_loss(ack, path, verdict);
      const bool lost_again = identify_losses(path, ack, verdict);
      if (state_ != CongestionState::open && !lost_again) return;
    }
    if (!sack_ && verdict.advanced) credit_ = 0;
    if (!sack_ && verdict.duplicate) add_duplicate(path.mss, verdict);
    if (state_ != CongestionState::loss) undo_by_dsack(ack, verdict);
    identify_losses(path, ack, verdict);
  }
  if (board_.lost() == 0) return open();
  begin_recovery(ack.now, verdict);
}

/// False when fast recovery goes on.
bool Recovery::process_recovery(const Ack& ack, const Path& path, Verdict& verdict) {
  if (!verdict.advanced) {
    if (!sack_ && verdict.duplicate) add_duplicate(path.mss, verdict);
  } else if (undo_partial(ack, path, verdict)) {
    return false;
  }
  if (undo_by_dsack(ack, verdict)) open();
  identify_losses(path, ack, verdict);
  return state_ != CongestionState::recovery;
}

void Recovery::finish_recovery(const Ack& ack, Verdict& verdict) {
  if (!sack_) credit_ = 0;
  const bool undone = undo_recovery(ack, verdict);
  if (waits_for_more_than_high()) return;
  state_ = CongestionState::open;
  reducing_ = false;
  if (!undone) verdict.congestion.add(congestion(Congestion::Kind::recovered, ack.now));
}

// RFC 5682: a time-out was spurious if data is acknowledged that was never retransmitted.
void Recovery::process_loss(const Ack& ack, const Path& path, Verdict& verdict) {
  const bool recovered = board_.begin() >= high_;
  if (verdict.advanced && undo_loss(ack, false, verdict)) return;
  if (frto_) {
    if (verdict.delivery.original_below_high && undo_loss(ack, true, verdict)) return;
    if (board_.end() > high_) {
      if (verdict.duplicate || verdict.delivery.sacked > 0) frto_ = false;
    } else if (verdict.advanced && !recovered) {
      high_ = board_.end();
      if (ack.new_data_waits) {
        verdict.send_new_first = true;
        return;
      }
      frto_ = false;
    }
  }
  if (recovered) {
    undo_recovery(ack, verdict);
    if (!waits_for_more_than_high()) state_ = CongestionState::open;
    return;
  }
  if (sack_) return;
  // A duplicate ACK means that new data has arrived, so lost data may be retransmitted in its place.
  if (board_.end() > high_ && verdict.duplicate) {
    add_duplicate(path.mss, verdict);
  } else if (verdict.advanced) {
    credit_ = 0;
  }
}

bool Recovery::identify_losses(const Path& path, const Ack& ack, Verdict& verdict) {
  if (board_.ranges() == 0) return false;
  const std::uint32_t resent = board_.resent();
  const bool recovering = state_ == CongestionState::recovery || state_ == CongestionState::loss;
  if (sack_) {
    if (ack.more_follow) {  // the next ACK may show that the data was only reordered
      postponed_ = true;
      return false;
    }
    const Duration window = rack_.reordering_window(sacked_segments(path.mss), recovering, path.min_rtt, path.srtt);
    // One ACK may be judged twice. The second pass must not shorten the wait.
    verdict.wait = std::max(verdict.wait, rack_.detect(board_, window, ack.now));
  } else {
    const bool third = !recovering && sacked_segments(path.mss) >= rack_.reordering();
    const bool partial = state_ == CongestionState::recovery && verdict.advanced;
    if ((third || partial) && !board_.first_is_lost()) {
      board_.lose(board_.begin(), board_.begin() + path.mss,
                  third ? LossReason::duplicate_acks : LossReason::partial_ack);
    }
  }
  const bool lost_again = board_.resent() < resent;
  if (lost_again) verdict.events.add(LossEvent::retransmission_lost);
  return lost_again;
}

Congestion Recovery::congestion(Congestion::Kind kind, Instant now) const {
  const std::uint32_t flight = static_cast<std::uint32_t>(board_.end() - board_.begin());
  return {kind, false, flight, static_cast<std::uint32_t>(in_flight()), board_.end(), now};
}

void Recovery::begin_recovery(Instant now, Verdict& verdict) {
  verdict.events.add(sack_ ? LossEvent::sack_recovery : LossEvent::reno_recovery);
  undo_.begin(board_.begin(), board_.resent());
  verdict.congestion.add(congestion(Congestion::Kind::loss, now));
  probe_.forget();
  reducing_ = true;
  high_ = board_.end();
  state_ = CongestionState::recovery;
  verdict.began = true;
}

void Recovery::open() {
  if (!anything_resent()) undo_.nothing_resent();
  const bool disorder = sacked() > 0 || board_.lost() > 0 || anything_resent();
  const CongestionState next = disorder ? CongestionState::disorder : CongestionState::open;
  if (next == state_) return;
  state_ = next;
  high_ = board_.end();
}

Recovery::Verdict Recovery::on_timeout(unsigned time_outs, const Path& path, Instant now) {
  Verdict verdict;
  LossEvents& events = verdict.events;
  holds_ = postponed_ = false;
  const bool fresh = state_ == CongestionState::open || state_ == CongestionState::disorder;
  const bool first = fresh || board_.begin() >= high_ || (state_ == CongestionState::loss && time_outs == 0);
  if (state_ == CongestionState::recovery) events.add(LossEvent::recovery_failed);
  if (state_ == CongestionState::loss) events.add(LossEvent::loss_failed);
  if (fresh && sacked_segments(path.mss) >= Rack::kDuplicateThreshold) rack_.be_less_patient();
  if (board_.first_is_sacked()) {
    events.add(LossEvent::reneging);
    board_.forget_sacks();
    board_.lose_all(Instant::max(), LossReason::reneged);
  } else {
    board_.lose_all(now - (rack_.rtt() > Duration::zero() ? rack_.rtt() : path.srtt), LossReason::time_out);
  }
  credit_ = 0;
  if (first) undo_.begin(board_.begin(), board_.resent());
  Congestion signal = congestion(Congestion::Kind::time_out, now);
  signal.first = first;
  verdict.congestion.add(signal);
  reducing_ = false;
  probe_.forget();
  state_ = CongestionState::loss;
  high_ = board_.end();
  frto_ = fresh || time_outs > 0;
  return verdict;
}

Recovery::Verdict Recovery::on_waited(const Path& path, Instant now) {
  Verdict verdict;
  postponed_ = false;
  const std::uint32_t resent = board_.resent();
  const std::int64_t before = in_flight();
  const bool recovering = state_ == CongestionState::recovery || state_ == CongestionState::loss;
  verdict.wait =
      rack_.judge(board_, rack_.reordering_window(sacked_segments(path.mss), recovering, path.min_rtt, path.srtt), now);
  if (board_.resent() < resent) verdict.events.add(LossEvent::retransmission_lost);
  if (in_flight() == before || state_ == CongestionState::recovery) return verdict;
  begin_recovery(now, verdict);
  return verdict;
}

void Recovery::on_smaller_path() {
  board_.lose_all(Instant::max(), LossReason::smaller_path);
  credit_ = 0;
  if (state_ == CongestionState::loss) return;
  undo_.forget();
  reducing_ = false;
  high_ = board_.end();
  state_ = CongestionState::loss;
  frto_ = false;
}

void Recovery::on_sent(StreamPos end, Instant now) { board_.sent(end, now); }

void Recovery::on_resent(StreamPos begin, StreamPos end, Instant now) {
  const std::uint32_t length = static_cast<std::uint32_t>(end - begin);
  unreported_ += length;
  resent_at_ = now;
  board_.sent_again(begin, end, now);
  undo_.on_resent(length, now);
}

// Linux: tcp_add_reno_sack.
void Recovery::add_duplicate(std::uint32_t mss, Verdict& verdict) {
  const std::int64_t before = credit();
  credit_ = before + mss;
  credit_ = credit();
  verdict.delivery.bytes += static_cast<std::uint32_t>(credit_ - before);
}

// One acknowledged segment was the hole. Duplicate ACKs have counted the rest already (Linux: tcp_remove_reno_sacks).
void Recovery::take_from_credit(std::uint32_t mss, Verdict& verdict) {
  const std::int64_t acked = verdict.delivery.bytes;
  const std::int64_t told = std::min<std::int64_t>(credit_, std::max<std::int64_t>(acked - mss, 0));
  verdict.delivery.bytes = static_cast<std::uint32_t>(acked - told);
  credit_ -= told;
}

}  // namespace leat
