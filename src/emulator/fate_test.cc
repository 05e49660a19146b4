// The emulator does what an impairment says: shares of lost frames, delays, rates and bursts stay within the bounds of
// chance. The seeds are fixed, so a result changes only with the code.
#include "emulator/fate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kFateStart{1h};

Impairment impairment(std::string_view text) {
  const auto parsed = Impairment::parse(text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error());
  return parsed ? *parsed : Impairment{};
}

FateMaker maker(std::string_view text, std::uint64_t seed = 1) { return FateMaker(impairment(text), {seed, 0}); }

/// Sends `count` frames of 1000 bytes, one every `gap`.
std::vector<Fate> fates(FateMaker& m, int count, Duration gap = 1us) {
  std::vector<Fate> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(m.decide(1000, kFateStart + i * gap));
  return out;
}

/// The bound is five standard deviations, so one seed in a million would fail.
void expect_share(double events, double count, double p) {
  EXPECT_NEAR(events, count * p, 5 * std::sqrt(count * p * (1 - p)) + 1e-9);
}

TEST(Fate, UnimpairedFramesArriveAtOnce) {
  FateMaker m = maker("loss=0%");
  for (const Fate& f : fates(m, 1000)) EXPECT_EQ(f.kind, Fate::Kind::arrives);
  EXPECT_EQ(m.decide(1, kFateStart + 1s).at, kFateStart + 1s);
  EXPECT_EQ(m.counters().frames, 1001u);
  EXPECT_EQ(m.counters().bytes, 1'000'001u);
  EXPECT_EQ(m.counters().longest_delay, 0ns);
}

TEST(Fate, ChancesAreWhatWasAsked) {
  for (const double percent : {0.1, 5.0, 90.0}) {
    for (const std::uint64_t seed : {1u, 2u}) {
      const std::string p = std::to_string(percent) + "%";
      FateMaker m = maker("delay=1ms,loss=" + p + ",reorder=" + p + ",duplicate=" + p + ",corrupt=" + p, seed);
      constexpr int kFrames = 50'000;
      double flipped = 0;
      for (const Fate& f : fates(m, kFrames)) flipped += f.flipped_bit ? 1 : 0;
      const ImpairmentCounters& c = m.counters();
      const auto lost = static_cast<double>(c.lost);
      expect_share(lost, kFrames, percent / 100);
      expect_share(static_cast<double>(c.reordered), kFrames - lost, percent / 100);
      expect_share(static_cast<double>(c.duplicated), kFrames - lost, percent / 100);
      expect_share(flipped, kFrames - lost, percent / 100);
    }
  }
}

TEST(Fate, AllAndNothingAreExact) {
  FateMaker all = maker("loss=100%");
  for (const Fate& f : fates(all, 1000)) EXPECT_EQ(f.kind, Fate::Kind::is_lost);
  FateMaker burst = maker("loss=100%,burst=3");
  for (const Fate& f : fates(burst, 1000)) EXPECT_EQ(f.kind, Fate::Kind::is_lost);
}

/// The lengths of the runs of lost frames.
std::vector<int> bursts(const std::vector<Fate>& all) {
  std::vector<int> lengths;
  bool before = false;
  for (const Fate& f : all) {
    const bool lost = f.kind == Fate::Kind::is_lost;
    if (lost && !before) lengths.push_back(0);
    if (lost) ++lengths.back();
    before = lost;
  }
  return lengths;
}

TEST(Fate, BurstsHaveTheMeanLengthAskedForAndTheLossToo) {
  struct Case {
    double loss, burst;
  };
  for (const auto& [loss, burst] : {Case{0.05, 1}, Case{0.05, 3}, Case{0.01, 10}, Case{0.5, 2}, Case{0.2, 50}}) {
    Impairment i;
    i.loss = loss, i.burst = burst;
    ASSERT_TRUE(i.check());
    FateMaker m(i, {9, 9});
    constexpr int kFrames = 200'000;
    const auto lengths = bursts(fates(m, kFrames));
    const double n = static_cast<double>(lengths.size()), lost = static_cast<double>(m.counters().lost);
    // The lengths have a geometric distribution with the variance burst * (burst - 1).
    EXPECT_NEAR(lost / n, burst, 5 * std::sqrt(burst * (burst - 1) / n) + 0.01) << loss << " " << burst;
    // The number of lost frames varies with the lengths of n bursts and with the gaps between them.
    EXPECT_NEAR(lost / kFrames, loss, 5 * loss * std::sqrt(2 / n)) << loss << " " << burst;
  }
}

TEST(Fate, WithoutBurstTheLossesAreIndependent) {
  FateMaker m = maker("loss=20%");
  const auto lengths = bursts(fates(m, 100'000));
  double sum = 0, single = 0;
  for (const int length : lengths) sum += length, single += length == 1 ? 1 : 0;
  const double n = static_cast<double>(lengths.size());
  EXPECT_NEAR(sum / n, 1 / 0.8, 0.02);
  expect_share(single, n, 0.8);
}

TEST(Fate, DelayIsExact) {
  FateMaker m = maker("delay=20ms");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(m.decide(1000, kFateStart + i * 7us).at, kFateStart + i * 7us + 20ms);
  EXPECT_EQ(m.counters().total_delay, 20s);
  EXPECT_EQ(m.counters().longest_delay, 20ms);
}

TEST(Fate, JitterIsEvenlyDistributedAroundTheDelay) {
  FateMaker m = maker("delay=20ms,jitter=5ms");
  constexpr int kFrames = 100'000, kBins = 20;
  std::vector<int> bins(kBins);
  double sum = 0;
  for (int i = 0; i < kFrames; ++i) {
    const Instant sent = kFateStart + i * 11ms;  // so far apart that the order needs no delay
    const Duration delay = m.decide(1000, sent).at - sent;
    ASSERT_GE(delay, 15ms);
    ASSERT_LE(delay, 25ms);
    sum += static_cast<double>(delay.count());
    ++bins[std::min<std::size_t>(static_cast<std::size_t>((delay - 15ms) * kBins / 10ms), kBins - 1)];
  }
  EXPECT_NEAR(sum / kFrames, 20e6, 5 * 5e6 / std::sqrt(3) / std::sqrt(kFrames));
  double chi_squared = 0;
  constexpr double kMean = double{kFrames} / kBins;
  for (const int n : bins) chi_squared += std::pow(n - kMean, 2) / kMean;
  EXPECT_LT(chi_squared, 19 + 5 * std::sqrt(2 * 19));
}

TEST(Fate, JitterAloneKeepsTheOrder) {
  FateMaker m = maker("delay=5ms,jitter=50ms");
  Instant before = Instant::min();
  for (int i = 0; i < 10'000; ++i) {
    const Instant sent = kFateStart + i * 100us;
    const Instant at = m.decide(1000, sent).at;
    EXPECT_GE(at, sent) << "a delay below zero is none";
    EXPECT_GE(at, before);
    EXPECT_LE(at - sent, 55ms);
    before = at;
  }
}

TEST(Fate, ReorderedFramesAreNotDelayedAndTheOthersKeepTheirOrder) {
  FateMaker m = maker("delay=20ms,jitter=3ms,reorder=25%");
  Instant before = Instant::min();
  std::uint64_t ahead = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Instant sent = kFateStart + i * 10us;
    const Instant at = m.decide(1000, sent).at;
    if (at == sent) {
      ++ahead;
    } else {
      EXPECT_GE(at, before);
      before = at;
    }
  }
  EXPECT_EQ(ahead, m.counters().reordered);
}

TEST(Fate, RateIsBytesATime) {
  FateMaker m = maker("rate=10mbit,queue=100000");
  Instant last;
  for (int i = 0; i < 50'000; ++i) last = m.decide(1250, kFateStart).at;  // 10,000 bits for each frame
  EXPECT_EQ(last - kFateStart, 50s);
  // The rate does not save up a pause for later.
  EXPECT_EQ(m.decide(125, kFateStart + 100s).at, kFateStart + 100s + 100us);
  EXPECT_EQ(m.counters().queue_drops, 0u);
}

TEST(Fate, RatesThatDoNotDivideAreKeptToo) {
  FateMaker m = maker("rate=7777777,queue=1000000");
  Instant last;
  for (int i = 0; i < 100'000; ++i) last = m.decide(1514, kFateStart).at;
  EXPECT_NEAR(std::chrono::duration<double>(last - kFateStart).count(), 1514.0 * 8 * 100'000 / 7777777, 1e-3);
}

TEST(Fate, AFullQueueDropsAtItsTail) {
  FateMaker m = maker("rate=8mbit,queue=10");
  int arrived = 0;
  for (const Fate& f : fates(m, 100, 0us)) {
    if (f.kind != Fate::Kind::arrives) continue;
    EXPECT_EQ(f.at, kFateStart + ++arrived * 1ms);
  }
  EXPECT_EQ(arrived, 10);
  EXPECT_EQ(m.counters().queue_drops, 90u);
  EXPECT_EQ(m.decide(1000, kFateStart + 1ms - 1ns).kind, Fate::Kind::finds_queue_full);
  EXPECT_EQ(m.decide(1000, kFateStart + 1ms).at, kFateStart + 11ms) << "one has left";
}

TEST(Fate, AQueueCanBeBoundedInBytes) {
  FateMaker m = maker("rate=8mbit,queue=2500B");
  EXPECT_EQ(m.decide(1000, kFateStart).kind, Fate::Kind::arrives);
  EXPECT_EQ(m.decide(1000, kFateStart).kind, Fate::Kind::arrives);
  EXPECT_EQ(m.decide(1000, kFateStart).kind, Fate::Kind::finds_queue_full);
  EXPECT_EQ(m.decide(500, kFateStart).kind, Fate::Kind::arrives);
  FateMaker tiny = maker("rate=8mbit,queue=10B");
  EXPECT_EQ(tiny.decide(1000, kFateStart).kind, Fate::Kind::arrives) << "else nothing ever passed";
  EXPECT_EQ(tiny.decide(1000, kFateStart).kind, Fate::Kind::finds_queue_full);
}

TEST(Fate, AQueueIsOfAThousandFramesUnlessSaid) {
  FateMaker m = maker("rate=1mbit");
  for (int i = 0; i < 2000; ++i) (void)m.decide(1000, kFateStart);
  EXPECT_EQ(m.counters().queue_drops, 1000u);
}

TEST(Fate, ThroughputUnderOverloadIsTheRate) {
  FateMaker m = maker("rate=100mbit,queue=50,loss=10%");
  std::uint64_t bytes = 0;
  for (int i = 0; i < 100'000; ++i) {  // offers 200 Mbit/s for 4 s
    const Fate f = m.decide(1000, kFateStart + i * 40us);
    if (f.kind == Fate::Kind::arrives) bytes += 1000;
  }
  EXPECT_NEAR(static_cast<double>(bytes) * 8 / 4, 100e6 * 0.9, 1e6);
}

TEST(Fate, TheSameSeedDoesTheSameAgain) {
  constexpr const char* kText =
      "loss=5%,burst=2,delay=9ms,jitter=3ms,reorder=10%,duplicate=5%,corrupt=5%,rate=9mbit,queue=5000";
  FateMaker a = maker(kText, 5), b = maker(kText, 5), other = maker(kText, 6);
  int differences = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Instant now = kFateStart + i * 1ms;
    const Fate x = a.decide(1000, now), y = b.decide(1000, now), z = other.decide(1000, now);
    EXPECT_EQ(x.kind, y.kind);
    EXPECT_EQ(x.at, y.at);
    EXPECT_EQ(x.is_doubled, y.is_doubled);
    EXPECT_EQ(x.flipped_bit, y.flipped_bit);
    differences += x.kind != z.kind || x.at != z.at ? 1 : 0;
  }
  EXPECT_GT(differences, 1000);
}

TEST(Fate, ASeedLosesTheSameFramesWhateverElseIsAsked) {
  FateMaker plain = maker("loss=10%", 4), more = maker("loss=10%,delay=9ms,jitter=3ms,reorder=10%,corrupt=5%", 4);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(plain.decide(1000, kFateStart).kind, more.decide(1000, kFateStart).kind);
  }
}

}  // namespace
}  // namespace leat
