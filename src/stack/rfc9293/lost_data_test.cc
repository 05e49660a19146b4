// Data that nobody will read: the peer has to know (RFC 2525 §2.17, RFC 9293 §3.6.1), in every state in which it can
// happen, by a RST that it takes for its own.
#include "stack/testing/machine.h"

namespace leat::testing {
namespace {

void establish(Machine& m) {
  m.connect();
  m.peer("S. 0 ack 1 mss 1460");
  m.sent();
}

TEST(LostData, UnreadInLastAckResets) {
  Machine m;
  establish(m);
  m.peer("P. 1:6 ack 1");
  m.peer("F. 6 ack 1");
  m.shutdown();
  EXPECT_EQ(m.state(), "LAST-ACK");
  m.sent();
  m.close();
  EXPECT_EQ(m.sent(), "R. 2 ack 7");
  EXPECT_EQ(m.state(), "CLOSED");
}

TEST(LostData, UnreadInClosingResets) {
  for (const bool aborts : {false, true}) {
    Machine m;
    establish(m);
    m.shutdown();
    m.peer("FP. 1:6 ack 1");
    EXPECT_EQ(m.state(), "CLOSING");
    m.sent();
    if (aborts) m.abort();
    if (!aborts) m.close();
    EXPECT_EQ(m.sent(), "R. 2 ack 7");
    EXPECT_EQ(m.state(), "CLOSED");
  }
}

TEST(LostData, UnreadInTimeWaitIsForgotten) {
  Machine m;
  establish(m);
  m.shutdown();
  m.peer("FP. 1:6 ack 2");
  EXPECT_EQ(m.state(), "TIME-WAIT");
  m.sent();
  m.close();
  EXPECT_EQ(m.sent(), "") << "the peer has forgotten the connection";
  EXPECT_EQ(m.state(), "TIME-WAIT");
}

TEST(LostData, ArrivingAfterTheCloseResetsWhetherOurFinCameOrNot) {
  for (const char* acked : {"1", "2"}) {
    Machine m;
    establish(m);
    m.close();
    EXPECT_EQ(m.sent(), "F. 1 ack 1");
    m.peer(std::string("P. 1:6 ack ") + acked);
    EXPECT_EQ(m.sent(), std::string("R ") + acked) << "what the peer expects next";
    EXPECT_EQ(m.state(), "CLOSED");
  }
}

TEST(LostData, AGapInFrontOfTheFinAfterTheCloseResets) {
  Machine m;
  establish(m);
  m.close();
  m.peer("F. 6 ack 2");
  EXPECT_EQ(m.sent(), "F. 1 ack 1; R 2");
  EXPECT_EQ(m.state(), "CLOSED");
}

}  // namespace
}  // namespace leat::testing
