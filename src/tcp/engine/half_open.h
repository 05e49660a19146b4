// HalfOpen: a SYN that a listener has answered, until the third segment of the handshake comes (SYN-RECEIVED of RFC
// 9293 §3.10.7.4, reached from LISTEN). Not a connection: it holds what was agreed and nothing else, so that those who
// never complete their handshakes cost little. A simultaneous open is not this, but a TcpConnection in SYN-RECEIVED.
//
// Called by the stack: on_segment for what arrives, on_timer when deadline() has come. Addresses are not its business.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/counters.h"
#include "leat/tcp_settings.h"
#include "leat/time.h"
#include "tcp/challenge_limit.h"
#include "tcp/segment.h"

namespace leat {

/// What a handshake has settled, for the connection that it opens.
struct Handshake {
  Handshake() = default;
  explicit Handshake(const SegmentIn& syn)
      : irs(syn.seq),
        mss(syn.options.mss),
        window_scale(syn.options.window_scale),
        sack_permitted(syn.options.sack_permitted),
        window(syn.window) {
    if (syn.options.timestamps) timestamp = syn.options.timestamps->value;
  }

  SeqNum irs, iss;                     ///< the peer's and our initial sequence number
  std::optional<std::uint16_t> mss{};  ///< options of the peer's SYN
  std::optional<std::uint8_t> window_scale{};
  bool sack_permitted = false;
  std::optional<std::uint32_t> timestamp{};  ///< the last one of the peer (RFC 7323 TS.Recent)
  std::uint32_t timestamp_offset = 0;        ///< of our own
  std::uint16_t window = 0;                  ///< of the SYN, not scaled
  std::uint8_t time_outs = 0;                ///< SYN-ACKs that were sent again because nothing came
  Instant opened_at{};                       ///< when the SYN came
  Instant timed_at = kNever;                 ///< when the only SYN-ACK was sent; kNever after several (Karn)
};

class HalfOpen {
 public:
  /// What is ours of the handshake.
  struct Ours {
    SeqNum iss;
    std::uint16_t mss;                   ///< what we offer
    std::uint32_t timestamp_offset = 0;  ///< of Timestamps
  };
  /// `syn` is a SYN without ACK, RST and FIN. A SYN-ACK is due at once.
  HalfOpen(const SegmentIn& syn, const Ours& ours, const TcpSettings& options, Instant now)
      : facts_(syn), receive_mss_(ours.mss) {
    facts_.iss = ours.iss;
    facts_.timestamp_offset = ours.timestamp_offset;
    if (!options.timestamps) facts_.timestamp.reset();
    if (!options.sack) facts_.sack_permitted = false;
    facts_.opened_at = now;
  }

  enum class Action : std::uint8_t {
    none,
    syn_ack,   ///< send syn_ack()
    ack,       ///< send ack()
    reset,     ///< answer by the RST of RFC 9293 §3.10.7.1, and go on waiting
    forget,    ///< back to LISTEN, silently
    complete,  ///< the handshake is over: the segment is the first of the connection
  };
  struct Verdict {
    Action action = Action::none;
    std::optional<DropReason> drop{};
    bool deferred = false;  ///< the handshake is over but for the data that has to come first
  };
  Verdict on_segment(const SegmentIn& segment, const TcpSettings& options, Instant now);

  Instant deadline() const { return deadline_; }
  enum class Due : std::uint8_t { syn_ack, nothing, forget };
  /// forget: the SYN-ACK was sent often enough, or data waited for long enough.
  Due on_timer(const TcpSettings& options, Instant now);

  SegmentOut syn_ack(const TcpSettings& options, Instant now);
  SegmentOut ack(const TcpSettings& options, Instant now) const;
  /// <SEQ=SND.NXT><CTL=RST>, for an end that shall be heard.
  SegmentOut reset() const;
  /// Is `seq`, which an ICMP error quotes, that of the SYN-ACK (RFC 5927 §4.1)?
  bool sent(SeqNum seq) const { return seq == facts_.iss; }

  const Handshake& facts() const { return facts_; }

 private:
  bool has_old_timestamp(const SegmentIn& segment) const;
  void take_timestamp(const SegmentIn& segment);
  void stamp(SegmentOut& out, Instant now) const;
  std::uint16_t offered_window(const TcpSettings& options) const;

  Handshake facts_;
  Instant deadline_ = kNever;
  ChallengeLimit challenges_;
  std::uint16_t receive_mss_;
  std::uint8_t waits_ = 0;  ///< time-outs, whether a SYN-ACK was sent again or not
  bool sent_ = false;
  bool answered_ = false;  ///< the peer has completed the handshake, without data
};

}  // namespace leat
