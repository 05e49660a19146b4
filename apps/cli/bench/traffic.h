// Traffic: the streams of a throughput test, all sending or all receiving, on a host's thread. It moves bytes between
// start() and stop(), keeps to the limits of the test's parameters, and counts.
//
// What is sent is whole blocks, as iperf3's, but for the last one when time is over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/iperf_protocol.h"
#include "cli/bench/throughput_record.h"
#include "leat/event_loop.h"

namespace leat::command {

class Traffic {
 public:
  using Function = std::function<void(EventLoop&)>;

  Traffic(const iperf::Parameters& parameters, bool is_sender);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  /// Takes over a connected socket and its handler.
  void add(EventLoop& loop, SocketHandle socket);
  std::size_t size() const { return streams_.size(); }
  const std::vector<StreamRecord>& records() const { return records_; }

  /// `on_end` is called when a receiver has the bytes of the parameters, or a sender's peer has acknowledged them, or
  /// a stream has broken: then why() is not empty. Maybe several times.
  void start(EventLoop& loop, Function on_end);
  /// Counts from zero again.
  void forget(EventLoop& loop);
  /// Counts no more. A sender sends no more, a receiver takes what comes and throws it away.
  void stop(EventLoop& loop);
  /// FIN of all streams. A server's, once the test is over: iperf3 reads on until then.
  void shutdown(EventLoop& loop);
  /// Takes what has arrived, before stop().
  void drain(EventLoop& loop);
  /// FIN after what is queued, in the background; nothing is called any more.
  void close(EventLoop& loop);

  std::vector<StreamFigures> totals(EventLoop& loop);
  Instant moved() const { return moved_; }  ///< when a byte was last taken or given
  const std::string& why() const { return why_; }
  std::string congestion(EventLoop& loop) const;

 private:
  struct Stream {
    SocketHandle socket;
    std::uint64_t bytes = 0;
    std::size_t rest = 0;                  ///< of the block that is being sent
    std::uint64_t paced = 0;               ///< bytes of blocks begun since start(), which count for the rate
    std::uint64_t retransmits_before = 0;  ///< of the connection, when counting began
    StreamFigures figures{};               ///< as last known
    bool over = false;
  };
  void drive(EventLoop& loop, Stream& stream);
  void send(EventLoop& loop, Stream& stream);
  void receive(EventLoop& loop, Stream& stream);
  void tick(EventLoop& loop);
  void fail(EventLoop& loop, Stream& stream, const std::string& why);
  void look(EventLoop& loop, Stream& stream);
  bool may_begin_block(Instant now, const Stream& stream) const;
  bool is_delivered(EventLoop& loop) const;

  const iperf::Parameters parameters_;
  const bool is_sender_;
  std::vector<std::uint8_t> block_;
  std::vector<Stream> streams_;
  std::vector<StreamRecord> records_;
  std::optional<EventLoop::Timer> timer_;
  Function on_end_;
  Instant begun_{}, moved_{};
  std::uint64_t total_ = 0;  ///< bytes of blocks begun, or received
  bool running_ = false, closed_ = false;
  std::string why_;
};

}  // namespace leat::command
