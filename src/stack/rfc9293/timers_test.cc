// Every timer of TCP: when it fires, what it makes a whole stack send, and how it ends.
#include "stack/testing/machine.h"

namespace leat::testing {
namespace {

constexpr Duration kTick = 1ms;  // of the timer wheel: no timer fires early, and none later than that

/// The next that is sent is `expected`, after `wait`.
void sends_after(Machine& m, Duration wait, const std::string& expected) {
  const Instant before = m.now();
  m.advance_until_sent(wait + kTick);
  EXPECT_GE(m.now() - before, wait) << m.story();
  EXPECT_LE(m.now() - before, wait + kTick) << m.story();
  EXPECT_EQ(m.sent(), expected) << m.story();
}

/// The state changes from one to the other after `wait`.
void changes_after(Machine& m, Duration wait, const std::string& from, const std::string& to) {
  m.advance(wait - kTick);
  EXPECT_EQ(m.state(), from) << m.story();
  m.advance(2 * kTick);
  EXPECT_EQ(m.state(), to) << m.story();
}

void establish_and_check(Machine& m) {
  m.connect();
  m.peer("S. 0 ack 1 mss 1460");
  EXPECT_EQ(m.sent(), "S 0; . 1 ack 1");
}

TEST(Timers, TheSynIsSentSevenTimesInTwoMinutes) {
  Machine m;
  m.connect();
  EXPECT_EQ(m.sent(), "S 0");
  for (const int seconds : {1, 2, 4, 8, 16, 32}) sends_after(m, seconds * 1s, "S 0");
  changes_after(m, 64s, "SYN-SENT", "CLOSED");
  EXPECT_EQ(m.outcome(), "error: timed out");
  EXPECT_EQ(m.sent(), "");
}

TEST(Timers, TheSynAckIsSentSixTimesInOneMinute) {
  Machine m;
  m.listen();
  m.peer("S 0 mss 1460");
  EXPECT_EQ(m.sent(), "S. 0 ack 1");
  for (const int seconds : {1, 2, 4, 8, 16}) sends_after(m, seconds * 1s, "S. 0 ack 1");
  changes_after(m, 32s, "SYN-RECEIVED", "LISTEN");
  EXPECT_EQ(m.sent(), "");
}

TEST(Timers, ARetransmissionWaitsTwiceAsLongAsTheOneBefore) {
  Machine m;
  establish_and_check(m);  // the round trip took no time, so that the RTO is the least: 200 ms
  m.write(10);
  EXPECT_EQ(m.sent(), "P. 1:11 ack 1");
  for (const int ms : {200, 400, 800, 1600, 3200}) sends_after(m, ms * 1ms, "P. 1:11 ack 1");
  m.peer(". 1 ack 11");
  m.run_out();
  EXPECT_EQ(m.sent(), "") << "nothing is outstanding any more";
}

TEST(Timers, AFinIsRetransmittedAsDataIs) {
  Machine m;
  establish_and_check(m);
  m.shutdown();
  EXPECT_EQ(m.sent(), "F. 1 ack 1");
  sends_after(m, 200ms, "F. 1 ack 1");
  sends_after(m, 400ms, "F. 1 ack 1");
  m.peer(". 1 ack 2");
  EXPECT_EQ(m.state(), "FIN-WAIT-2");
  m.run_out();
  EXPECT_EQ(m.sent(), "");
}

TEST(Timers, AClosedWindowIsProbedLessAndLessOften) {
  Machine m;
  establish_and_check(m);
  m.peer(". 1 ack 1 win 0");
  m.write(10);
  for (const int ms : {200, 400, 800, 1600}) {
    sends_after(m, ms * 1ms, ". 0 ack 1");
    m.peer(". 1 ack 1 win 0");
  }
  m.peer(". 1 ack 1 win 1000");
  EXPECT_EQ(m.sent(), "P. 1:11 ack 1");
}

TEST(Timers, ADelayedAckWaitsFortyMilliseconds) {
  Machine m;
  establish_and_check(m);
  std::int64_t next = 1;
  const auto data = [&] {
    m.peer("P. " + std::to_string(next) + ":" + std::to_string(next + 10) + " ack 1");
    next += 10;
    m.read(100);
  };
  for (int i = 0; i < 16; ++i) {
    data();
    EXPECT_EQ(m.sent(), ". 1 ack " + std::to_string(next)) << "at once in the beginning";
  }
  data();
  sends_after(m, 40ms, ". 1 ack " + std::to_string(next));
}

TEST(Timers, FinWait2EndsAfterAMinuteWhenNobodyReads) {
  Machine m;
  establish_and_check(m);
  m.close();
  m.peer(". 1 ack 2");
  changes_after(m, 60s, "orphan", "CLOSED");
  EXPECT_EQ(m.sent(), "F. 1 ack 1");
}

TEST(Timers, TimeWaitBeginsAgainWithEveryFin) {
  Machine m;
  establish_and_check(m);
  m.shutdown();
  m.peer("F. 1 ack 2");
  EXPECT_EQ(m.sent(), "F. 1 ack 1; . 2 ack 2");
  m.advance(59s);
  m.peer("F. 1 ack 2");
  EXPECT_EQ(m.sent(), ". 2 ack 2");
  changes_after(m, 60s, "TIME-WAIT", "CLOSED");
  EXPECT_EQ(m.sent(), "");
}

}  // namespace
}  // namespace leat::testing
