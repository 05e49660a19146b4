// Many threads, cancellation at the worst moment, and destruction of hosts and handles in any order.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "api/testing/host_pair.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::HostPair;
using testing::kSoon;
using testing::pattern;
using testing::read_exactly;
using testing::read_to_end;

class HostThreads : public HostPair {};

template <class T>
Error error_name(const expected<T, Error>& e) {
  return e ? Error::none : e.error();
}

TEST_F(HostThreads, ManyThreadsOfManyConnectionsAtOnce) {
  constexpr int kThreads = 8, kRounds = 12;
  auto listener = server().listen({server_address(), 7});
  ASSERT_TRUE(listener);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {  // all threads accept from the same listener
      for (int i = 0; i < kRounds; ++i) {
        auto c = listener->accept(kSoon);
        ASSERT_TRUE(c) << to_string(c.error());
        EXPECT_TRUE(c->write_all(read_to_end(*c), kSoon));
        EXPECT_TRUE(c->close(kSoon).value_or(false));
      }
    });
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        auto c = client().connect({server_address(), 7}, {.timeout = kSoon});
        ASSERT_TRUE(c) << to_string(c.error());
        const auto data = pattern(20000 + static_cast<std::size_t>(t) * 1000, static_cast<std::uint32_t>(t * 100 + i));
        EXPECT_TRUE(c->write_all(data, kSoon) && c->shutdown());
        EXPECT_TRUE(read_to_end(*c) == data);
      }
    });
  }
  for (auto& t : threads) t.join();
}

TEST_F(HostThreads, TimeOutsThatRaceWithDataLoseNoByte) {
  auto joined = join();
  constexpr std::size_t kBytes = 3000;
  const auto data = pattern(kBytes);
  std::thread writer([&] {
    for (const std::uint8_t b : data) EXPECT_TRUE(joined.near_end.write_all({&b, 1}));
  });
  std::vector<std::uint8_t> got;
  std::uint32_t x = 1, timeouts = 0;
  while (got.size() < kBytes) {
    x = x * 1664525 + 1013904223;
    std::uint8_t buffer[8];
    const auto n = joined.far_end.read(buffer, std::chrono::microseconds(x >> 25));
    if (n) got.insert(got.end(), buffer, buffer + *n);
    else if (n.error() == Error::timed_out) ++timeouts;
    else FAIL() << to_string(n.error());
  }
  writer.join();
  EXPECT_EQ(got, data);
  EXPECT_GT(timeouts, 0u) << "the race was not run";
}

TEST_F(HostThreads, ClosingWakesAReaderInAnotherThread) {
  auto joined = join();
  std::latch started(1);
  std::thread reader([&] {
    std::uint8_t byte;
    started.count_down();
    EXPECT_EQ(error_name(joined.near_end.read({&byte, 1})), Error::closed);
  });
  started.wait();
  EXPECT_TRUE(joined.near_end.close());
  reader.join();
}

TEST_F(HostThreads, DestroyingTheHostWakesEveryoneAndResetsItsPeers) {
  auto joined = join();
  auto listener = client().listen({IpAddress::v4(10, 0, 0, 1), 80});
  ASSERT_TRUE(listener);
  std::latch started(2);
  std::thread reader([&] {
    std::uint8_t byte;
    started.count_down();
    EXPECT_EQ(error_name(joined.near_end.read({&byte, 1})), Error::aborted);
  });
  std::thread acceptor([&] {
    started.count_down();
    EXPECT_EQ(error_name(listener->accept()), Error::aborted);
  });
  started.wait();
  client_.reset();
  reader.join(), acceptor.join();
  std::uint8_t byte;
  EXPECT_EQ(error_name(joined.far_end.read({&byte, 1}, kSoon)), Error::reset);
}

TEST_F(HostThreads, WhatWasClosedAndIsNotDeliveredYetIsResetWithTheHost) {
  auto joined = join();
  while (joined.near_end.write(pattern(65536), 20ms)) {
  }
  ASSERT_TRUE(joined.near_end.close());  // the peer does not read, so the close goes on in the background
  client_.reset();
  std::vector<std::uint8_t> buffer(65536);
  auto n = joined.far_end.read(buffer, kSoon);
  while (n && *n > 0) n = joined.far_end.read(buffer, kSoon);
  EXPECT_EQ(error_name(n), Error::reset);
}

TEST_F(HostThreads, HandlesThatOutliveTheirHostAreHarmless) {
  auto joined = join();
  auto listener = client().listen({IpAddress::v4(10, 0, 0, 1), 80});
  client_.reset();
  std::uint8_t byte = 0;
  EXPECT_EQ(error_name(joined.near_end.read({&byte, 1}, 1ms)), Error::aborted);
  EXPECT_EQ(error_name(joined.near_end.write_all({&byte, 1})), Error::aborted);
  EXPECT_EQ(error_name(joined.near_end.shutdown()), Error::aborted);
  EXPECT_EQ(joined.near_end.info().state, TcpState::closed);
  EXPECT_EQ(error_name(joined.near_end.close(1s)), Error::aborted);
  EXPECT_EQ(error_name(listener->accept(1s)), Error::aborted);
}

TEST_F(HostThreads, AnEndOfALinkIsFreeAgainAfterItsHost) {
  auto third = Host::open(config(link_name(), 3));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Error::address_in_use);
  EXPECT_NE(third.error().message.find("choose another name"), std::string::npos);
  auto joined = join();  // the handle outlives the host, the end of the link does not
  client_.reset();
  auto again = Host::open(config(link_name(), 1));
  ASSERT_TRUE(again) << again.error().message;
  client_.emplace(std::move(*again));
  auto fresh = join();
  ASSERT_TRUE(fresh.near_end.write_all(pattern(10)));
  EXPECT_EQ(read_exactly(fresh.far_end, 10), pattern(10));
}

TEST_F(HostThreads, HostsComeAndGoInTheMiddleOfTransfers) {
  for (int i = 0; i < 10; ++i) {
    auto joined = join();
    std::thread writer([&] {
      while (joined.near_end.write(pattern(50000))) {
      }
    });
    (void)read_exactly(joined.far_end, 100000);
    client_.reset();
    writer.join();
    auto again = Host::open(config(link_name(), 1));
    ASSERT_TRUE(again);
    client_.emplace(std::move(*again));
  }
}

TEST_F(HostThreads, ReaderAndWriterAndObserverOfOneConnection) {
  auto joined = join();
  std::atomic<bool> over{false};
  std::thread observer([&] {
    while (!over) EXPECT_LE(joined.near_end.info().snd_mss, 65535u);
  });
  std::thread echo([&] {
    std::vector<std::uint8_t> buffer(30000);
    for (;;) {
      const auto n = joined.far_end.read(buffer, kSoon);
      if (!n || *n == 0) break;
      ASSERT_TRUE(joined.far_end.write_all(std::span(buffer).first(*n), kSoon));
    }
    EXPECT_TRUE(joined.far_end.shutdown());
  });
  const auto data = pattern(std::size_t{4} << 20);
  std::thread writer([&] { EXPECT_TRUE(joined.near_end.write_all(data, kSoon) && joined.near_end.shutdown()); });
  EXPECT_TRUE(read_to_end(joined.near_end) == data);
  over = true;
  writer.join(), echo.join(), observer.join();
}

}  // namespace
}  // namespace leat
