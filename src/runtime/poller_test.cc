#include "runtime/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

namespace leat {
namespace {

using namespace std::chrono_literals;

TEST(Poller, WaitsForTheDeadlineAndNeverLess) {
  auto poller = Poller::create();
  ASSERT_TRUE(poller);
  for (const Duration d : {Duration(1), Duration(50us), Duration(1500us), Duration(3ms)}) {
    const Instant now = monotonic_now();
    EXPECT_EQ(poller->wait(now + d, now), 0u);
    EXPECT_GE(monotonic_now() - now, d);
  }
}

TEST(Poller, APastDeadlineDoesNotWait) {
  auto poller = Poller::create();
  const Instant now = monotonic_now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(poller->wait(now - 1s, now), 0u);
  EXPECT_EQ(poller->wait(Instant::min(), now), 0u);
  EXPECT_LT(monotonic_now() - now, 1s);
}

TEST(Poller, WakeEndsTheNextWaitOnce) {
  auto poller = Poller::create();
  poller->wake();
  poller->wake();
  EXPECT_EQ(poller->wait(kNever, monotonic_now()), Poller::kWoken);
  const Instant now = monotonic_now();
  EXPECT_EQ(poller->wait(now + 2ms, now), 0u);
  EXPECT_GE(monotonic_now() - now, 2ms) << "the second wake was the same one";
}

TEST(Poller, WakeFromAnotherThreadEndsAWaitForEver) {
  auto poller = Poller::create();
  std::thread other([&] { poller->wake(); });
  EXPECT_EQ(poller->wait(kNever, monotonic_now()), Poller::kWoken);
  other.join();
}

TEST(Poller, TellsWhichDescriptorsAreReady) {
  auto poller = Poller::create();
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const UniqueFd a(pair[0]), b(pair[1]);
  ASSERT_TRUE(poller->add(a.get(), 3));
  const Instant past = monotonic_now() - 1s;
  EXPECT_EQ(poller->wait(past, monotonic_now()), 0u);
  poller->change(a.get(), 3, {.output = true});
  EXPECT_EQ(poller->wait(kNever, monotonic_now()), 1u << 3) << "room to write";
  poller->change(a.get(), 3, {});
  EXPECT_EQ(poller->wait(past, monotonic_now()), 0u);
  ASSERT_EQ(::write(b.get(), "x", 1), 1);
  EXPECT_EQ(poller->wait(kNever, monotonic_now()), 1u << 3) << "input";
  poller->remove(a.get());
  EXPECT_EQ(poller->wait(past, monotonic_now()), 0u);
}

}  // namespace
}  // namespace leat
