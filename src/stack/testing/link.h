// Link: two Stacks joined by a wire in virtual time, for tests. Frames take 1 ms; a filter may look at, change
// or lose each of them. Raw frames can be thrown at either side.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "stack/queue_host.h"
#include "stack/stack.h"

namespace leat::testing {

using namespace std::chrono_literals;

class Link {
 public:
  static constexpr Duration kDelay = 1ms;

  /// Gives false to lose the frame. `to` is 0 or 1: the side that would receive it.
  using Filter = std::function<bool(int to, std::vector<std::uint8_t>& frame)>;

  /// `memory`: of both stacks together, bytes.
  explicit Link(const TcpSettings& options = {}, bool link_layer = true,
                std::size_t memory = BufferPool::kDefaultLimit);
  ~Link();

  Stack& near() { return hosts_[0]->stack(); }
  Stack& far() { return hosts_[1]->stack(); }
  static IpAddress near_address() { return IpAddress::v4(10, 0, 0, 1); }
  static IpAddress far_address() { return IpAddress::v4(10, 0, 0, 2); }
  static MacAddress near_mac() { return {{2, 0, 0, 0, 0, 1}}; }
  static MacAddress far_mac() { return {{2, 0, 0, 0, 0, 2}}; }

  void set_filter(Filter filter) { filter_ = std::move(filter); }
  /// Lets time pass; both stacks run when they want to.
  void run(Duration d);
  /// Until nothing is to be done, at most `limit`.
  void settle(Duration limit = 10s);
  Instant now() const { return now_; }

  /// Hands `frame` to near as if it came from the wire, and gives back the frames that near sends at once.
  std::vector<std::vector<std::uint8_t>> inject(std::vector<std::uint8_t> frame);

  /// Everything that has happened to a socket since the last call.
  std::uint16_t events(int side, SocketHandle handle);

  /// A connection from near to a listener on far's port 80: near's end and far's end.
  struct Pair {
    SocketHandle near, far, listener;
  };
  Pair connect();

  std::string read_all(Stack& stack, SocketHandle handle);
  BufferPool& pool() { return pool_; }

 private:
  struct InFlight {
    Instant at;
    int to;
    std::vector<std::uint8_t> frame;
  };
  void pump();
  void deliver(const InFlight& item);
  Instant next_time() const;
  void collect_events();

  BufferPool pool_;
  std::unique_ptr<QueueHost> hosts_[2];
  std::deque<InFlight> wire_;
  std::vector<std::pair<SocketHandle, std::uint16_t>> events_[2];
  Filter filter_;
  Instant now_{std::chrono::hours(1)};
};

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace leat::testing
