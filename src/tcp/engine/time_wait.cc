#include "tcp/engine/time_wait.h"

#include <algorithm>

#include "base/assert.h"
#include "tcp/timestamps.h"

namespace leat {
namespace {

// Above everything that the old incarnation could have sent without window scaling, as Linux chooses it.
constexpr std::uint32_t kIsnGap = 65535 + 2;

bool is_plain_v4(const IpAddress& a) { return a.is_v4() && a.scope == 0; }

}  // namespace

template <class E>
std::uint32_t TimeWaitTable::Pool<E>::take() {
  if (first_free_ == kNone) {
    const auto base = static_cast<std::uint32_t>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<std::array<E, kBlock>>());
    for (std::uint32_t i = kBlock; i-- > 0;) {
      (*this)[base + i].newer = first_free_;
      first_free_ = base + i;
    }
  }
  const std::uint32_t index = first_free_;
  first_free_ = (*this)[index].newer;
  ++used_;
  return index;
}

template <class E>
void TimeWaitTable::Pool<E>::give_back(std::uint32_t index) {
  if (--used_ == 0) {
    *this = Pool();
    return;
  }
  (*this)[index].newer = first_free_;
  first_free_ = index;
}

TimeWaitTable::TimeWaitTable(std::size_t max_entries, Duration duration, Duration reply_interval)
    : max_entries_(std::clamp<std::size_t>(max_entries, 1, std::size_t{1} << 29)),
      duration_(duration),
      reply_interval_(reply_interval) {}

TimeWaitTable::Entry& TimeWaitTable::entry(std::uint32_t slot) {
  if (is_wide(slot)) return wide_[slot >> 1];
  return narrow_[slot >> 1];
}

const TimeWaitTable::Entry& TimeWaitTable::entry(std::uint32_t slot) const {
  if (is_wide(slot)) return wide_[slot >> 1];
  return narrow_[slot >> 1];
}

std::uint32_t TimeWaitTable::take_slot(const FourTuple& t) {
  if (is_plain_v4(t.local.address) && is_plain_v4(t.remote.address)) {
    const std::uint32_t index = narrow_.take();
    narrow_[index].local = t.local.address.v4_value();
    narrow_[index].remote = t.remote.address.v4_value();
    return index << 1;
  }
  LEAT_ASSERT(t.local.address.is_v6() && t.remote.address.is_v6());
  const std::uint32_t index = wide_.take();
  EntryV6& e = wide_[index];
  e.local = t.local.address.bytes, e.local_scope = t.local.address.scope;
  e.remote = t.remote.address.bytes, e.remote_scope = t.remote.address.scope;
  return index << 1 | 1;
}

TimeWaitTable::Added TimeWaitTable::add(const TimeWaitFlow& flow, Instant now) {
  std::optional<Removed> evicted;
  if (size() >= max_entries_) evicted = remove_oldest();
  const std::uint32_t slot = take_slot(flow.tuple);
  Entry& e = entry(slot);
  e.snd_nxt = flow.snd_nxt, e.rcv_nxt = flow.rcv_nxt;
  e.rcv_wnd = flow.rcv_wnd, e.rcv_wscale = std::min<std::uint8_t>(flow.rcv_wscale, 14);
  e.ts_recent = flow.ts_recent.value_or(0), e.has_timestamps = flow.ts_recent.has_value();
  e.ts_offset = flow.ts_offset;
  e.hash = flow.hash;
  e.replied_at_ms = 0, e.has_replied = e.challenged_syn = false;
  e.local_port = flow.tuple.local.port, e.remote_port = flow.tuple.remote.port;
  e.tos = flow.tos, e.sharing = flow.sharing;
  append(slot, now);
  return {slot, evicted};
}

void TimeWaitTable::remove(std::uint32_t slot) {
  unlink(slot);
  if (is_wide(slot)) {
    wide_.give_back(slot >> 1);
  } else {
    narrow_.give_back(slot >> 1);
  }
}

TimeWaitTable::Removed TimeWaitTable::remove_oldest() {
  const Removed gone{oldest_, entry(oldest_).hash, entry(oldest_).local_port};
  remove(oldest_);
  return gone;
}

std::optional<TimeWaitTable::Removed> TimeWaitTable::pop_expired(Instant now) {
  if (oldest_ == kNone || entry(oldest_).deadline > now) return std::nullopt;
  return remove_oldest();
}

Instant TimeWaitTable::next_deadline() const { return oldest_ == kNone ? kNever : entry(oldest_).deadline; }

void TimeWaitTable::append(std::uint32_t slot, Instant now) {
  Entry& e = entry(slot);
  e.deadline = now + duration_;
  e.older = newest_, e.newer = kNone;
  if (newest_ == kNone) {
    oldest_ = slot;
  } else {
    entry(newest_).newer = slot;
  }
  newest_ = slot;
}

void TimeWaitTable::unlink(std::uint32_t slot) {
  const Entry& e = entry(slot);
  if (e.older == kNone) {
    oldest_ = e.newer;
  } else {
    entry(e.older).newer = e.newer;
  }
  if (e.newer == kNone) {
    newest_ = e.older;
  } else {
    entry(e.newer).older = e.older;
  }
}

TimeWaitDecision TimeWaitTable::on_segment(std::uint32_t slot, const TimeWaitSegment& s, Instant now) {
  Entry& e = entry(slot);
  if (s.rst) return {ends(e, s) ? TimeWaitVerdict::end : TimeWaitVerdict::drop};
  if (s.syn && s.fin) return {};
  if (s.syn && !s.has_ack) return on_syn(e, s, now);

  if (!s.has_ack) return {};  // no TCP sends that

  const bool old_timestamp = s.tsval && e.has_timestamps && timestamp_age(*s.tsval, e.ts_recent) > 0;
  const std::uint32_t length = s.length + (s.syn ? 1 : 0) + (s.fin ? 1 : 0);
  if (length == 0 && s.seq == e.rcv_nxt) {
    // An acceptable ACK with nothing in it. An answer would be answered.
    if (s.tsval && e.has_timestamps && !old_timestamp) e.ts_recent = *s.tsval;
    return {};
  }
  const bool fin_again = s.fin && !s.syn && s.seq + length == e.rcv_nxt;
  if (fin_again && !old_timestamp && !is_before(e.snd_nxt, s.ack)) {
    if (s.tsval && e.has_timestamps) e.ts_recent = *s.tsval;
    unlink(slot);
    append(slot, now);
    return {TimeWaitVerdict::ack};
  }
  // Everything else is an old duplicate or a forgery: it is acknowledged and changes nothing. Only what carries data
  // or a FIN is answered each time, or two ends that disagree would answer each other's ACKs for ever.
  if ((length == 0 || s.syn) && !may_reply(e, now)) return {};
  return {TimeWaitVerdict::ack};
}

TimeWaitDecision TimeWaitTable::on_syn(Entry& e, const TimeWaitSegment& s, Instant now) {
  // RFC 6191 §2: a newer timestamp proves a new incarnation, an older one an old duplicate; when they are equal or
  // missing on either side the sequence number decides.
  bool newer = is_before(e.rcv_nxt, s.seq);
  if (s.tsval && e.has_timestamps && *s.tsval != e.ts_recent) newer = timestamp_distance(*s.tsval, e.ts_recent) > 0;
  if (newer && s.may_open) return {TimeWaitVerdict::accept_new, e.snd_nxt + kIsnGap};
  // A peer that knows nothing of the old connection answers our ACK with a RST, which ends TIME-WAIT, and sends its SYN
  // again.
  if (!may_reply(e, now)) return {};
  e.challenged_syn = true;
  return {TimeWaitVerdict::ack};
}

// A RST may be an old duplicate, so on its own it does not end TIME-WAIT (RFC 1337 §3, fix F1).
// DEVIATION: RFC 9293 §3.10.7.4 lets any RST in the window close the connection.
// After our ACK to a SYN a RST with exactly RCV.NXT is the answer of RFC 9293 §3.10.7.3: the peer has opened the same
// ports anew and denies the old connection.
bool TimeWaitTable::ends(const Entry& e, const TimeWaitSegment& rst) {
  return e.challenged_syn && !rst.syn && rst.seq == e.rcv_nxt;
}

bool TimeWaitTable::may_reply(Entry& e, Instant now) const {
  using std::chrono::milliseconds;
  const auto ms = static_cast<std::uint32_t>(std::chrono::floor<milliseconds>(now.time_since_epoch()).count());
  if (e.has_replied && ms - e.replied_at_ms < std::chrono::duration_cast<milliseconds>(reply_interval_).count())
    return false;
  e.replied_at_ms = ms, e.has_replied = true;
  return true;
}

TimeWaitReply TimeWaitTable::reply(std::uint32_t slot) const {
  const Entry& e = entry(slot);
  TimeWaitReply r{.seq = e.snd_nxt, .ack = e.rcv_nxt, .tos = e.tos, .ts_offset = e.ts_offset};
  r.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(e.rcv_wnd >> e.rcv_wscale, 0xffff));
  if (e.has_timestamps) r.ts_recent = e.ts_recent;
  return r;
}

FourTuple TimeWaitTable::tuple(std::uint32_t slot) const {
  FourTuple t;
  if (is_wide(slot)) {
    const EntryV6& e = wide_[slot >> 1];
    t.local.address = {e.local, e.local_scope, IpFamily::v6};
    t.remote.address = {e.remote, e.remote_scope, IpFamily::v6};
  } else {
    const EntryV4& e = narrow_[slot >> 1];
    t.local.address = IpAddress::v4(e.local);
    t.remote.address = IpAddress::v4(e.remote);
  }
  t.local.port = entry(slot).local_port;
  t.remote.port = entry(slot).remote_port;
  return t;
}

}  // namespace leat
