#include "ip/neighbour_cache.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using CacheState = NeighbourCache::State;
using Outcome = NeighbourVerdict::Outcome;

const IpAddress kCacheUs = IpAddress::v4(10, 0, 0, 2), kCachePeer = IpAddress::v4(10, 0, 0, 1);
constexpr MacAddress kPeerMac{{2, 0, 0, 0, 0, 1}}, kNewMac{{2, 0, 0, 0, 0, 9}};

IpAddress host_number(std::uint32_t n) { return IpAddress::v4(0x0a000000 + n); }

/// A cache, a clock that the test moves, and short names for the steps of a story.
class Neighbours : public ::testing::Test {
 protected:
  NeighbourCache& cache() { return *cache_; }
  void configure(const NeighbourConfig& config) { cache_.emplace(config); }

  NeighbourVerdict send(const IpAddress& to, std::size_t size = 100) {
    Packet p(pool_.allocate(class_for(size), 0, size));
    return cache().send(to, kCacheUs, p, now_);
  }
  void advance(Duration d) {
    now_ += d;
    cache().run(now_);
  }
  /// Moves to the next deadline, which must be `d` away.
  void expect_deadline_in(Duration d) { EXPECT_EQ(cache().next_deadline() - now_, d); }
  void asks(const IpAddress& target, std::optional<MacAddress> station) {
    const auto s = cache().next_solicitation();
    ASSERT_TRUE(s) << "no question was sent";
    EXPECT_EQ(s->target, target);
    EXPECT_EQ(s->source, kCacheUs);
    EXPECT_EQ(s->unicast_to, station);
  }
  void asks_nothing() { EXPECT_FALSE(cache().next_solicitation()) << "a question too many"; }
  std::size_t released(const MacAddress& mac) {
    std::size_t n = 0;
    while (const auto r = cache().next_released()) {
      EXPECT_EQ(r->mac, mac);
      ++n;
    }
    return n;
  }
  std::size_t failed() {
    std::size_t n = 0;
    while (cache().next_failed()) ++n;
    return n;
  }
  CacheState state(const IpAddress& a = kCachePeer) { return cache().state(a, now_); }
  void make_reachable(const IpAddress& a = kCachePeer) {
    send(a);
    EXPECT_TRUE(cache().on_answer(a, kPeerMac, now_));
    while (cache().next_solicitation()) {
    }
    released(kPeerMac);
  }

  BufferPool pool_;
  Instant now_{1h};

 private:
  std::optional<NeighbourCache> cache_{std::in_place};
};

TEST_F(Neighbours, PacketsWaitForTheAnswer) {
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::waiting);
  asks(kCachePeer, std::nullopt);
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::waiting);
  asks_nothing();
  EXPECT_EQ(state(), CacheState::incomplete);
  EXPECT_TRUE(cache().on_answer(kCachePeer, kPeerMac, now_));
  EXPECT_EQ(released(kPeerMac), 2u);
  EXPECT_EQ(state(), CacheState::reachable);
  const auto v = send(kCachePeer);
  EXPECT_EQ(v.outcome, Outcome::ready);
  EXPECT_EQ(v.mac, kPeerMac);
  EXPECT_EQ(cache().waiting(), 0u);
  EXPECT_LT(cache().next_deadline(), now_ + 2s);  // it may be early, and then run() does nothing
  advance(10s);
  asks_nothing();
  EXPECT_EQ(cache().next_deadline(), kNever);
}

TEST_F(Neighbours, ThreeQuestionsASecondApartThenFailure) {
  send(kCachePeer), send(kCachePeer);
  asks(kCachePeer, std::nullopt);
  for (int i = 0; i < 2; ++i) {
    expect_deadline_in(1s);
    advance(999ms);
    asks_nothing();
    advance(1ms);
    asks(kCachePeer, std::nullopt);
    asks_nothing();
  }
  advance(999ms);
  EXPECT_EQ(cache().take_failures(), 0u);
  advance(1ms);
  asks_nothing();
  EXPECT_EQ(cache().take_failures(), 1u);
  EXPECT_EQ(cache().take_failures(), 0u);
  EXPECT_EQ(failed(), 2u);
  EXPECT_EQ(state(), CacheState::none);
  EXPECT_EQ(cache().waiting(), 0u);
  EXPECT_EQ(cache().next_deadline(), kNever);
  send(kCachePeer);  // the next packet begins anew
  asks(kCachePeer, std::nullopt);
}

TEST_F(Neighbours, DoubtAsksAtOnceThenAll) {
  make_reachable();
  advance(1s);
  EXPECT_TRUE(cache().doubt(kCachePeer, kCacheUs, now_));
  asks(kCachePeer, kPeerMac);
  EXPECT_FALSE(cache().doubt(kCachePeer, kCacheUs, now_)) << "the question is open";
  EXPECT_EQ(send(kCachePeer).mac, kPeerMac) << "and what is sent meanwhile goes where it went";
  for (int i = 0; i < 2; ++i) {
    advance(1s);
    asks(kCachePeer, std::nullopt);
    asks_nothing();
  }
  EXPECT_TRUE(cache().on_answer(kCachePeer, kNewMac, now_));
  EXPECT_EQ(state(), CacheState::reachable);
  EXPECT_EQ(send(kCachePeer).mac, kNewMac);
  advance(5s);
  asks_nothing();
}

TEST_F(Neighbours, DoubtThatNothingAnswersForgets) {
  make_reachable();
  advance(1s);
  EXPECT_TRUE(cache().doubt(kCachePeer, kCacheUs, now_));
  advance(1s), advance(1s), advance(1s);
  EXPECT_EQ(state(), CacheState::none);
  EXPECT_EQ(cache().take_failures(), 1u);
}

TEST_F(Neighbours, DoubtIsHeardOnceASecondAndNeverWithoutAnEntry) {
  EXPECT_FALSE(cache().doubt(kCachePeer, kCacheUs, now_));
  send(kCachePeer);
  EXPECT_FALSE(cache().doubt(kCachePeer, kCacheUs, now_)) << "it is being asked";
  make_reachable();
  advance(999ms);
  EXPECT_FALSE(cache().doubt(kCachePeer, kCacheUs, now_));
  cache().confirm(kCachePeer, now_);
  advance(1ms);
  EXPECT_FALSE(cache().doubt(kCachePeer, kCacheUs, now_));
  advance(999ms);
  EXPECT_TRUE(cache().doubt(kCachePeer, kCacheUs, now_));
  cache().confirm(kCachePeer, now_);
  EXPECT_EQ(state(), CacheState::reachable) << "progress answers the question, too";
}

TEST_F(Neighbours, ALateAnswerStillHelpsUntilTheLastSecond) {
  send(kCachePeer);
  advance(1s), advance(1s), advance(999ms);
  EXPECT_TRUE(cache().on_answer(kCachePeer, kPeerMac, now_));
  EXPECT_EQ(released(kPeerMac), 1u);
  advance(1s);
  EXPECT_EQ(cache().take_failures(), 0u);
}

TEST_F(Neighbours, AnAnswerThatNobodyAskedForTeachesNothing) {
  EXPECT_FALSE(cache().on_answer(kCachePeer, kPeerMac, now_));
  EXPECT_EQ(cache().size(), 0u);
  make_reachable();
  EXPECT_FALSE(cache().on_answer(kCachePeer, kNewMac, now_));
  EXPECT_EQ(send(kCachePeer).mac, kPeerMac);
}

TEST_F(Neighbours, AfterThirtySecondsItIsUsedButDoubted) {
  make_reachable();
  advance(29999ms);
  EXPECT_EQ(state(), CacheState::reachable);
  send(kCachePeer);
  EXPECT_EQ(state(), CacheState::reachable);
  advance(1ms);
  EXPECT_EQ(state(), CacheState::stale);
  EXPECT_EQ(cache().next_deadline(), kNever);  // an unused entry is not probed
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::ready);
  EXPECT_EQ(state(), CacheState::delay);
  expect_deadline_in(5s);
  advance(4999ms);
  asks_nothing();
  advance(1ms);
  asks(kCachePeer, kPeerMac);
  EXPECT_EQ(state(), CacheState::probe);
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::ready);
  EXPECT_TRUE(cache().on_answer(kCachePeer, kPeerMac, now_));
  EXPECT_EQ(state(), CacheState::reachable);
  advance(10s);
  asks_nothing();
}

TEST_F(Neighbours, ThreeUnansweredProbesForgetIt) {
  make_reachable();
  advance(31s);
  send(kCachePeer);
  advance(5s);
  asks(kCachePeer, kPeerMac);
  advance(1s);
  asks(kCachePeer, kPeerMac);
  advance(1s);
  asks(kCachePeer, kPeerMac);
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::ready);
  advance(1s);
  asks_nothing();
  EXPECT_EQ(cache().take_failures(), 1u);
  EXPECT_EQ(state(), CacheState::none);
  EXPECT_EQ(send(kCachePeer).outcome, Outcome::waiting);
  asks(kCachePeer, std::nullopt);
}

TEST_F(Neighbours, AProbeMayBeAnsweredFromANewStation) {
  make_reachable();
  advance(31s);
  send(kCachePeer);
  advance(5s);
  EXPECT_TRUE(cache().on_answer(kCachePeer, kNewMac, now_));
  EXPECT_EQ(send(kCachePeer).mac, kNewMac);
}

TEST_F(Neighbours, ProgressOfTcpSavesTheProbe) {
  make_reachable();
  advance(31s);
  send(kCachePeer);
  EXPECT_EQ(state(), CacheState::delay);
  cache().confirm(kCachePeer, now_);
  EXPECT_EQ(state(), CacheState::reachable);
  advance(6s);
  asks_nothing();
  cache().confirm(host_number(77), now_);
  EXPECT_EQ(state(host_number(77)), CacheState::none);
  send(host_number(78));
  cache().confirm(host_number(78), now_);  // no address yet: proves nothing
  EXPECT_EQ(state(host_number(78)), CacheState::incomplete);
}

TEST_F(Neighbours, AQuestionToUsCreatesAStaleEntry) {
  EXPECT_FALSE(cache().on_heard(kCachePeer, kPeerMac, false, now_));
  EXPECT_EQ(cache().size(), 0u);
  EXPECT_TRUE(cache().on_heard(kCachePeer, kPeerMac, true, now_));
  EXPECT_EQ(state(), CacheState::stale);
  asks_nothing();
  EXPECT_EQ(send(kCachePeer).mac, kPeerMac);
  EXPECT_EQ(state(), CacheState::delay);
  advance(5s);
  asks(kCachePeer, kPeerMac);
}

TEST_F(Neighbours, BeingHeardReleasesWhoWaits) {
  send(kCachePeer);
  EXPECT_TRUE(cache().on_heard(kCachePeer, kPeerMac, true, now_));
  EXPECT_EQ(released(kPeerMac), 1u);
  EXPECT_EQ(state(), CacheState::stale);
  advance(10s);
  EXPECT_EQ(cache().take_failures(), 0u);
}

TEST_F(Neighbours, AnAnnouncementMovesAnExistingEntryOnly) {
  make_reachable();
  EXPECT_TRUE(cache().on_heard(kCachePeer, kPeerMac, false, now_));
  EXPECT_EQ(state(), CacheState::reachable);  // the same address confirms nothing and spoils nothing
  EXPECT_TRUE(cache().on_heard(kCachePeer, kNewMac, false, now_));
  EXPECT_EQ(state(), CacheState::stale);
  EXPECT_EQ(send(kCachePeer).mac, kNewMac);
}

TEST_F(Neighbours, TheQueueDropsItsOldest) {
  NeighbourConfig config;
  config.max_waiting = 3;
  configure(config);
  for (std::size_t i = 1; i <= 3; ++i) EXPECT_EQ(send(kCachePeer, i).displaced, 0u);
  EXPECT_EQ(send(kCachePeer, 4).displaced, 1u);
  EXPECT_EQ(cache().waiting(), 3u);
  cache().on_answer(kCachePeer, kPeerMac, now_);
  for (std::size_t i = 2; i <= 4; ++i) EXPECT_EQ(cache().next_released()->packet.size(), i);
  EXPECT_FALSE(cache().next_released());
}

TEST_F(Neighbours, TheQueueIsBoundedInBytesToo) {
  NeighbourConfig config;
  config.max_waiting_bytes = 1000;
  configure(config);
  send(kCachePeer, 600);
  EXPECT_EQ(send(kCachePeer, 400).displaced, 0u);
  EXPECT_EQ(send(kCachePeer, 500).displaced, 1u);
  const auto v = send(kCachePeer, 5000);  // a single packet may be larger
  EXPECT_EQ(v.displaced, 2u);
  EXPECT_EQ(v.outcome, Outcome::waiting);
  EXPECT_EQ(cache().waiting(), 1u);
  EXPECT_EQ(pool_.blocks_in_use(), 1u);
}

TEST_F(Neighbours, AllQueuesTogetherAreBounded) {
  NeighbourConfig config;
  config.max_waiting_total = 4;
  configure(config);
  for (std::uint32_t i = 1; i <= 4; ++i) EXPECT_EQ(send(host_number(i)).outcome, Outcome::waiting);
  EXPECT_EQ(send(host_number(9)).outcome, Outcome::dropped);
  const auto v = send(host_number(1));
  EXPECT_EQ(v.outcome, Outcome::waiting);
  EXPECT_EQ(v.displaced, 1u);
  EXPECT_EQ(cache().waiting(), 4u);
  EXPECT_EQ(pool_.blocks_in_use(), 4u);
}

TEST_F(Neighbours, TheLongestUnusedMakesRoom) {
  NeighbourConfig config;
  config.max_entries = 3;
  configure(config);
  for (std::uint32_t i = 1; i <= 3; ++i) make_reachable(host_number(i));
  send(host_number(1));
  make_reachable(host_number(4));
  EXPECT_EQ(state(host_number(2)), CacheState::none);
  EXPECT_EQ(state(host_number(1)), CacheState::reachable);
  EXPECT_EQ(cache().size(), 3u);
}

TEST_F(Neighbours, AFloodOfStrangersDoesNotPushOutThoseWeTalkTo) {
  NeighbourConfig config;
  config.max_entries = 10;
  configure(config);
  make_reachable();
  for (std::uint32_t i = 100; i < 10000; ++i) {
    cache().on_heard(host_number(i), kNewMac, true, now_);
    ASSERT_LE(cache().size(), 10u);
  }
  EXPECT_EQ(state(), CacheState::reachable);
  EXPECT_FALSE(cache().on_heard(host_number(20000), kNewMac, true, now_));
  advance(6s);
  send(kCachePeer);
  EXPECT_TRUE(cache().on_heard(host_number(20000), kNewMac, true, now_));  // old strangers are evicted
  for (std::uint32_t i = 100; i < 200; ++i) cache().on_heard(host_number(i), kNewMac, true, now_);
  EXPECT_EQ(state(), CacheState::reachable);
}

TEST_F(Neighbours, WhenEveryEntryHoldsPacketsNothingIsEvicted) {
  NeighbourConfig config;
  config.max_entries = 2;
  configure(config);
  send(host_number(1)), send(host_number(2));
  EXPECT_EQ(send(host_number(3)).outcome, Outcome::dropped);
  EXPECT_EQ(state(host_number(3)), CacheState::none);
  advance(10s);
  EXPECT_FALSE(cache().on_heard(host_number(4), kPeerMac, true, now_));
}

TEST_F(Neighbours, RandomUseLosesNothingAndStaysInBounds) {
  NeighbourConfig config;
  config.max_entries = 8, config.max_waiting = 4, config.max_waiting_total = 12;
  configure(config);
  Random random({2, 3});
  std::size_t sent = 0, done = 0;
  for (int i = 0; i < 50000; ++i) {
    const IpAddress who = host_number(random.below(14));
    const MacAddress mac = random.chance(0.5) ? kPeerMac : kNewMac;
    switch (random.below(6)) {
      case 0:
      case 1: {
        const auto v = send(who);
        ++sent;
        done += v.displaced + (v.outcome != Outcome::waiting);
        break;
      }
      case 2: cache().on_answer(who, mac, now_); break;
      case 3: cache().on_heard(who, mac, random.chance(0.5), now_); break;
      case 4: cache().confirm(who, now_); break;
      default: advance(std::chrono::milliseconds(random.below(3000)));
    }
    while (cache().next_released()) ++done;
    while (cache().next_failed()) ++done;
    while (random.chance(0.8) && cache().next_solicitation()) {
    }
    ASSERT_EQ(sent, done + cache().waiting());
    ASSERT_EQ(pool_.blocks_in_use(), cache().waiting());
    ASSERT_LE(cache().size(), 8u);
    ASSERT_LE(cache().waiting(), 12u);
    ASSERT_GT(cache().next_deadline(), now_ - 1ns);
  }
  advance(10s), advance(10s), advance(10s), advance(10s), advance(10s);
  done += failed();
  EXPECT_EQ(sent, done);
  EXPECT_EQ(cache().next_deadline(), kNever);
}

}  // namespace
}  // namespace leat
