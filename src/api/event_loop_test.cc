#include "leat/event_loop.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>

#include "api/testing/host_pair.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::HostPair;
using testing::kSoon;
using testing::pattern;
using testing::read_to_end;

class EventLoopTest : public HostPair {};

/// Runs `f` on the host's thread and returns its result.
template <class F>
auto on_loop(Host& host, F f) {
  std::promise<decltype(f(std::declval<EventLoop&>()))> promise;
  auto future = promise.get_future();
  host.post([&](EventLoop& loop) { promise.set_value(f(loop)); });
  return future.get();
}

/// Echoes data until the peer's FIN, then closes. Data that does not fit waits for room.
struct Echo {
  std::vector<std::uint8_t> waiting;
  void operator()(EventLoop& loop, const Event& event) {
    if ((event.bits & kEventError) != 0) return (void)loop.close(event.socket);
    std::vector<std::uint8_t> buffer(16384);
    for (;;) {
      if (!waiting.empty()) {
        const auto taken = loop.write(event.socket, waiting);
        if (!taken) return;
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*taken));
        continue;
      }
      const auto n = loop.read(event.socket, buffer);
      if (!n) return;
      if (*n == 0) return (void)loop.close(event.socket);
      waiting.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
    }
  }
};

TEST_F(EventLoopTest, AnEchoServerOfHandlersServesManyClients) {
  const auto port = on_loop(server(), [](EventLoop& loop) {
    const auto listener = loop.listen({IpAddress::any_v4(), 0});
    EXPECT_TRUE(listener);
    loop.set_handler(*listener, [](EventLoop& l, const Event& e) {
      while (auto socket = l.accept(e.socket)) l.set_handler(*socket, Echo{});
    });
    return loop.local(*listener)->port;
  });
  std::vector<std::thread> clients;
  for (std::uint32_t i = 0; i < 6; ++i) {
    clients.emplace_back([&, i] {
      auto c = client().connect({server_address(), port}, {.timeout = kSoon});
      ASSERT_TRUE(c);
      const auto data = pattern(300000, i);
      std::thread writer([&] { EXPECT_TRUE(c->write_all(data, kSoon) && c->shutdown()); });
      EXPECT_TRUE(read_to_end(*c) == data);
      writer.join();
    });
  }
  for (auto& c : clients) c.join();
}

TEST_F(EventLoopTest, AServerSendsItsOwnMemoryAndAClientReadsWhereItLies) {
  const std::vector<std::uint8_t> data = pattern(2'000'000);
  std::promise<void> released;
  const auto port = on_loop(server(), [&](EventLoop& loop) {
    const auto listener = loop.listen({IpAddress::any_v4(), 0});
    loop.set_handler(*listener, [&](EventLoop& l, const Event& e) {
      const auto socket = l.accept(e.socket);
      if (!socket) return;
      EXPECT_TRUE(l.write_borrowed(*socket, data, [&] { released.set_value(); }));
      EXPECT_TRUE(l.close(*socket));
    });
    return loop.local(*listener)->port;
  });
  std::vector<std::uint8_t> got;
  std::promise<void> done;
  client().post([&](EventLoop& loop) {
    const auto socket = loop.connect({server_address(), port});
    ASSERT_TRUE(socket);
    loop.set_handler(*socket, [&](EventLoop& l, const Event& e) {
      std::array<std::span<const std::uint8_t>, 8> pieces;
      for (;;) {
        const auto n = l.view(e.socket, pieces);
        if (!n) return;
        if (*n == 0) {
          EXPECT_TRUE(l.close(e.socket));
          return done.set_value();
        }
        for (const auto piece : std::span(pieces).first(*n)) {
          got.insert(got.end(), piece.begin(), piece.end());
          EXPECT_TRUE(l.consume(e.socket, piece.size()));
        }
      }
    });
  });
  ASSERT_EQ(done.get_future().wait_for(kSoon), std::future_status::ready);
  ASSERT_EQ(released.get_future().wait_for(kSoon), std::future_status::ready);
  EXPECT_TRUE(got == data);
}

TEST_F(EventLoopTest, WhatWasBorrowedIsFreeBeforeTheHostHasEnded) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  Joined handle_that_stays = join();
  const std::vector<std::uint8_t> data = pattern(5'000'000);
  std::atomic<int> released{0}, elsewhere{0};
  on_loop(client(), [&](EventLoop& loop) {
    const auto hosts_thread = std::this_thread::get_id();
    const auto release = [&, hosts_thread] {
      ++released;
      if (std::this_thread::get_id() != hosts_thread) ++elsewhere;
    };
    const auto socket = loop.connect({server_address(), 80});  // the server will not read
    EXPECT_TRUE(socket && loop.write_borrowed(*socket, data, release));
    const auto nobody = loop.connect({IpAddress::v4(10, 0, 0, 77), 80});
    EXPECT_TRUE(nobody && loop.write_borrowed(*nobody, data, release));
    return true;
  });
  client_.reset();
  EXPECT_EQ(released, 2);
  EXPECT_EQ(elsewhere, 0);
}

TEST_F(EventLoopTest, RoomInTheSendBufferIsFilledIn) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  on_loop(client(), [](EventLoop& loop) {
    const auto socket = loop.connect({server_address(), 80});
    const auto room = loop.prepare(*socket, 100);
    EXPECT_TRUE(room);
    std::copy_n("prepared", 8, room->begin());
    EXPECT_EQ(loop.commit(*socket, 101).error(), Error::invalid_argument);
    EXPECT_TRUE(loop.commit(*socket, 8));
    EXPECT_TRUE(loop.shutdown(*socket));
    return true;
  });
  auto connection = listener->accept(kSoon);
  ASSERT_TRUE(connection);
  const std::vector<std::uint8_t> got = read_to_end(*connection);
  EXPECT_EQ(std::string(got.begin(), got.end()), "prepared");
}

TEST_F(EventLoopTest, AClientOfHandlersSeesConnectedThenDataThenTheEnd) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  std::promise<std::string> story;
  auto told = story.get_future();
  client().post([&](EventLoop& loop) {
    const auto socket = loop.connect({server_address(), 80});
    ASSERT_TRUE(socket);
    loop.set_handler(*socket, [&, text = std::string()](EventLoop& l, const Event& e) mutable {
      if ((e.bits & kEventConnected) != 0) text += "connected ";
      std::uint8_t buffer[100];
      while (auto n = l.read(e.socket, buffer)) {
        text += std::to_string(*n) + " ";
        if (*n != 0) continue;
        EXPECT_TRUE(l.close(e.socket));
        return story.set_value(text);
      }
    });
  });
  auto far_end = listener->accept(kSoon);
  ASSERT_TRUE(far_end);
  ASSERT_TRUE(far_end->write_all(pattern(42)));
  ASSERT_TRUE(far_end->close(kSoon));
  EXPECT_EQ(told.get(), "connected 42 0 ");
}

TEST_F(EventLoopTest, ARefusedConnectionIsAnErrorEvent) {
  std::promise<Error> promise;
  client().post([&](EventLoop& loop) {
    const auto socket = loop.connect({server_address(), 81});
    ASSERT_TRUE(socket);
    loop.set_handler(*socket, [&](EventLoop& l, const Event& e) {
      EXPECT_TRUE(e.bits & kEventError);
      promise.set_value(l.error(e.socket));
      EXPECT_TRUE(l.close(e.socket));
      EXPECT_EQ(l.close(e.socket).error(), Error::bad_handle);
    });
  });
  EXPECT_EQ(promise.get_future().get(), Error::refused);
}

TEST_F(EventLoopTest, TimersRunInOrderOnceAndNotWhenCancelled) {
  std::promise<std::string> promise;
  client().post([&, text = std::make_shared<std::string>()](EventLoop& loop) {
    const Instant start = loop.now();
    const auto add = [&](Duration delay, const char* name) {
      return loop.call_after(delay, [text, name, start, delay](EventLoop& l) {
        *text += name;
        EXPECT_GE(l.now() - start, delay) << "too early";
      });
    };
    add(3ms, "c");
    const auto never = add(2ms, "X");
    add(1ms, "a");
    add(2ms, "b");
    add(0ms, "0");
    EXPECT_TRUE(loop.cancel(never));
    EXPECT_FALSE(loop.cancel(never));
    loop.call_after(
        4ms, [&, text](EventLoop& l) { l.call_at(l.now(), [&, text](EventLoop&) { promise.set_value(*text); }); });
    EXPECT_TRUE(text->empty()) << "never before the function returns";
  });
  EXPECT_EQ(promise.get_future().get(), "0abc");
}

TEST_F(EventLoopTest, WhatATimerWritesIsSentAtOnce) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  client().post([&](EventLoop& loop) {
    const auto socket = *loop.connect({server_address(), 80});
    loop.call_after(20ms, [socket](EventLoop& l) {
      l.call_at(l.now(), [socket](EventLoop& later) { EXPECT_TRUE(later.write(socket, pattern(5))); });
    });
  });
  auto far_end = listener->accept(kSoon);
  ASSERT_TRUE(far_end);
  std::uint8_t buffer[5];
  EXPECT_EQ(far_end->read(buffer, kSoon).value_or(0), 5u);
}

TEST_F(EventLoopTest, BlockingCallsOnTheLoopsThreadAreRefusedNotDeadlocked) {
  auto joined = join();
  const Error error = on_loop(client(), [&](EventLoop&) {
    std::uint8_t byte;
    return joined.near_end.read({&byte, 1}).error();
  });
  EXPECT_EQ(error, Error::invalid_argument);
}

TEST_F(EventLoopTest, AHandlerMayReplaceItself) {
  auto listener = server().listen({server_address(), 80});
  std::promise<int> promise;
  client().post([&](EventLoop& loop) {
    const auto socket = *loop.connect({server_address(), 80});
    loop.set_handler(socket, [&, keep = std::string(1000, 'x')](EventLoop& l, const Event& e) {
      l.set_handler(e.socket, [&](EventLoop&, const Event&) { promise.set_value(static_cast<int>(keep.size())); });
      l.set_handler(e.socket, [&](EventLoop& again, const Event& event) {
        again.set_handler(event.socket, {});
        promise.set_value(2);
      });
      EXPECT_EQ(keep.size(), 1000u) << "still alive";
    });
  });
  auto far_end = listener->accept(kSoon);
  ASSERT_TRUE(far_end);
  ASSERT_TRUE(far_end->write_all(pattern(1)));
  EXPECT_EQ(promise.get_future().get(), 2);
}

TEST_F(EventLoopTest, HandlersAndTimersDieWithTheHost) {
  const auto alive = std::make_shared<int>(1);
  client().post([alive](EventLoop& loop) {
    loop.call_after(1h, [alive](EventLoop&) {});
    const auto listener = loop.listen({IpAddress::any_v4(), 80});
    loop.set_handler(*listener, [alive](EventLoop&, const Event&) {});
  });
  client_.reset();
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace leat
