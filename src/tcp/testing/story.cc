#include "tcp/testing/story.h"

#include <algorithm>
#include <ostream>
#include <sstream>
#include <utility>

namespace leat::testing {

bool Seg::operator==(const Seg& o) const {
  return seq == o.seq && ack == o.ack && len == o.len && flags == o.flags && sack == o.sack && urg == o.urg &&
         (win == o.win || win < 0 || o.win < 0) && (ts == o.ts || !ts || !o.ts);
}

std::ostream& operator<<(std::ostream& out, const Seg& s) {
  out << '[' << s.flags << (s.ack >= 0 ? "." : "") << "] " << s.seq << ':' << s.seq + s.len << '(' << s.len << ')';
  if (s.ack >= 0) out << " ack " << s.ack;
  if (s.win >= 0) out << " win " << s.win;
  if (s.urg != 0) out << " urg " << s.urg;
  for (const auto& [b, e] : s.sack) out << " sack " << b << ':' << e;
  if (s.ts) out << " ts " << s.ts->value << " ecr " << s.ts->echo_reply;
  return out;
}

namespace {
std::string text(const Seg& s) {
  std::ostringstream out;
  out << s;
  return out.str();
}
}  // namespace

StoryConfig without_sack() {
  StoryConfig config;
  config.peer_sack = false;
  return config;
}

Story::Story(StoryConfig config) : config_(std::move(config)) {
  ConnectionConfig c = config_.connection;
  c.initial_sequence = SeqNum(config_.our_isn);
  c.receive_mss = c.send_mss_limit = config_.mss;
  connection_.emplace(c, TcpSettingsRef(config_.options), flights_);
  peer_options.mss = config_.mss;
  peer_options.sack_permitted = config_.peer_sack;
  if (config_.peer_scales) peer_options.window_scale = config_.peer_scale;
}

Story::~Story() {
  if (!::testing::Test::HasFailure()) sent_nothing();
  connection_.reset();
  sent_.clear();
  EXPECT_EQ(pool_.blocks_in_use(), 0u) << "leaked buffers";
}

void Story::tell(const std::string& line) {
  std::ostringstream out;
  out << "  " << std::chrono::duration<double>(now_ - kBegin).count() << "s  " << line;
  lines_.push_back(out.str());
}

std::string Story::so_far() const {
  std::string all = "\nThe story so far (> sent, < received):\n";
  const std::size_t first = lines_.size() > 60 ? lines_.size() - 60 : 0;
  for (std::size_t i = first; i < lines_.size(); ++i) all += lines_[i] + "\n";
  return all + "  state " + std::string(to_string(connection_->state())) + "\n";
}

void Story::open_active() {
  connection_->open_active(now_);
  pump();
}

void Story::connect() {
  open_active();
  EXPECT_EQ(sent(), (Seg{.seq = 0, .flags = "S"})) << so_far();
  advance(10ms);
  recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(sent(), (Seg{.seq = 1, .ack = 1})) << so_far();
  EXPECT_EQ(state(), TcpState::established);
  recv({.seq = 1, .ack = 1});  // the window of a SYN is not scaled, this one is
  events();
}

void Story::accept_half() {
  SegmentIn syn;
  syn.seq = SeqNum(config_.peer_isn);
  syn.flags = kTcpSyn;
  syn.window = config_.peer_window;
  syn.options = peer_options;
  tell("< SYN");
  half_open_.emplace(syn, HalfOpen::Ours{SeqNum(config_.our_isn), config_.mss}, config_.options, now_);
  SegmentOut out = half_open_->syn_ack(config_.options, now_);
  note_sent(out);
  EXPECT_EQ(sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"})) << so_far();
}

void Story::accept() {
  accept_half();
  advance(10ms);
  recv({.seq = 1, .ack = 1});
  EXPECT_EQ(state(), TcpState::established);
  events();
}

SegmentVerdict Story::recv(const Seg& seg) {
  tell("< " + text(seg));
  SegmentIn in;
  in.seq = SeqNum(config_.peer_isn) + static_cast<std::uint32_t>(seg.seq);
  if (seg.ack >= 0) {
    in.ack = SeqNum(config_.our_isn) + static_cast<std::uint32_t>(seg.ack);
    in.flags |= kTcpAck;
  }
  for (char f : seg.flags) {
    in.flags |= f == 'S' ? kTcpSyn : f == 'F' ? kTcpFin : f == 'R' ? kTcpRst : f == 'U' ? kTcpUrg : kTcpPsh;
  }
  in.urgent = seg.urg;
  in.window = static_cast<std::uint16_t>(seg.win >= 0 ? seg.win : config_.peer_window);
  if (in.flags.syn()) in.options = peer_options;
  if (seg.ts) in.options.timestamps = {seg.ts->value, seg.ts->echo_reply + timestamp_value(0, kBegin)};
  for (const auto& [b, e] : seg.sack) {
    in.options.sack[in.options.sack_count++] = {SeqNum(config_.our_isn) + static_cast<std::uint32_t>(b),
                                                SeqNum(config_.our_isn) + static_cast<std::uint32_t>(e)};
  }
  Slice slices[16];
  std::size_t count = 0;
  const std::int64_t first = seg.flags.find('S') != std::string::npos ? seg.seq + 1 : seg.seq;
  for (std::uint32_t done = 0; done < seg.len;) {
    const std::uint32_t n = std::min<std::uint32_t>(seg.len - done, 65536);
    Slice s = pool_.allocate(class_for(n), 0, n);
    for (std::uint32_t i = 0; i < n; ++i) s.mutable_bytes()[i] = pattern(first + done + i);
    slices[count++] = std::move(s);
    done += n;
  }
  in.payload = {slices, count};
  in.length = seg.len;
  in.largest_payload = std::min<std::uint32_t>(seg.len, config_.mss);
  in.wire_segments = std::max<std::uint32_t>((seg.len + config_.mss - 1) / config_.mss, 1);
  in.more_follow = more_follow_;
  if (half_open_ && !recv_half_open(in)) return {};
  const SegmentVerdict verdict = connection_->on_segment(in, pool_, now_);
  if (verdict.reset_reply) {
    sent_.push_back(seg.ack >= 0 ? Seg{.seq = seg.ack, .flags = "R"}
                                 : Seg{.seq = 0, .ack = seg.seq + in.sequence_length(), .flags = "R"});
    tell("> stateless " + text(sent_.back()));
  }
  if (!more_follow_) pump();
  return verdict;
}

void Story::recv_batch(const std::vector<Seg>& segs) {
  for (std::size_t i = 0; i < segs.size(); ++i) {
    more_follow_ = i + 1 < segs.size();
    recv(segs[i]);
  }
}

/// True when it completes the handshake.
bool Story::recv_half_open(const SegmentIn& in) {
  SegmentOut out;
  switch (half_open_->on_segment(in, config_.options, now_).action) {
    case HalfOpen::Action::none: return false;
    case HalfOpen::Action::syn_ack: out = half_open_->syn_ack(config_.options, now_); break;
    case HalfOpen::Action::ack: out = half_open_->ack(config_.options, now_); break;
    case HalfOpen::Action::reset:
      out.seq = in.ack;
      out.flags = kTcpRst;
      break;
    case HalfOpen::Action::forget: half_open_.reset(); return false;
    case HalfOpen::Action::complete:
      connection_->open_passive(half_open_->facts());
      half_open_.reset();
      return true;
  }
  note_sent(out);
  return false;
}

void Story::advance(Duration d) {
  const Instant target = now_ + d;
  while (half_open_ && half_open_->deadline() <= target) {
    now_ = std::max(now_, half_open_->deadline());
    SegmentOut out;
    const HalfOpen::Due due = half_open_->on_timer(config_.options, now_);
    if (due == HalfOpen::Due::nothing) continue;
    if (due == HalfOpen::Due::syn_ack) {
      out = half_open_->syn_ack(config_.options, now_);
    } else if (config_.options.reset_half_open) {
      out = half_open_->reset();
      half_open_.reset();
    } else {
      half_open_.reset();
      break;
    }
    note_sent(out);
  }
  while (connection_->next_deadline() <= target) {
    now_ = std::max(now_, connection_->next_deadline());
    connection_->on_timer(now_);
    pump();
  }
  now_ = target;
}

void Story::note_sent(SegmentOut& out) {
  Seg s;
  s.seq = static_cast<std::int32_t>(out.seq - SeqNum(config_.our_isn));
  if (out.flags.ack()) s.ack = static_cast<std::int32_t>(out.ack - SeqNum(config_.peer_isn));
  s.len = out.length;
  if (out.flags.syn()) s.flags += "S";
  if (out.flags.fin()) s.flags += "F";
  if (out.flags.rst()) s.flags += "R";
  if (out.flags.psh()) s.flags += "P";
  if (out.flags.urg()) s.flags += "U";
  s.urg = out.urgent;
  s.win = out.window;
  if (out.flags.syn()) syn_options_ = out.options;
  for (const SackBlock& b : out.options.sack_blocks()) {
    s.sack.emplace_back(b.begin - SeqNum(config_.peer_isn), b.end - SeqNum(config_.peer_isn));
  }
  if (out.options.timestamps) {
    s.ts = {out.options.timestamps->value - timestamp_value(0, kBegin), out.options.timestamps->echo_reply};
  }
  std::int64_t pos = s.seq;
  for (std::size_t i = 0; i < out.slices; ++i) {
    for (std::uint8_t byte : out.payload[i].bytes()) EXPECT_EQ(byte, pattern(pos++)) << so_far();
  }
  EXPECT_EQ(pos - s.seq, out.length);
  EXPECT_TRUE(out.length <= config_.mss || out.gso_size > 0);
  tell("> " + text(s));
  if (out.note.kind != NoteKind::none) notes_.push_back(out.note);
  sent_.push_back(s);
}

void Story::pump() {
  SegmentOut out;
  int guard = 0;
  while (connection_->poll_transmit(out, now_)) {
    ASSERT_LT(++guard, 10000) << "poll_transmit never ends" << so_far();
    note_sent(out);
  }
}

Seg Story::sent() {
  if (sent_.empty()) return {.flags = "(nothing)"};
  Seg s = sent_.front();
  sent_.pop_front();
  return s;
}

std::vector<Seg> Story::all_sent() {
  std::vector<Seg> joined;
  for (const Seg& s : sent_) {
    if (!joined.empty() && joined.back().len > 0 && s.len > 0 && joined.back().seq + joined.back().len == s.seq) {
      joined.back().len += s.len;
      joined.back().flags = s.flags;
      joined.back().ack = s.ack;
    } else {
      joined.push_back(s);
    }
  }
  sent_.clear();
  return joined;
}

void Story::sent_nothing() {
  EXPECT_TRUE(sent_.empty()) << "unexpected " << text(sent_.front()) << " and " << sent_.size() - 1 << " more"
                             << so_far();
  sent_.clear();
}

std::size_t Story::write(std::size_t n) { return write_by(&TcpConnection::write, n); }

std::size_t Story::write_urgent(std::size_t n) { return write_by(&TcpConnection::write_urgent, n); }

std::size_t Story::write_more(std::size_t n) { return write_by(&TcpConnection::write_more, n); }

std::size_t Story::write_by(Write how, std::size_t n) {
  std::vector<std::uint8_t> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = pattern(written_ + 1 + static_cast<std::int64_t>(i));
  const expected<std::size_t, Error> taken = ((*connection_).*how)(data, pool_);
  const std::size_t took = taken ? *taken : 0;
  tell("user writes " + std::to_string(took) + " of " + std::to_string(n));
  written_ += static_cast<std::int64_t>(took);
  pump();
  return took;
}

std::int64_t Story::read(std::size_t n) {
  std::vector<std::uint8_t> data(n);
  const expected<std::size_t, Error> got = connection_->read(data);
  tell("user reads");
  pump();
  if (!got) return -1 - static_cast<std::int64_t>(got.error());
  for (std::size_t i = 0; i < *got; ++i) EXPECT_EQ(data[i], pattern(++read_)) << "byte " << read_ << so_far();
  return static_cast<std::int64_t>(*got);
}

void Story::shutdown() {
  tell("user shuts down");
  static_cast<void>(connection_->shutdown_write());
  pump();
}

void Story::close() {
  tell("user closes");
  connection_->close(now_);
  pump();
}

void Story::abort() {
  tell("user aborts");
  connection_->abort(Error::aborted);
  pump();
}

}  // namespace leat::testing
