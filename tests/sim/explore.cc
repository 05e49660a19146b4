#include "explore.h"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "base/random.h"
#include "pattern.h"
#include "stack/queue_host.h"

namespace leat::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr Instant kStart{std::chrono::seconds(1000)};
constexpr Duration kOneWay = milliseconds(10);
constexpr std::size_t kMostSegments = 40;
constexpr std::uint16_t kPort = 80;

/// The fate of a frame.
struct Fate {
  bool lost = false, twice = false;
  Duration late{};
};

/// The fates of the first frames in each direction. Later frames pass.
struct Pattern {
  std::vector<Fate> data, acks;
  bool lost_tail = false;    ///< loses the last segments of one flight once: a tail loss probe can repair that
  std::size_t segments = 0;  ///< segments that are written
  std::size_t writes = 1;
  bool sack = true, timestamps = true;
};

Pattern pattern_of(Random& random) {
  Pattern p;
  p.segments = 1 + random.below(kMostSegments);
  p.writes = 1 + random.below(4);
  p.sack = random.below(5) != 0;
  p.timestamps = random.below(4) != 0;
  p.lost_tail = random.below(4) == 0;
  if (p.lost_tail) {
    p.segments = 1 + random.below(10);
    p.writes = 1;
    p.data.resize(p.segments);
    const std::size_t lost = 1 + random.below(static_cast<std::uint32_t>(p.segments));
    for (std::size_t i = p.segments - lost; i < p.segments; ++i) p.data[i].lost = true;
    return p;
  }
  const double loss = random.below(60) / 100.0;
  const double other = random.below(30) / 100.0;
  p.data.resize(kMostSegments);
  p.acks.resize(kMostSegments);
  for (std::vector<Fate>* fates : {&p.data, &p.acks}) {
    for (Fate& f : *fates) {
      f.lost = random.chance(loss / 2);
      f.twice = random.chance(other / 2);
      if (random.chance(other)) f.late = milliseconds(1 + random.below(60));
    }
  }
  return p;
}

struct Header {
  std::uint32_t seq = 0, ack = 0, window = 0;
  std::uint8_t flags = 0;
  std::uint32_t length = 0;
  bool syn() const { return (flags & 2) != 0; }
};

Header header_of(const Packet& packet) {
  std::array<std::uint8_t, 40> b{};
  Header h;
  if (!packet.copy_out(0, b)) return h;
  const auto word = [&b](std::size_t i) {
    return std::uint32_t{b[i]} << 24 | std::uint32_t{b[i + 1]} << 16 | std::uint32_t{b[i + 2]} << 8 | b[i + 3];
  };
  h.seq = word(24);
  h.ack = word(28);
  h.flags = b[33];
  h.window = word(32) & 0xffff;
  h.length = static_cast<std::uint32_t>(packet.size() - 20 - (b[32] >> 4) * std::size_t{4});
  return h;
}

struct End {
  BufferPool pool;
  QueueHost host;
  Stack& stack = host.stack();
  SocketHandle socket{};

  End(std::uint64_t seed, std::uint8_t number, const TcpSettings& options)
      : host({.seed = {seed, number}, .tcp = options}, pool) {
    InterfaceConfig config;
    config.caps.has_link_layer = false;
    config.mtu = 1500;
    config.addresses = {{IpAddress::v4(10, 0, 0, number), 24}};
    (void)host.attach(config);
  }
};

class Explorer {
 public:
  Explorer(std::uint64_t seed, bool sabotage)
      : random_(Seed{seed, 77}),
        pattern_(pattern_of(random_)),
        sabotage_(sabotage),
        sender_(seed, 1, options()),
        receiver_(seed, 2, options()) {}

  Exploration run() {
    start();
    while (result_.failure.empty() && !finished()) {
      settle();
      if (finished() || !result_.failure.empty()) break;
      const Instant next = std::min({arrivals_.empty() ? kNever : arrivals_.begin()->first,
                                     sender_.stack.next_deadline(), receiver_.stack.next_deadline(), next_write()});
      if (next == kNever || next > kStart + minutes(60)) {
        fail(next == kNever ? "everything waits for ever" : "not over within an hour");
        break;
      }
      now_ = std::max(now_, next);
      arrive();
    }
    finish();
    return result_;
  }

 private:
  TcpSettings options() const {
    TcpSettings options;
    options.timestamps = pattern_.timestamps;
    options.sack = pattern_.sack;
    return options;
  }

  void start() {
    const auto listener = receiver_.stack.listen({IpAddress::v4(10, 0, 0, 2), kPort}, 4);
    if (!listener) return fail("listen");
    listener_ = *listener;
    const auto socket = sender_.stack.connect({.remote = {IpAddress::v4(10, 0, 0, 2), kPort}}, now_);
    if (!socket) return fail("connect");
    sender_.socket = *socket;
    while (!accepted_ && result_.failure.empty() && now_ < kStart + minutes(1)) {  // the handshake loses nothing
      settle();
      if (!arrivals_.empty()) now_ = arrivals_.begin()->first;
      arrive();
    }
    settle();
    faulty_ = true;
    total_ = pattern_.segments * 1448;
    if (const auto info = receiver_.stack.info(receiver_.socket)) receiver_scale_ = info->rcv_wscale;
    write_at_ = now_ + milliseconds(50);
  }

  Instant next_write() const { return written_ < total_ ? write_at_ : kNever; }

  void write() {
    if (written_ >= total_ || now_ < write_at_) return;
    const std::size_t piece = std::min(total_ - written_, (total_ + pattern_.writes - 1) / pattern_.writes);
    std::vector<std::uint8_t> data(piece);
    for (std::size_t i = 0; i < piece; ++i) data[i] = byte_at(written_ + i);
    const auto taken = sender_.stack.write(sender_.socket, data, now_);
    written_ += taken.value_or(0);
    write_at_ = now_ + milliseconds(random_.below(30));
  }

  static std::uint8_t byte_at(std::size_t i) { return static_cast<std::uint8_t>(i * 131 + (i >> 8)); }

  void settle() {
    write();
    for (bool moved = true; moved && result_.failure.empty();) {
      moved = transmit(sender_, true);
      moved |= transmit(receiver_, false);
      moved |= receiver_.host.dispatch(now_, [this](const Event& event) {
        if (event.socket == listener_) {
          if (const auto socket = receiver_.stack.accept(listener_)) receiver_.socket = *socket, accepted_ = true;
        }
        read();
      });
      moved |= sender_.host.dispatch(now_, [](const Event&) {});
    }
  }

  void read() {
    if (!accepted_) return;
    std::array<std::uint8_t, 65536> buffer;
    while (const auto n = receiver_.stack.read(receiver_.socket, buffer, now_)) {
      if (*n == 0) return;
      for (std::size_t i = 0; i < *n; ++i) {
        if (buffer[i] != byte_at(read_++)) return fail("a wrong byte at " + std::to_string(read_ - 1));
      }
    }
  }

  bool transmit(End& from, bool data) {
    const bool any = from.host.transmit(now_, [&](Packet& packet) { send(packet, data); });
    if (std::exchange(sent_data_, false)) check_pipe();
    return any;
  }

  void send(Packet& packet, bool data) {
    const Header h = header_of(packet);
    const bool again = sent_any_ && static_cast<std::int32_t>(highest_ - (h.seq + h.length)) >= 0;
    if (data) check_sent(h, packet.note, again);
    Fate fate;
    std::size_t& index = data ? data_index_ : ack_index_;
    const std::vector<Fate>& fates = data ? pattern_.data : pattern_.acks;
    const bool decided = data ? h.length > 0 && !(again && pattern_.lost_tail) : true;
    if (faulty_ && decided && index < fates.size()) fate = fates[index++];
    tell(h, data, fate, packet.note);
    std::vector<std::uint8_t> bytes(packet.size());
    if (!packet.copy_out(0, bytes)) return fail("copy_out");
    if (fate.lost) return;
    for (int copies = fate.twice ? 2 : 1; copies > 0; --copies) {
      arrivals_.emplace(now_ + kOneWay + fate.late, std::pair{data, bytes});
    }
  }

  void arrive() {
    while (!arrivals_.empty() && arrivals_.begin()->first <= now_) {
      const auto [to_receiver, bytes] = arrivals_.begin()->second;
      arrivals_.erase(arrivals_.begin());
      End& to = to_receiver ? receiver_ : sender_;
      Slice slice = to.pool.allocate(class_for(bytes.size()), 0, bytes.size());
      if (!slice) return fail("no buffer");
      std::copy(bytes.begin(), bytes.end(), slice.mutable_bytes().begin());
      Packet packet(std::move(slice));
      if (!to_receiver) note_offer(header_of(packet));
      to.host.receive(std::move(packet), now_);
      settle();
    }
  }

  void note_offer(const Header& h) {
    const std::uint32_t scale = h.syn() ? 0 : receiver_scale_;
    const std::uint32_t edge = h.ack + (h.window << scale);
    if (!edge_known_ || static_cast<std::int32_t>(edge - edge_) > 0) edge_ = edge;
    edge_known_ = true;
  }

  void check_sent(const Header& h, const PacketNote& note, bool again) {
    if (!faulty_ || h.length == 0) return;
    ++result_.segments;
    sent_data_ = true;
    const std::uint32_t end = h.seq + h.length;
    const std::uint32_t limit = sabotage_ ? edge_ - 60'000 : edge_;
    if (static_cast<std::int32_t>(end - limit) > 0) return fail("data beyond the window that was offered");
    if (!sent_any_ || static_cast<std::int32_t>(end - highest_) > 0) highest_ = end;
    sent_any_ = true;
    probed_ |=
        note.kind == NoteKind::tail_probe || note.kind == NoteKind::tail_again || note.kind == NoteKind::time_out;
    if (!again) return;
    ++result_.retransmissions;
    const bool unexplained = note.kind == NoteKind::none || note.kind == NoteKind::tail_probe;
    if (unexplained) return fail("a retransmission without a reason");
  }

  /// After a transmission, pipe <= cwnd, except after a lone probe or the first segment after a time-out.
  void check_pipe() {
    const auto info = sender_.stack.info(sender_.socket);
    if (!info) return;
    const std::int64_t pipe = std::int64_t{info->unacked} - info->sacked - info->lost + info->resent;
    const bool exempt = std::exchange(probed_, false);
    if (!exempt && pipe > std::max(info->snd_cwnd, info->snd_mss) && pipe > pipe_before_) {
      fail("pipe " + std::to_string(pipe) + " > cwnd " + std::to_string(info->snd_cwnd));
    }
    pipe_before_ = pipe;
  }

  bool finished() const { return written_ == total_ && total_ > 0 && read_ >= total_ && everything_acked(); }
  bool everything_acked() const {
    const auto queued = sender_.stack.queued(sender_.socket);
    return queued && queued->unacked == 0;
  }

  void finish() {
    const auto info = sender_.stack.info(sender_.socket);
    if (info) result_.time_outs = info->rto_count;
    const Counters& counters = sender_.stack.counters();
    result_.undone = counters[Counter::TcpExtTCPFullUndo] + counters[Counter::TcpExtTCPPartialUndo] +
                     counters[Counter::TcpExtTCPDSACKUndo] + counters[Counter::TcpExtTCPLossUndo];
    if (result_.failure.empty() && pattern_.lost_tail && pattern_.sack && result_.time_outs > 0) {
      fail("a time-out for a lost tail that a probe can mend");
    }
    if (!result_.failure.empty()) result_.story = story_;
  }

  void fail(const std::string& why) {
    if (result_.failure.empty()) result_.failure = why;
  }

  void tell(const Header& h, bool data, const Fate& fate, const PacketNote& note) {
    char line[160];
    std::snprintf(line, sizeof line, "  %9.3f ms %s seq %u len %u ack %u flags %02x note %d%s%s late %lld ms\n",
                  std::chrono::duration<double, std::milli>(now_ - kStart).count(), data ? ">" : "<",
                  data ? h.seq - first_seq(h, data) : 0, h.length, data ? 0 : h.ack - first_seq_, h.flags,
                  static_cast<int>(note.kind), fate.lost ? " LOST" : "", fate.twice ? " TWICE" : "",
                  static_cast<long long>(std::chrono::duration_cast<milliseconds>(fate.late).count()));
    story_ += line;
  }
  std::uint32_t first_seq(const Header& h, bool data) {
    if (data && h.syn()) first_seq_ = h.seq;
    return first_seq_;
  }

  Random random_;
  Pattern pattern_;
  bool sabotage_;
  End sender_, receiver_;
  SocketHandle listener_{};
  std::multimap<Instant, std::pair<bool, std::vector<std::uint8_t>>> arrivals_;
  Instant now_ = kStart, write_at_ = kStart;
  bool accepted_ = false, faulty_ = false, edge_known_ = false, sent_any_ = false, probed_ = false, sent_data_ = false;
  std::size_t total_ = 0, written_ = 0, read_ = 0, data_index_ = 0, ack_index_ = 0;
  std::uint32_t edge_ = 0, highest_ = 0, first_seq_ = 0, receiver_scale_ = 0;
  std::int64_t pipe_before_ = 0;
  std::string story_;
  Exploration result_;
};

}  // namespace

Exploration explore(std::uint64_t seed, bool sabotage) { return Explorer(seed, sabotage).run(); }

}  // namespace leat::sim
