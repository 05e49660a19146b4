// Sequence numbers: wherever they wrap around, however often and in whatever pieces a segment comes, and what is left
// of an earlier connection of the same ports.
#include "stack/testing/machine.h"
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

/// A connection from its SYN to TIME-WAIT, with data both ways; every segment of the peer comes `copies` times.
struct Life {
  std::string sent;
  std::string read;
  std::string state;
  bool operator==(const Life&) const = default;
};

Life live(const MachineConfig& config, int copies) {
  Machine m(config);
  Life life;
  const auto peer = [&](const std::string& segment) {
    for (int i = 0; i < copies; ++i) m.peer(segment);
  };
  m.connect();
  peer("S. 0 ack 1 mss 536");
  m.write(20);
  peer(". 1 ack 21");
  peer("P. 9:17 ack 21");
  peer("P. 1:9 ack 21");
  life.read += m.read(100) + ", ";
  peer("F. 25 ack 21");
  m.write(10);
  m.shutdown();
  peer("P. 17:25 ack 21");
  life.read += m.read(100) + ", ";
  life.read += m.read(100);
  peer(". 26 ack 32");
  life.sent = m.sent();
  life.state = m.state();
  return life;
}

TEST(SequenceNumbers, MayWrapAroundAnywhere) {
  const Life elsewhere = live({.wraps_after = 1000, .peer_wraps_after = 1000}, 1);
  EXPECT_EQ(elsewhere.sent,
            "S 0; . 1 ack 1; P. 1:21 ack 1; . 21 ack 1; . 21 ack 17; . 21 ack 17; P. 21:31 ack 17; F. 31 ack 17; "
            ". 32 ack 26");
  EXPECT_EQ(elsewhere.read, "16 bytes, 8 bytes, end");
  for (std::uint32_t at = 0; at <= 33; ++at) {
    EXPECT_EQ(live({.wraps_after = at, .peer_wraps_after = 1000}, 1), elsewhere) << "ours after " << at;
    EXPECT_EQ(live({.wraps_after = 1000, .peer_wraps_after = at}, 1), elsewhere) << "the peer's after " << at;
    EXPECT_EQ(live({.wraps_after = at, .peer_wraps_after = at}, 1), elsewhere) << "both after " << at;
    // On the other side of the circle, where the sign changes.
    EXPECT_EQ(live({.wraps_after = 0x80000000u + at, .peer_wraps_after = 0x80000000u + at}, 1), elsewhere) << at;
  }
}

TEST(SequenceNumbers, EverySegmentOfThePeerMayComeThreeTimes) {
  const Life once = live({}, 1), thrice = live({}, 3);
  EXPECT_EQ(thrice.read, once.read);
  EXPECT_EQ(thrice.state, once.state);
}

// All ways in which three segments can lie in a stream of five pieces: apart, touching, overlapping at either side,
// inside one another, equal; in order and out of order. Then what is missing comes.
TEST(SequenceNumbers, SegmentsMayOverlapInEveryWay) {
  constexpr int kPieces = 5, kPiece = 7;
  std::vector<Seg> segments;
  for (int begin = 0; begin < kPieces; ++begin) {
    for (int end = begin + 1; end <= kPieces; ++end) {
      segments.push_back(
          {.seq = 1 + begin * kPiece, .ack = 1, .len = static_cast<std::uint32_t>((end - begin) * kPiece)});
    }
  }
  for (const Seg& first : segments) {
    for (const Seg& second : segments) {
      for (const Seg& third : segments) {
        Story c;
        c.connect();
        c.recv(first), c.recv(second), c.recv(third);
        c.recv({.seq = 1, .ack = 1, .len = kPieces * kPiece});
        ASSERT_EQ(c.read(1000), kPieces * kPiece) << c.so_far();  // which checks the bytes
        ASSERT_EQ(c.all_sent().back().ack, 1 + kPieces * kPiece) << c.so_far();
        ASSERT_LT(c.read(1000), 0) << c.so_far();
      }
    }
  }
}

// The client has closed first and comes again from the same port within 2 MSL.
TEST(SequenceNumbers, OldDuplicatesDoNotDisturbANewConnectionOfTheSamePorts) {
  Machine m;
  m.listen();
  m.peer("S 0 mss 1460");
  m.peer(". 1 ack 1");
  m.peer("P. 1:11 ack 1");
  EXPECT_EQ(m.read(100), "10 bytes");
  m.shutdown();
  m.peer("F. 11 ack 2");
  EXPECT_EQ(m.sent(), "S. 0 ack 1; . 1 ack 11; F. 1 ack 11; . 2 ack 12");
  EXPECT_EQ(m.state(), "TIME-WAIT");
  m.close();

  m.peer("S 1000 mss 1460");  // above everything that the old connection has used: a new incarnation (RFC 6191)
  constexpr const char* kFarAbove = "S. 65539 ack 1001";  // 65537 above our last number
  EXPECT_EQ(m.sent(), kFarAbove);
  m.peer("R 12");
  m.peer("F. 11 ack 2");
  EXPECT_EQ(m.sent(), ". 65540 ack 1001")
      << "an old FIN is answered as anything outside of the window; old RSTs are not";
  m.peer(". 1001 ack 65540");
  EXPECT_EQ(m.state(), "ESTABLISHED") << m.story();
  m.peer("P. 1:11 ack 1");
  EXPECT_EQ(m.sent(), ". 65540 ack 1001");
  m.advance(1s);
  m.peer("R. 11 ack 2");
  m.peer(". 12 ack 2");
  EXPECT_EQ(m.sent(), ". 65540 ack 1001") << "challenged, for its number is below the window";
  EXPECT_EQ(m.outcome(), "");
  EXPECT_EQ(m.state(), "ESTABLISHED");
}

}  // namespace
}  // namespace leat::testing
