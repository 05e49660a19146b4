#include "churn.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "base/ring.h"
#include "pattern.h"
#include "stack/queue_host.h"
#include "wire.h"

namespace leat::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The ways to end a connection. Each has its own server port, so that both ends know it.
enum Ending : std::uint16_t { kServerFirst, kClientFirst, kBothAtOnce, kReset, kEndings };
constexpr std::uint16_t kFirstPort = 80;
constexpr Duration kTimeWait = seconds(60);
constexpr Duration kUntilBothEnd = milliseconds(200);
constexpr std::size_t kRequest = 32, kAnswer = 1000;

/// The ending of a connection. The server ends 12 of 20 connections, as with HTTP.
Ending ending_of(std::uint64_t number) {
  const std::uint64_t n = number % 20;
  return n < 12 ? kServerFirst : n < 16 ? kClientFirst : n < 19 ? kBothAtOnce : kReset;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The beginning of a request, in front of its pattern.
struct Head {
  std::uint64_t number = 0;
  Instant opened{};
};

/// One end of one connection.
struct Flow {
  SocketHandle handle;
  Head head;
  Ending ending = kServerFirst;
  std::size_t received = 0;
  bool busy = false;  ///< neither end has closed it
};

struct End {
  BufferPool pool;
  QueueHost host;
  Stack& stack = host.stack();
  std::vector<Flow> flows;  ///< by the index of the handle
  std::uint64_t done = 0;

  explicit End(std::uint8_t number) : host({.seed = {number, 7}, .tcp = {}}, pool) {
    InterfaceConfig config;
    config.mac = {{2, 0, 0, 0, 0, number}};
    config.addresses = {{IpAddress::v4(10, 0, 0, number), 24}};
    (void)host.attach(config);
  }
  Flow& add(SocketHandle handle) {
    if (flows.size() <= handle.index) flows.resize(handle.index + 1);
    Flow& flow = flows[handle.index];
    flow = {};
    flow.handle = handle, flow.busy = true;
    return flow;
  }
  Flow* find(SocketHandle handle) {
    if (handle.index >= flows.size()) return nullptr;
    Flow& flow = flows[handle.index];
    return flow.busy && flow.handle == handle ? &flow : nullptr;
  }
};

class Churn {
 public:
  explicit Churn(const ChurnPlan& plan)
      : plan_(plan),
        to_server_(path(), DeviceCaps{}, cable_, trail_, true),
        to_client_(path(), DeviceCaps{}, cable_, trail_, false) {
    closed_by_server_.resize(65536, Instant::min());
    for (std::uint16_t i = 0; i < kEndings; ++i) {
      const auto listener =
          server_.stack.listen({IpAddress::any_v4(), static_cast<std::uint16_t>(kFirstPort + i)}, 4096);
      if (!listener) fail("listen");
      if (listener) listeners_.push_back(*listener);
    }
  }

  ChurnOutcome run() {
    while (outcome_.failure.empty() && client_.done + server_.done < 2 * plan_.connections) step();
    check_rest("when all were closed", false);
    // FINs may still be in flight. TIME-WAIT follows.
    const Instant end = now_ + kTimeWait + seconds(10);
    while (outcome_.failure.empty() && next_instant() <= end) step();
    check_rest("after a TIME-WAIT", true);
    check_counters();
    outcome_.lasted = now_ - kStart;
    return outcome_;
  }

 private:
  static constexpr Instant kStart{seconds(1000)};

  static Impairment path() {
    Impairment p;
    p.delay = milliseconds(10);
    p.seed = 1;
    return p;
  }

  void fail(const std::string& why) {
    if (outcome_.failure.empty()) {
      outcome_.failure = why + "\n  the last frames:\n" + trail_.to_string(true);
    }
  }
  template <class T>
  bool ok(const expected<T, Error>& result, const char* what) {
    if (!result) fail(std::string(what) + ": " + std::string(to_string(result.error())));
    return result.has_value();
  }

  Instant opening_of(std::uint64_t number) const {
    return kStart + std::chrono::nanoseconds(number * 1'000'000'000 / plan_.per_second);
  }

  Instant next_instant() const {
    Instant next = std::min({to_server_.next_arrival(), to_client_.next_arrival(), client_.stack.next_deadline(),
                             server_.stack.next_deadline()});
    if (opened_ < plan_.connections) next = std::min(next, opening_of(opened_));
    for (const RingDeque<Flow>* ends : {&client_ends_, &server_ends_}) {
      if (!ends->empty()) next = std::min(next, ends->front().head.opened + kUntilBothEnd);
    }
    return next;
  }

  void step() {
    const Instant next = next_instant();
    if (next == kNever) return fail("everything waits for ever");
    now_ = std::max(now_, next);
    arrive(to_server_, server_);
    arrive(to_client_, client_);
    while (opened_ < plan_.connections && opening_of(opened_) <= now_) open();
    end_both(client_, client_ends_);
    end_both(server_, server_ends_);
    settle();
  }

  void open() {
    const std::uint64_t number = opened_++;
    const Ending ending = ending_of(number);
    const Endpoint remote{IpAddress::v4(10, 0, 0, 2), static_cast<std::uint16_t>(kFirstPort + ending)};
    const auto made = client_.stack.connect({.remote = remote}, now_);
    if (!ok(made, "connect")) return;
    Flow& flow = client_.add(*made);
    flow.head = {number, now_}, flow.ending = ending;
    const auto local = client_.stack.local(*made);
    if (ending == kServerFirst && local && now_ < closed_by_server_[local->port] + kTimeWait) ++outcome_.met_time_wait;
  }

  void settle() {
    for (bool moved = true; moved && outcome_.failure.empty();) {
      moved = transmit(client_, to_server_);
      moved |= transmit(server_, to_client_);
      moved |= client_.host.dispatch(now_, [this](const Event& event) {
        if (Flow* flow = client_.find(event.socket)) on_client(*flow, event.bits);
      });
      moved |= server_.host.dispatch(now_, [this](const Event& event) {
        if (event.bits & kEventAcceptable) accept(event.socket);
        if (Flow* flow = server_.find(event.socket)) on_server(*flow);
      });
    }
  }

  bool transmit(End& from, Wire& wire) {
    return from.host.transmit(now_, [&](Packet& packet) {
      batch_.push(std::move(packet));
      wire.send(batch_, now_);
    });
  }

  void arrive(Wire& wire, End& to) {
    for (bool more = true; more;) {
      more = wire.arrive(batch_, now_);
      if (!batch_.empty()) to.host.receive(batch_, now_);
    }
  }

  void accept(SocketHandle listener) {
    const auto at = std::find(listeners_.begin(), listeners_.end(), listener);
    if (at == listeners_.end()) return fail("an event of nobody");
    while (const auto accepted = server_.stack.accept(listener)) {
      server_.add(*accepted).ending = static_cast<Ending>(at - listeners_.begin());
    }
  }

  /// Sends the request, reads the answer, and ends the connection as planned.
  void on_client(Flow& flow, std::uint16_t bits) {
    if (bits & kEventError) return fail("client: " + std::string(to_string(client_.stack.error(flow.handle))));
    if (bits & kEventConnected) {
      std::array<std::uint8_t, kRequest> request;
      std::memcpy(request.data(), &flow.head, sizeof flow.head);
      fill_pattern(flow.head.number, sizeof flow.head, std::span(request).subspan(sizeof flow.head));
      const auto taken = client_.stack.write(flow.handle, request, now_);
      if (!ok(taken, "client: write") || *taken != kRequest) return fail("client: the request was not taken");
      if (flow.ending == kBothAtOnce) client_ends_.push_back(flow);
    }
    const bool whole = flow.received == kAnswer;
    const bool ended = read(client_, flow, ~flow.head.number, kAnswer);
    if (ended && flow.received != kAnswer) return fail("client: the answer was cut short");
    if (!flow.busy || flow.received != kAnswer) return;
    if (!whole && flow.ending == kReset) {
      if (ok(client_.stack.abort(flow.handle, now_), "client: abort")) close(client_, flow);
    } else if ((!whole && flow.ending == kClientFirst) || ended) {
      if (ok(client_.stack.close(flow.handle, now_), "client: close")) close(client_, flow);
    }
  }

  void on_server(Flow& flow) {
    if (server_.stack.error(flow.handle) == Error::reset && flow.ending == kReset) {
      if (ok(server_.stack.close(flow.handle, now_), "server: close")) close(server_, flow);
      return;
    }
    const bool asked = flow.received == kRequest;
    const bool ended = read(server_, flow, 0, kRequest);
    if (!flow.busy || flow.received != kRequest) return;
    if (!asked) answer(flow);
    if (!flow.busy || !ended) return;
    if (plan_.sabotage && !std::exchange(forgot_, true)) {
      flow.busy = false, ++server_.done;
      return;
    }
    if (ok(server_.stack.close(flow.handle, now_), "server: close")) close(server_, flow);
  }

  void answer(Flow& flow) {
    std::array<std::uint8_t, kAnswer> answer;
    fill_pattern(~flow.head.number, 0, answer);
    const auto taken = server_.stack.write(flow.handle, answer, now_);
    if (!ok(taken, "server: write") || *taken != kAnswer) return fail("server: the answer was not taken");
    if (flow.ending == kBothAtOnce) server_ends_.push_back(flow);
    if (flow.ending != kServerFirst) return;
    if (const auto remote = server_.stack.remote(flow.handle)) closed_by_server_[remote->port] = now_;
    if (ok(server_.stack.close(flow.handle, now_), "server: close")) close(server_, flow);
  }

  /// Reads the received data and compares it. Returns true at the end of the stream.
  bool read(End& end, Flow& flow, std::uint64_t key, std::size_t expected_size) {
    std::array<std::uint8_t, 2048> block;
    for (;;) {
      const auto got = end.stack.read(flow.handle, block, now_);
      if (!got && got.error() == Error::would_block) return false;
      if (!got) return fail("read: " + std::string(to_string(got.error()))), false;
      if (*got == 0) return true;
      Bytes data = Bytes(block).first(*got);
      if (flow.received + data.size() > expected_size) return fail("more bytes than were sent"), false;
      if (&end == &server_) {
        if (data.size() != kRequest) return fail("server: half a request"), false;
        std::memcpy(&flow.head, data.data(), sizeof flow.head);
        key = flow.head.number;
        flow.received = sizeof flow.head;
        data = data.subspan(sizeof flow.head);
        if (ending_of(key) != flow.ending) return fail("server: a request of another connection"), false;
      }
      if (first_mismatch(key, flow.received, data) != data.size()) return fail("a wrong byte"), false;
      flow.received += data.size();
    }
  }

  void close(End& end, Flow& flow) {
    flow.busy = false;
    ++end.done;
    const std::uint64_t step = std::max<std::uint64_t>(plan_.connections / 100, 1);
    if (&end == &client_ && end.done % step == 0) look_at_memory(end.done / step);
  }

  /// Both shut down at the same instant, so that their FINs cross.
  void end_both(End& end, RingDeque<Flow>& ends) {
    while (!ends.empty() && ends.front().head.opened + kUntilBothEnd <= now_) {
      const Flow flow = ends.pop_front();
      ok(end.stack.shutdown_write(flow.handle, now_), "shutdown");
    }
  }

  void look_at_memory(std::uint64_t percent) {
    const Stack::Population c = client_.stack.population(), s = server_.stack.population();
    outcome_.most_time_wait = std::max<std::uint64_t>(outcome_.most_time_wait, c.time_wait + s.time_wait);
    if (percent < 10) return;
    const std::size_t now = resident_bytes();
    if (outcome_.memory_at_a_tenth == 0) outcome_.memory_at_a_tenth = now;
    outcome_.memory_at_most = std::max(outcome_.memory_at_most, now);
    const std::size_t before = outcome_.memory_at_a_tenth;
    if (plan_.memory_bound > 0 && std::max(now, before) - std::min(now, before) > plan_.memory_bound) {
      fail("resident memory is " + std::to_string(now) + " bytes after " + std::to_string(percent) + " %, and was " +
           std::to_string(before) + " after 10 %");
    }
  }

  void check_rest(const char* when, bool time_wait_over) {
    for (End* end : {&client_, &server_}) {
      const Stack::Population p = end->stack.population();
      const std::string who = std::string(when) + (end == &client_ ? ", client: " : ", server: ");
      if (p.half_open > 0) fail(who + std::to_string(p.half_open) + " half-open entries are left");
      if (p.connections != p.orphans) fail(who + std::to_string(p.connections - p.orphans) + " connections are lost");
      if (!time_wait_over) continue;
      if (p.orphans > 0) fail(who + std::to_string(p.orphans) + " connections have not ended");
      if (p.time_wait > 0) fail(who + std::to_string(p.time_wait) + " TIME-WAIT entries are left");
      if (end->pool.blocks_in_use() > 0) fail(who + "buffers are in use");
    }
  }

  void check(End& end, Counter counter, std::uint64_t wanted) {
    const std::uint64_t value = end.stack.counters()[counter];
    if (value == wanted) return;
    fail((&end == &client_ ? "client: " : "server: ") + std::string(to_string(counter)) + " is " +
         std::to_string(value) + ", not " + std::to_string(wanted));
  }

  /// The path loses nothing, so data that was retransmitted was refused before.
  void check_counters() {
    std::array<std::uint64_t, kEndings> ended{};
    for (std::uint64_t i = 0; i < plan_.connections; ++i) ++ended[ending_of(i)];
    check(client_, Counter::TcpActiveOpens, plan_.connections);
    check(server_, Counter::TcpPassiveOpens, plan_.connections);
    check(server_, Counter::TcpEstabResets, ended[kReset]);
    check(server_, Counter::TcpExtTW, ended[kServerFirst] + ended[kBothAtOnce]);
    check(client_, Counter::TcpExtTW, ended[kClientFirst] + ended[kBothAtOnce]);
    for (End* end : {&client_, &server_}) {
      for (const Counter counter : {Counter::TcpRetransSegs, Counter::TcpAttemptFails, Counter::TcpExtListenDrops,
                                    Counter::TcpExtTCPChallengeACK, Counter::TcpExtTCPTimeWaitOverflow}) {
        check(*end, counter, 0);
      }
    }
  }

  const ChurnPlan plan_;
  Trail trail_;
  BufferPool cable_;
  Wire to_server_, to_client_;
  End client_{1}, server_{2};
  PacketBatch batch_;
  std::vector<SocketHandle> listeners_;
  std::vector<Instant> closed_by_server_;  ///< by client port: the time when the server last ended a connection
  RingDeque<Flow> client_ends_, server_ends_;
  std::uint64_t opened_ = 0;
  bool forgot_ = false;
  Instant now_ = kStart;
  ChurnOutcome outcome_;
};

}  // namespace

ChurnOutcome churn(const ChurnPlan& plan) { return std::make_unique<Churn>(plan)->run(); }

}  // namespace leat::sim
