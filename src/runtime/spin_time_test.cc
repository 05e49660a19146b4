#include "runtime/spin_time.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

TEST(SpinTime, DoesNotLookBeforeItKnowsThatAnswersComeSoon) { EXPECT_EQ(SpinTime(Polling::adaptive).get(), 0us); }

TEST(SpinTime, LooksTwiceAsLongAsTheAnswerTook) {
  SpinTime spin(Polling::adaptive);
  spin.on_waited(60us);
  EXPECT_EQ(spin.get(), 120us);
  spin.on_waited(110us);
  EXPECT_EQ(spin.get(), 120us) << "found while looking: long enough";
  spin.on_waited(300us);
  EXPECT_EQ(spin.get(), SpinTime::kMost);
}

TEST(SpinTime, LooksAtLeastAsLongAsAWakeUpTakes) {
  SpinTime spin(Polling::adaptive);
  spin.on_waited(2us);
  EXPECT_EQ(spin.get(), SpinTime::kLeast);
}

TEST(SpinTime, WaitsThatLookingCannotShortenEndIt) {
  SpinTime spin(Polling::adaptive);
  spin.on_waited(60us);
  spin.on_waited(SpinTime::kMost + 1us);
  EXPECT_EQ(spin.get(), 60us) << "one may be a loss";
  spin.on_waited(SpinTime::kMost + 1us);
  EXPECT_EQ(spin.get(), 30us);
  spin.on_waited(SpinTime::kMost + 1us);
  EXPECT_EQ(spin.get(), 0us);
}

TEST(SpinTime, BusyNeverSleepsAndSleepNeverLooks) {
  for (const Duration waited : {10us, 100'000us}) {
    SpinTime busy(Polling::busy), sleep(Polling::sleep);
    busy.on_waited(waited), sleep.on_waited(waited);
    EXPECT_EQ(busy.get(), SpinTime::kForever);
    EXPECT_EQ(sleep.get(), 0us);
  }
}

}  // namespace
}  // namespace leat
