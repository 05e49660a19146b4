// The Leat half of bench/pipe: two Stacks that share a pool, joined by plain devices without super-segments and
// checksum offload.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "pipe.h"
#include "plain_device.h"
#include "stack/stack.h"

namespace pipe_bench {
namespace {

using leat::Error;
using leat::Instant;
using leat::IpAddress;
using leat::Stack;

[[noreturn]] void fail(std::string_view what, std::string_view why = {}) {
  std::fprintf(stderr, "pipe: Leat: %.*s %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(1);
}

Instant now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

/// The size of the buffers. A pipe has no round trip that could determine it, and this size fits into the CPU cache.
leat::TcpSettings options() {
  leat::TcpSettings made;
  made.send_buffer = made.receive_buffer = std::size_t{1} << 20;
  return made;
}

struct End {
  leat::BufferPool& pool;
  Stack stack;
  leat::InterfaceId interface = 0;

  End(leat::BufferPool& p, std::uint8_t host) : pool(p), stack({.seed = {host, 1}, .tcp = options()}, p) {
    const auto added = leat::bench::add_plain_interface(stack, host);
    if (!added) fail("add_interface:", to_string(added.error()));
    interface = *added;
  }
};

struct Wire {
  WireCounter counter;
  bool checking = false;

  /// Carries all packets of `from` to `to`.
  void carry(End& from, End& to, Instant t) {
    for (bool more = true; more;) {
      more = from.stack.transmit(from.interface, sent_, t);
      if (sent_.empty()) return;
      for (const leat::Packet& p : sent_) {
        leat::Packet copy = leat::bench::received_copy(p, to.pool);
        if (copy.empty()) fail("no buffer for a frame");
        if (counter.count(copy.size(), checking)) copy.slices()[0].mutable_bytes()[80] ^= 0x10;
        arriving_.push(std::move(copy));
      }
      sent_.clear();
      to.stack.receive(to.interface, arriving_, t);
    }
  }

 private:
  leat::PacketBatch sent_, arriving_;
};

struct Run {
  Application app;
  bool without_copies;
  leat::BufferPool pool;
  End near{pool, 1}, far{pool, 2};
  Wire to_far, to_near;
  leat::SocketHandle sender, receiver;
  explicit Run(const Work& work) : app(work), without_copies(work.without_copies) { to_far.checking = work.checking; }

  void settle(Instant t) {
    to_far.carry(near, far, t);
    to_near.carry(far, near, t);
    while (near.stack.next_event() || far.stack.next_event()) {
    }
  }
};

void establish(Run& run) {
  const leat::Endpoint server{IpAddress::v4(10, 0, 0, 2), 80};
  const auto listener = run.far.stack.listen(server, 8);
  if (!listener) fail("listen:", to_string(listener.error()));
  const auto connection = run.near.stack.connect({.remote = server, .local_address = {}, .first_data = {}}, now());
  if (!connection) fail("connect:", to_string(connection.error()));
  run.sender = *connection;
  for (Stopwatch w; !run.receiver;) {
    run.settle(now());
    if (const auto accepted = run.far.stack.accept(*listener)) run.receiver = *accepted;
    if (w.seconds() > 10) fail("no handshake within 10 s");
  }
}

void read_all(Run& run, Instant t) {
  for (;;) {
    const auto n = run.far.stack.read(run.receiver, run.app.room(), t);
    if (!n && n.error() == Error::would_block) return;
    if (!n) fail("read:", to_string(n.error()));
    if (*n == 0) fail("read: an end of stream that nobody sent");
    run.app.got(*n);
  }
}

void view_all(Run& run, Instant t) {
  std::array<leat::Bytes, 64> pieces;
  for (;;) {
    const auto n = run.far.stack.view(run.receiver, pieces);
    if (!n && n.error() == Error::would_block) return;
    if (!n) fail("view:", to_string(n.error()));
    std::size_t bytes = 0;
    for (const leat::Bytes piece : std::span(pieces).first(*n)) {
      run.app.saw(piece);
      bytes += piece.size();
    }
    if (run.far.stack.consume(run.receiver, bytes, t).value_or(0) != bytes) fail("consume");
  }
}

/// Writes as much as the stack takes.
leat::expected<std::size_t, Error> write(Run& run, leat::Bytes data, Instant t) {
  if (!run.without_copies) return run.near.stack.write(run.sender, data, t);
  const auto taken = run.near.stack.write_borrowed(run.sender, data, {}, t);
  if (!taken) return leat::unexpected(taken.error());
  return data.size();
}

void transfer(Run& run) {
  Stopwatch watch;
  for (std::uint64_t round = 1; !run.app.done(); ++round) {
    const Instant t = now();
    for (auto data = run.app.next(); !data.empty(); data = run.app.next()) {
      const auto n = write(run, data, t);
      if (!n && n.error() == Error::would_block) break;
      if (!n) fail("write:", to_string(n.error()));
      run.app.wrote(*n);
    }
    run.to_far.carry(run.near, run.far, t);
    run.without_copies ? view_all(run, t) : read_all(run, t);
    run.settle(t);
    if (round % 4096 == 0 && watch.seconds() > kPatience) fail("the transfer does not end");
  }
}

}  // namespace

Result run_leat(const Work& work) {
  Run run(work);
  establish(run);
  run.to_far.counter = run.to_near.counter = {};
  Stopwatch watch;
  transfer(run);
  Result result{.seconds = watch.seconds(), .bytes = run.app.received(), .correct = run.app.correct()};
  result.data_segments = run.to_far.counter.data;
  result.ack_segments = run.to_near.counter.bare;
  if (const auto info = run.far.stack.info(run.receiver)) result.window = info->rcv_wnd;
  if (const auto info = run.near.stack.info(run.sender)) result.mss = info->snd_mss;
  return result;
}

}  // namespace pipe_bench
