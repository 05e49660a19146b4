// bench/instructions: the cost of one segment in instructions and allocations. Callgrind counts instructions, only
// inside count_me(). Two Stacks in virtual time are joined by plain devices of MTU 1500. The far Stack is the peer and
// is not counted. instructions.py calls it, and compares with the record.
//   instructions SCENARIO [IDLE_CONNECTIONS]
// SCENARIO: bulk_in, bulk_out, pure_ack, ping_pong, connect_close. It prints the number of counted units (data
// segments, ACKs, round trips, connections) and their allocations.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "plain_device.h"
#include "stack/stack.h"

namespace {

bool counting = false;
std::uint64_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

/// Callgrind counts while this runs.
extern "C" [[gnu::noinline]] void count_me(const std::function<void()>& work) {
  counting = true;
  work();
  counting = false;
}

namespace {

using namespace std::chrono_literals;
using leat::Instant;
using leat::IpAddress;
using leat::Packet;
using leat::SocketHandle;
using leat::Stack;

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr int kWarmUp = 200, kRounds = 400;
constexpr std::uint16_t kPort = 80;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "instructions: %s\n", what.c_str());
  std::exit(1);
}

leat::TcpSettings options() {
  leat::TcpSettings made;
  made.send_buffer = made.receive_buffer = std::size_t{256} << 10;
  made.nodelay = true;
  return made;
}

struct End {
  Stack stack;
  std::vector<Packet> sent{};
  End(leat::BufferPool& pool, std::uint8_t host) : stack({.seed = {host, 1}, .tcp = options()}, pool) {
    if (!leat::bench::add_plain_interface(stack, host)) fail("add_interface");
    sent.reserve(4096);
  }
  void transmit(Instant now) {
    for (bool more = true; more;) {
      more = stack.transmit(1, out_, now);
      for (Packet& packet : out_.packets()) sent.push_back(std::move(packet));
      out_.clear();
    }
  }
  void forget_events() {
    while (stack.next_event()) continue;
  }

 private:
  leat::PacketBatch out_{};
};

class Bench {
 public:
  Bench() {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      const auto port = static_cast<std::uint16_t>(kPort + i);
      const auto listening = far_.stack.listen({IpAddress::any_v4(), port}, 4096);
      if (!listening) fail("listen");
      listeners_[i] = *listening;
    }
  }

  /// Opens a connection from near to far.
  void open(SocketHandle& near, SocketHandle& far, std::size_t listener = 0) {
    const auto port = static_cast<std::uint16_t>(kPort + listener);
    const auto connected = near_.stack.connect(
        {.remote = {IpAddress::v4(10, 0, 0, 2), port}, .local_address = {}, .first_data = {}}, now_);
    if (!connected) fail("connect");
    near = *connected;
    for (int i = 0; i < 4; ++i) exchange();
    const auto accepted = far_.stack.accept(listeners_[listener]);
    if (!accepted) fail("accept");
    far = *accepted;
  }

  /// Both Stacks send once, without being counted.
  void exchange() {
    near_.transmit(now_), hand_over(near_, far_);
    far_.transmit(now_), hand_over(far_, near_);
    near_.forget_events(), far_.forget_events();
    now_ += 50us;
  }

  /// Copies the packets of `from` into buffers, as a device does, and passes them to `to`. Returns their number.
  std::size_t hand_over(End& from, End& to) {
    const std::size_t count = from.sent.size();
    for (std::size_t i = 0; i < count;) {
      i = fill(from, i);
      to.stack.receive(1, batch_, now_);
    }
    from.sent.clear();
    return count;
  }

  std::uint64_t bulk_in() {
    std::uint64_t segments = 0;
    write_all(far_, in_far_);
    far_.transmit(now_);
    for (std::size_t i = 0; i < far_.sent.size();) {
      const std::size_t from = i;
      i = fill(far_, i);
      segments += i - from;
      count_me([this] {
        near_.stack.receive(1, batch_, now_);
        while (near_.stack.read(in_near_, buffer_, now_)) continue;
        near_.transmit(now_);
        near_.forget_events();
      });
    }
    far_.sent.clear();
    hand_over(near_, far_);
    far_.forget_events();
    now_ += 50us;
    return segments;
  }

  std::uint64_t bulk_out(bool acks_only) {
    const auto sends = [this] {
      write_all(near_, in_near_);
      near_.transmit(now_);
      near_.forget_events();
    };
    if (acks_only) sends();
    else count_me(sends);
    const std::size_t segments = hand_over(near_, far_);
    far_.forget_events();
    while (far_.stack.read(in_far_, buffer_, now_)) continue;
    far_.transmit(now_);
    now_ += 50us;
    const std::size_t acks = far_.sent.size();
    for (std::size_t i = 0; i < acks;) {
      i = fill(far_, i);
      count_me([this] { near_.stack.receive(1, batch_, now_); });
    }
    far_.sent.clear();
    return acks_only ? acks : segments;
  }

  std::uint64_t ping_pong() {
    std::uint8_t byte = 7;
    if (!far_.stack.write(in_far_, {&byte, 1}, now_)) fail("write");
    far_.transmit(now_);
    fill(far_, 0);
    far_.sent.clear();
    count_me([&] {
      near_.stack.receive(1, batch_, now_);
      near_.forget_events();
      if (near_.stack.read(in_near_, {&byte, 1}, now_).value_or(0) != 1) fail("read");
      if (!near_.stack.write(in_near_, {&byte, 1}, now_)) fail("write");
      near_.transmit(now_);
    });
    hand_over(near_, far_);
    far_.forget_events();
    if (far_.stack.read(in_far_, {&byte, 1}, now_).value_or(0) != 1) fail("read");
    now_ += 50us;
    return 1;
  }

  std::uint64_t connect_close() {
    SocketHandle near, far;
    const auto turn = [this](const std::function<void()>& work) {
      count_me([&] {
        work();
        near_.transmit(now_);
        near_.forget_events();
      });
      hand_over(near_, far_);
      far_.forget_events();
      far_.transmit(now_);
      fill(far_, 0);
      far_.sent.clear();
      now_ += 50us;
    };
    turn([&] {
      const auto connected = near_.stack.connect(
          {.remote = {IpAddress::v4(10, 0, 0, 2), kPort}, .local_address = {}, .first_data = {}}, now_);
      if (!connected) fail("connect");
      near = *connected;
    });
    turn([&] { near_.stack.receive(1, batch_, now_); });
    const auto accepted = far_.stack.accept(listeners_[0]);
    if (!accepted) fail("accept");
    far = *accepted;
    if (!far_.stack.close(far, now_)) fail("close");
    turn([] {});
    turn([&] {
      near_.stack.receive(1, batch_, now_);
      if (!near_.stack.close(near, now_)) fail("close");
    });
    turn([&] { near_.stack.receive(1, batch_, now_); });
    return 1;
  }

  void establish(std::size_t idle) {
    SocketHandle near, far;
    // Opens some more connections: a flow table that has just doubled still moves its entries, and the cost of a
    // settled table is wanted.
    for (std::size_t i = 0; i < idle + idle / 16; ++i) open(near, far, i % listeners_.size());
    now_ += 10s;  // lets their last timers pass
    for (End* end : {&near_, &far_}) end->transmit(now_);
    open(in_near_, in_far_);
  }

 private:
  /// Takes the next packets of `from`, beginning with `i`. Returns the index of the rest.
  std::size_t fill(End& from, std::size_t i) {
    batch_.clear();
    for (; i < from.sent.size() && !batch_.full(); ++i) {
      Packet copy = leat::bench::received_copy(from.sent[i], pool_);
      if (copy.empty()) fail("no buffer");
      batch_.push(std::move(copy));
    }
    return i;
  }
  void write_all(End& end, SocketHandle socket) {
    for (int i = 0; i < 2; ++i) {
      if (!end.stack.write(socket, buffer_, now_)) return;
    }
  }

  leat::BufferPool pool_;
  End near_{pool_, 1}, far_{pool_, 2};
  /// A pair of addresses has only some 28,000 ephemeral ports for one port of the server.
  std::array<SocketHandle, 8> listeners_;
  SocketHandle in_near_, in_far_;
  leat::PacketBatch batch_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kChunk, 'x');
  Instant now_{1h};
};

std::uint64_t play(Bench& bench, std::string_view scenario) {
  if (scenario == "bulk_in") return bench.bulk_in();
  if (scenario == "bulk_out") return bench.bulk_out(false);
  if (scenario == "pure_ack") return bench.bulk_out(true);
  if (scenario == "ping_pong") return bench.ping_pong();
  if (scenario == "connect_close") return bench.connect_close();
  fail("unknown scenario; one of bulk_in, bulk_out, pure_ack, ping_pong, connect_close");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: instructions SCENARIO [IDLE_CONNECTIONS]");
  Bench bench;
  bench.establish(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0);
  std::uint64_t units = 0;
  for (int i = 0; i < kWarmUp; ++i) units += play(bench, argv[1]);
  allocations = 0;
  const std::uint64_t warm = units;
  for (int i = 0; i < kRounds; ++i) units += play(bench, argv[1]);
  std::printf("%llu units, %llu allocations in the last %llu of them\n", static_cast<unsigned long long>(units),
              static_cast<unsigned long long>(allocations), static_cast<unsigned long long>(units - warm));
}
