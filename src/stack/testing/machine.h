// Machine: one whole Stack in virtual time, with a peer that the test plays by raw segments (scripted_peer.h): the
// level at which all of TCP's states can be seen, the listener and the TIME-WAIT table included.
//
//   Machine m;  m.connect();  m.peer("S. 0 ack 1");  EXPECT_EQ(m.sent(), "S 0; . 1 ack 1");
//
// What was sent is compared as text. The sequence numbers of both ends begin just below 2^32, so that every story
// wraps around, most of them in the data and some at a SYN or FIN. m.story() tells what has happened so far.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stack/queue_host.h"
#include "stack/stack.h"
#include "stack/testing/scripted_peer.h"

namespace leat::testing {

using namespace std::chrono_literals;

struct MachineConfig {
  TcpSettings tcp = [] {
    TcpSettings options;
    options.receive_buffer = 4096;  // also the window, for the peer does not scale
    return options;
  }();
  std::uint32_t wraps_after = 7;       ///< our first sequence number is 2^32 minus this
  std::uint32_t peer_wraps_after = 7;  ///< the peer's
};

/// ss(8), whose names to_string gives, says UNCONN, SYN-RECV and ESTAB.
std::string rfc_name(TcpState state);

class Machine {
 public:
  static constexpr std::uint16_t kOurPort = 7000, kPeerPort = 9000;
  static constexpr IpAddress our_address() { return IpAddress::v4(192, 0, 2, 1); }
  static constexpr IpAddress peer_address() { return IpAddress::v4(192, 0, 2, 2); }

  explicit Machine(const MachineConfig& config = {});
  ~Machine();

  // The user. Each call gives the error's name, or "ok", or what was asked for.
  std::string connect();
  std::string listen();
  /// `n` bytes of the pattern: "5 bytes".
  std::string write(std::size_t n);
  /// "5 bytes", "end", "would block" … The bytes are checked.
  std::string read(std::size_t n);
  std::string shutdown();
  std::string close();  ///< of the listener when there is no connection yet
  std::string abort();
  /// The state by its name in RFC 9293, of the connection when there is one, else of the listener. "orphan" when the
  /// user has closed it and only its segments tell.
  std::string state();

  /// A segment of the peer arrives.
  void peer(std::string_view segment);
  /// What was sent since the last call, joined by "; ".
  std::string sent();
  void advance(Duration d);
  /// To the next deadline, at most `limit` away.
  void advance_to_timer(Duration limit = 24h);
  /// To the first deadline that makes us send something, or to the last.
  void advance_until_sent(Duration limit = 24h);
  /// Until no timer runs any more.
  void run_out(Duration limit = 24h);

  /// What a user who looks would find: "error: reset", "5 readable, end" or nothing.
  std::string outcome();
  std::size_t readable();
  Error error() const { return stack().error(socket); }
  TcpInfo info() const { return stack().info(socket).value_or(TcpInfo{}); }
  Stack& stack() const { return host_->stack(); }
  Instant now() const { return now_; }
  ScriptedPeer& other() { return peer_; }
  std::string story() const;

  SocketHandle socket{}, listener{};

 private:
  void pump();
  void adopt_child();
  void tell(const std::string& line);
  Instant start(const MachineConfig& config) const;

  BufferPool pool_;
  std::unique_ptr<QueueHost> host_;
  ScriptedPeer peer_;
  Instant now_{}, begun_{};
  std::vector<std::string> sent_;
  std::vector<std::string> lines_;
  std::int64_t written_ = 0, read_ = 0;
};

}  // namespace leat::testing
