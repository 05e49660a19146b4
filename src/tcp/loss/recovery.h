// Recovery: decides what is lost, what to retransmit, and when a retransmission was unnecessary. The states are
// Linux's: open, disorder (data arrived out of order), recovery (fast recovery), loss (after a time-out).
//
// It mediates between Scoreboard (what arrived), Rack (what is lost), TailProbe and Undo. With SACK it finds losses
// by RFC 8985, without SACK by RFC 6582. The connection passes it every acknowledgement, everything sent and its
// timers, and asks in_flight() and next_lost() before it sends. SendBudget limits how much may be sent. A verdict holds
// the congestion signals for it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "leat/tcp_info.h"
#include "tcp/loss/congestion_signal.h"
#include "tcp/loss/rack.h"
#include "tcp/loss/scoreboard.h"
#include "tcp/loss/tail_probe.h"
#include "tcp/loss/undo.h"

namespace leat {

/// The events in an ACK or a time-out that are counted.
enum class LossEvent : std::uint8_t {
  reno_recovery,    ///< fast recovery began without SACK
  sack_recovery,    ///< fast recovery began with SACK
  recovery_failed,  ///< a time-out within fast recovery
  loss_failed,      ///< a time-out within the recovery from one
  reordering,
  full_undo,     ///< timestamps show that a fast recovery was unnecessary
  partial_undo,  ///< the same, while fast recovery was under way, which ended it
  dsack_undo,
  loss_undo,          ///< the retransmissions after a time-out were unnecessary
  spurious_time_out,  ///< F-RTO
  retransmission_lost,
  reneging,
  dsack_received,
  probe_recovery,  ///< a tail probe has repaired a loss
};

class LossEvents {
 public:
  void add(LossEvent event) { bits_ |= 1u << static_cast<unsigned>(event); }
  bool has(LossEvent event) const { return (bits_ >> static_cast<unsigned>(event) & 1u) != 0; }
  bool any() const { return bits_ != 0; }

 private:
  std::uint32_t bits_ = 0;
};

class Recovery {
 public:
  /// The path, as known before an ACK.
  struct Path {
    std::uint32_t mss = 536;
    Duration srtt{}, min_rtt{};
  };
  struct Ack {
    struct Block {
      StreamPos begin = 0, end = 0;
    };
    StreamPos ack = 0;
    std::array<Block, 4> sacks{};
    std::uint8_t sack_count = 0;
    std::uint32_t largest_window =
        std::numeric_limits<std::uint32_t>::max();  ///< the largest window the peer has ever offered
    bool may_be_duplicate = false;                  ///< no data, no change of the window (RFC 5681 §2)
    bool new_data_waits = false;                    ///< new data waits, and the peer's window has room
    bool more_follow = false;         ///< more ACKs have arrived: losses are judged after the last of them
    std::optional<Instant> echoed{};  ///< when the answered segment was sent, in whole milliseconds
    Instant now{};
  };
  struct Verdict {
    Delivery delivery;
    LossEvents events;
    CongestionSignals congestion;
    bool advanced = false;  ///< SND.UNA
    StreamPos una_before = 0;
    bool duplicate = false;                 ///< a duplicate ACK, or it sacks something
    bool began = false;                     ///< a fast recovery
    bool reduces = false;                   ///< the window is being reduced, so it does not grow
    bool safe = false;                      ///< SND.UNA moved, and nothing more was found lost (RFC 6937, "safeACK")
    bool send_new_first = false;            ///< F-RTO: new data goes before lost data (RFC 5682 §2.1 step 2b)
    bool reneged = false;                   ///< the peer may have dropped sacked data; a short time-out makes sure
    std::uint32_t duplicates_reported = 0;  ///< bytes reported by D-SACK
    Duration wait{};                        ///< until more data can be judged lost; zero: none waits
  };

  /// The state at the first segment of a flight: nothing is outstanding at `at`.
  struct Start {
    StreamPos at = 0;
    std::uint32_t mss = 536;
    bool sack = false;
    Rack::Learned learned{};
  };
  void start(const Start& start);
  /// Nothing is outstanding, and no duplicate report can arrive any more that would matter.
  bool is_at_rest(Duration rto, Instant now) const;
  bool is_small() const { return board_.is_small(); }

  void set_sack(bool agreed) { sack_ = agreed; }
  void set_mss(std::uint32_t mss) { board_.set_mss(mss); }

  Verdict on_ack(const Ack& ack, const Path& path);
  /// The retransmission timer expired; `time_outs` in a row before it.
  Verdict on_timeout(unsigned time_outs, const Path& path, Instant now);
  /// Verdict::wait is over.
  Verdict on_waited(const Path& path, Instant now);
  /// The segments that were to follow were no ACKs. on_waited() will judge.
  bool owes_judgement() const { return postponed_ && board_.ranges() > 0; }
  /// The segments in flight are too large for the path.
  void on_smaller_path();

  void on_sent(StreamPos end, Instant now);
  void on_resent(StreamPos begin, StreamPos end, Instant now);
  /// Only the SYN was retransmitted so far. Forgets that before data is sent.
  void on_established() {
    undo_.nothing_resent();
    unreported_ = 0;
  }
  /// The last segment sent, new data or not, is a tail probe.
  void on_probe(bool resent) { probe_.on_sent(board_.end(), resent); }

  /// RFC 8985 §7.2: a tail probe makes sense.
  bool may_probe() const { return sack_ && state_ == CongestionState::open; }
  bool probe_outstanding() const { return probe_.outstanding(); }
  /// The begin of the last segment that was sent.
  StreamPos last_segment(StreamPos data_end) const { return board_.last_segment(data_end); }
  /// RFC 5682: new data is in flight. The ACK of it will tell if the time-out was spurious.
  bool waits_for_new_data() const { return frto_ && board_.end() > high_; }
  bool one_segment_outstanding(std::uint32_t mss) const {
    return board_.ranges() == 1 && board_.end() - board_.begin() <= mss;
  }

  /// Bytes in the network, as far as ACKs reveal.
  std::int64_t in_flight() const { return std::max<std::int64_t>(board_.in_flight() - credit(), 0); }
  bool has_lost() const { return board_.has_lost() && !holds_; }
  Scoreboard::Lost next_lost(std::uint32_t limit) { return board_.next_lost(limit); }

  CongestionState state() const { return state_; }
  const Scoreboard& scoreboard() const { return board_; }
  const Rack& rack() const { return rack_; }
  /// Bytes that have arrived out of order according to duplicate ACKs or SACK blocks.
  std::uint32_t sacked() const { return sack_ ? board_.sacked() : static_cast<std::uint32_t>(credit()); }

 private:
  // recovery.cc
  void take_sacks(const Ack& ack, Verdict& verdict);
  bool is_dsack(const Ack& ack) const;
  void take_dsack(const Ack& ack, Verdict& verdict);
  std::uint32_t resent_within(const Ack::Block& block) const;
  void check_reordering(StreamPos from, StreamPos highest, const Path& path, Verdict& verdict);
  void process(const Ack& ack, const Path& path, Verdict& verdict);
  bool process_recovery(const Ack& ack, const Path& path, Verdict& verdict);
  void finish_recovery(const Ack& ack, Verdict& verdict);
  void process_loss(const Ack& ack, const Path& path, Verdict& verdict);
  void process_probe(const Ack& ack, Verdict& verdict);
  /// True when retransmitted data is lost again.
  bool identify_losses(const Path& path, const Ack& ack, Verdict& verdict);
  std::uint32_t sacked_segments(std::uint32_t mss) const { return (sacked() + mss - 1) / mss; }
  Congestion congestion(Congestion::Kind kind, Instant now) const;
  void begin_recovery(Instant now, Verdict& verdict);
  void open();
  bool anything_resent() const { return board_.resent() > 0 || board_.first_was_resent(); }

  // Without SACK, duplicate ACKs count the segments that have arrived, but do not name them.
  std::int64_t credit() const {
    return sack_ ? 0 : std::min<std::int64_t>(credit_, board_.end() - board_.begin() - board_.lost());
  }
  void add_duplicate(std::uint32_t mss, Verdict& verdict);
  void take_from_credit(std::uint32_t mss, Verdict& verdict);

  // recovery_undo.cc
  bool is_unnecessary(const Ack& ack) const;
  void undo(const Ack& ack, bool forgive, Verdict& verdict);
  bool undo_recovery(const Ack& ack, Verdict& verdict);
  bool undo_partial(const Ack& ack, const Path& path, Verdict& verdict);
  bool undo_by_dsack(const Ack& ack, Verdict& verdict);
  bool undo_loss(const Ack& ack, bool proven, Verdict& verdict);
  bool waits_for_more_than_high();

  Scoreboard board_;
  Rack rack_;
  Undo undo_;
  TailProbe probe_;
  StreamPos high_ = 0;  ///< SND.NXT when the state was entered
  std::int64_t credit_ = 0;
  std::int64_t unreported_ = 0;  ///< bytes retransmitted, less those reported as duplicates
  Instant resent_at_{};          ///< the time of the last retransmission
  CongestionState state_ = CongestionState::open;
  bool sack_ = false;
  bool reducing_ = false;   ///< since a fast recovery began that was not undone
  bool frto_ = false;       ///< the time-out may have been spurious
  bool holds_ = false;      ///< no retransmission until more is known
  bool postponed_ = false;  ///< losses are judged after further ACKs that have arrived already
};

}  // namespace leat
