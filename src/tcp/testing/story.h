// Story: the test vocabulary of TCP. One TcpConnection in virtual time, with a peer that the test plays.
//
// All numbers are relative: our first data byte is seq 1, the peer's too. States are reached by exchanging segments.
//   Story c;  c.connect();
//   c.recv({.seq = 1, .ack = 1, .len = 1460});  c.advance(40ms);
//   EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1461}));  c.sent_nothing();
// A failing comparison prints the story so far. The destructor checks that nothing more was sent.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <iosfwd>
#include <string>
#include <vector>

#include "tcp/connection.h"

namespace leat::testing {

using namespace std::chrono_literals;

/// A segment in relative numbers. As an expectation, win -1 matches any window, and no ts any timestamps.
struct Seg {
  std::int64_t seq = 0;
  std::int64_t ack = -1;  ///< -1: no ACK flag
  std::uint32_t len = 0;
  std::string flags{};  ///< "S", "F", "R", "P", "U" in any combination; ACK follows from `ack`
  std::int64_t win = -1;
  std::vector<std::pair<std::int64_t, std::int64_t>> sack{};
  std::uint16_t urg = 0;  ///< the urgent pointer, with "U"
  /// Our clock is told in milliseconds since the story began, the peer's as it is.
  std::optional<TcpTimestamps> ts{};

  bool operator==(const Seg& other) const;
};
std::ostream& operator<<(std::ostream& out, const Seg& seg);

struct StoryConfig {
  std::uint32_t our_isn = 0xfffffff0u;  ///< wraps early, so every story covers it
  std::uint32_t peer_isn = 0x7ffffff0u;
  std::uint16_t mss = 1460;           ///< offered by both
  std::uint16_t peer_window = 65535;  ///< the field of the peer's segments unless one says otherwise
  std::uint8_t peer_scale = 7;
  bool peer_scales = true;
  bool peer_sack = true;
  ConnectionConfig connection;
  TcpSettings options;
};

/// A peer without SACK: three duplicate ACKs are a loss, and no tail probe comes before the time-out.
StoryConfig without_sack();

class Story {
 public:
  explicit Story(StoryConfig config = {});
  ~Story();

  // Ways into ESTABLISHED.
  void connect();      ///< active open, completed after 10 ms
  void accept();       ///< passive open, completed after 10 ms
  void accept_half();  ///< as accept, without the ACK that completes it
  void open_active();

  /// The peer sends. win -1: the configured one. Payload bytes follow the pattern of their position.
  SegmentVerdict recv(const Seg& seg);
  /// Several that have arrived together; nothing is sent before the last was looked at.
  void recv_batch(const std::vector<Seg>& segs);
  void advance(Duration d);
  /// Takes what the connection wants to send; recv, advance and the user's calls do it by themselves.
  void transmit() { pump(); }

  /// The next segment that was sent, in order; a Seg with flags "(nothing)" when there is none.
  Seg sent();
  /// Sent segments not looked at yet, joined where they are adjacent data; forgets them.
  std::vector<Seg> all_sent();
  void sent_nothing();
  /// The notes of what was sent since the last call, where there were any.
  std::vector<PacketNote> notes() { return std::exchange(notes_, {}); }

  // The user.
  std::size_t write(std::size_t n);
  std::size_t write_urgent(std::size_t n);
  std::size_t write_more(std::size_t n);
  /// Changes the connection's settings: c.set([](TcpSettings& o) { o.cork = true; }).
  template <class Change>
  void set(Change&& change) {
    TcpSettings options = *connection_->options();
    change(options);
    tell("user changes options");
    connection_->set_options(TcpSettingsRef(options), now_);
    pump();
  }
  /// Reads up to n bytes and checks them against the pattern; returns how many, or -1 - error.
  std::int64_t read(std::size_t n);
  void shutdown();
  void close();
  void abort();

  TcpConnection& connection() { return *connection_; }
  TcpState state() const { return half_open_ ? TcpState::syn_received : connection_->state(); }
  Instant now() const { return now_; }
  /// Our timestamp now, as Seg has it.
  std::uint32_t our_clock() const { return timestamp_value(0, now_) - timestamp_value(0, kBegin); }
  std::uint16_t events() { return connection_->take_events(); }
  std::string so_far() const;
  BufferPool& pool() { return pool_; }
  /// Options of the last SYN that was sent.
  const TcpOptionSet& syn_options() const { return syn_options_; }
  TcpOptionSet peer_options;  ///< of the peer's SYN

 private:
  using Write = expected<std::size_t, Error> (TcpConnection::*)(Bytes, BufferPool&);
  std::size_t write_by(Write how, std::size_t n);
  bool recv_half_open(const SegmentIn& in);
  void note_sent(SegmentOut& out);
  void pump();
  void tell(const std::string& line);
  static std::uint8_t pattern(std::int64_t pos) { return static_cast<std::uint8_t>(pos * 31 + (pos >> 8)); }

  StoryConfig config_;
  BufferPool pool_;
  FlightPool flights_;
  std::optional<TcpConnection> connection_;
  std::optional<HalfOpen> half_open_;
  static constexpr Instant kBegin{std::chrono::hours(5)};

  Instant now_ = kBegin;
  std::deque<Seg> sent_;
  std::vector<PacketNote> notes_;
  std::vector<std::string> lines_;
  std::int64_t written_ = 0, read_ = 0;
  bool more_follow_ = false;
  TcpOptionSet syn_options_;
};

struct WithoutSack : Story {
  WithoutSack() : Story(without_sack()) {}
};

}  // namespace leat::testing
