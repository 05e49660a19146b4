#include "tcp/loss/scoreboard.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace leat {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kBoardMss = 1000;
constexpr Instant kT0{std::chrono::seconds(100)};

Instant board_at(int ms) { return kT0 + milliseconds(ms); }

/// One burst of `n` segments at t = 0.
Scoreboard burst(int n) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  board.sent(std::int64_t{n} * kBoardMss, board_at(0));
  return board;
}

Delivery sack(Scoreboard& board, StreamPos begin, StreamPos end) {
  Delivery delivery;
  board.sack(begin, end, delivery);
  return delivery;
}

TEST(Scoreboard, ABurstIsOneRangeUntilAPartOfItIsSacked) {
  Scoreboard board = burst(45);
  EXPECT_EQ(board.ranges(), 1u);
  EXPECT_EQ(sack(board, 3000, 4000).sacked, 1000u);
  EXPECT_EQ(board.ranges(), 3u);
  EXPECT_EQ(sack(board, 4000, 45000).sacked, 41000u);
  EXPECT_EQ(board.ranges(), 2u) << "neighbours merge";
  EXPECT_EQ(board.in_flight(), 3000);
  EXPECT_EQ(board.highest_sacked(), 45000);
  EXPECT_EQ(sack(board, 3000, 45000).sacked, 0u) << "old news";
}

TEST(Scoreboard, OnlyWholeSegmentsAreSacked) {
  Scoreboard board = burst(4);
  EXPECT_EQ(sack(board, 1, 999).sacked, 0u);
  EXPECT_EQ(sack(board, 500, 2500).sacked, 1000u);
  EXPECT_EQ(board.ranges(), 3u);
  EXPECT_EQ(sack(board, 3500, 4000).sacked, 0u);
  EXPECT_EQ(sack(board, 3000, 4000).sacked, 1000u);
}

TEST(Scoreboard, TheLastSegmentMayBeSmall) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  board.sent(2300, board_at(0));
  EXPECT_EQ(board.last_segment(2300), 2000);
  EXPECT_EQ(sack(board, 2000, 2300).sacked, 300u);
}

TEST(Scoreboard, AFinBelongsToTheSegmentBeforeIt) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  board.sent(2001, board_at(0));
  EXPECT_EQ(board.last_segment(2000), 1000);
  board.sent(2002, board_at(1));
  EXPECT_EQ(board.last_segment(2001), 2001) << "alone, it is one";
}

TEST(Scoreboard, SegmentsThatEndInTheMiddleAreNotJoined) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  board.sent(300, board_at(0));
  board.sent(600, board_at(0));
  EXPECT_EQ(board.ranges(), 2u);
  EXPECT_EQ(sack(board, 300, 600).sacked, 300u);
}

TEST(Scoreboard, TellsWhatIsToBeSentAgain) {
  Scoreboard board = burst(10);
  sack(board, 2000, 5000);
  board.lose(0, 2000, LossReason::later_delivered);
  board.lose(5000, 6000, LossReason::later_delivered);
  EXPECT_EQ(board.lost(), 3000u);
  EXPECT_EQ(board.in_flight(), 4000);
  Scoreboard::Lost lost = board.next_lost(64000);
  EXPECT_EQ(lost.begin, 0);
  EXPECT_EQ(lost.end, 2000);
  board.sent_again(lost.begin, lost.end, board_at(10));
  EXPECT_EQ(board.in_flight(), 6000);
  lost = board.next_lost(64000);
  EXPECT_EQ(lost.begin, 5000);
  EXPECT_EQ(board.next_lost(500).end, 5500);
  board.sent_again(5000, 6000, board_at(10));
  EXPECT_FALSE(board.has_lost());
  EXPECT_TRUE(board.next_lost(64000).empty());
}

TEST(Scoreboard, TimeTellsWhatIsOvertaken) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  for (int i = 1; i <= 4; ++i) board.sent(i * 1000, board_at(i));
  const Delivery delivery = sack(board, 2000, 3000);
  EXPECT_EQ(delivery.newest.end, 3000);
  EXPECT_EQ(delivery.newest.sent_at, board_at(3));
  // A round trip of 50 ms and 10 ms of patience: of the first two one has waited that long.
  const Duration wait = board.lose_overtaken(delivery.newest, milliseconds(60), board_at(61));
  EXPECT_EQ(board.lost(), 1000u);
  EXPECT_EQ(wait, milliseconds(1));
  EXPECT_EQ(board.lose_overtaken(delivery.newest, milliseconds(60), board_at(62)), Duration::zero());
  EXPECT_EQ(board.lost(), 2000u) << "the fourth left later than what was delivered";
}

TEST(Scoreboard, ALostRetransmissionIsLostAgain) {
  Scoreboard board = burst(4);
  sack(board, 1000, 2000);
  board.lose(0, 1000, LossReason::later_delivered);
  board.sent_again(0, 1000, board_at(10));
  board.sent(5000, board_at(11));
  const Delivery delivery = sack(board, 4000, 5000);
  board.lose_overtaken(delivery.newest, milliseconds(5), board_at(20));
  const Scoreboard::Lost lost = board.next_lost(1000);
  EXPECT_EQ(lost.begin, 0);
  EXPECT_EQ(lost.reason, LossReason::retransmission_lost);
  EXPECT_EQ(board.resent(), 0u);
}

TEST(Scoreboard, WhatIsForgivenCountsAsUnderWay) {
  Scoreboard board = burst(4);
  sack(board, 3000, 4000);
  board.lose(0, 3000, LossReason::time_out);
  board.forgive_losses();
  EXPECT_EQ(board.in_flight(), 3000);
  board.lose_all(Instant::max(), LossReason::time_out);
  EXPECT_EQ(board.in_flight(), 0);
  board.forget_sacks();
  EXPECT_EQ(board.sacked(), 0u);
}

TEST(Scoreboard, HoldsNoMemoryToSpeakOfWhenAllIsAcknowledged) {
  Scoreboard board = burst(2000);
  for (StreamPos i = 1; i < 2000; i += 2) sack(board, i * 1000, i * 1000 + 1000);
  EXPECT_EQ(board.ranges(), 2000u);
  Delivery delivery;
  board.acknowledge(2'000'000, delivery);
  EXPECT_EQ(delivery.bytes, 1'000'000u);
  EXPECT_EQ(board.ranges(), 0u);
  EXPECT_EQ(board.in_flight(), 0);
}

// Cutting from the end would move all that lies behind each time.
TEST(Scoreboard, APeerCannotCutTheWindowIntoAnyNumberOfPieces) {
  constexpr StreamPos kSegments = 40000;
  Scoreboard board = burst(kSegments);
  for (StreamPos n = kSegments - 1; n > 0; n -= 2) sack(board, n * kBoardMss - kBoardMss, n * kBoardMss);
  EXPECT_LE(board.ranges(), 8200u);
  EXPECT_GE(board.ranges(), 4000u);
  sack(board, 0, kSegments * kBoardMss);
  EXPECT_EQ(board.in_flight(), 0) << "where nothing has to be cut all is taken";
}

TEST(Scoreboard, ARetransmissionIsNotMadeManyRangesOfWithoutBound) {
  Scoreboard board = burst(40000);
  board.lose_all(Instant::max(), LossReason::time_out);
  for (int i = 0; board.has_lost(); ++i) {
    const Scoreboard::Lost lost = board.next_lost(kBoardMss);
    board.sent_again(lost.begin, lost.end, board_at(i));
  }
  EXPECT_LE(board.ranges(), 16384u + 1);
  EXPECT_EQ(board.resent(), 40000u * kBoardMss);
}

TEST(Scoreboard, WhatIsAcknowledgedInTheMiddleOfARangeMovesItsBegin) {
  Scoreboard board = burst(10);
  board.lose(0, 10000, LossReason::time_out);
  Delivery delivery;
  board.acknowledge(2500, delivery);
  EXPECT_EQ(delivery.bytes, 2500u);
  EXPECT_EQ(board.ranges(), 1u);
  EXPECT_EQ(board.begin(), 2500);
  EXPECT_EQ(board.lost(), 7500u);
  EXPECT_EQ(board.next_lost(1000).begin, 2500);
}

TEST(Scoreboard, WhatWasSentAgainStaysSoWhenItIsSacked) {
  Scoreboard board = burst(4);
  board.lose(1000, 2000, LossReason::time_out);
  board.sent_again(1000, 2000, board_at(10));
  sack(board, 1000, 2000);
  sack(board, 2000, 3000);
  EXPECT_EQ(board.ranges(), 3u) << "sacked neighbours merge nevertheless";
  EXPECT_EQ(board.resent(), 0u);
  Delivery delivery;
  board.acknowledge(3000, delivery);
  EXPECT_TRUE(delivery.retransmitted) << "which copy it answers nobody knows (Karn)";
}

// Karn's rule holds at the bound, too: what was sent again or sacked does not become new by what follows it.
TEST(Scoreboard, AtTheBoundNothingIsForgotten) {
  Scoreboard board;
  board.set_mss(kBoardMss);
  StreamPos end = 0;
  for (int i = 0; i < 20000; ++i) board.sent(end += 500, board_at(i));
  const std::size_t most = board.ranges();
  EXPECT_LT(most, 20000u);
  const StreamPos last = board.last_segment(end);
  board.sent_again(last, end, board_at(30000));
  const std::uint32_t resent = board.resent();
  EXPECT_GT(resent, 0u);
  board.sent(end += 500, board_at(30001));
  EXPECT_EQ(board.resent(), resent);
  Delivery delivery;
  board.acknowledge(end - 500, delivery);
  EXPECT_TRUE(delivery.retransmitted);
  EXPECT_EQ(delivery.acked_last, board_at(static_cast<int>(most) - 1))
      << "of the range that grew, the time of its first byte";
}

// The same by one record a byte, which cannot be wrong.
class BoardModel {
 public:
  explicit BoardModel(std::size_t n) : bytes_(n) {}
  void sack(std::size_t b, std::size_t e) {
    // Whole segments: everything in this test is sent in whole ones.
    for (std::size_t s = (b + kBoardMss - 1) / kBoardMss * kBoardMss; s + kBoardMss <= e; s += kBoardMss)
      set(s, s + kBoardMss, {1, 0, 0});
  }
  void lose(std::size_t b, std::size_t e) {
    for (std::size_t i = b; i < e && i < bytes_.size(); ++i) {
      if (!bytes_[i].sacked) bytes_[i].lost = 1, bytes_[i].resent = 0;
    }
  }
  void send_again(std::size_t b, std::size_t e) {
    for (std::size_t i = b; i < e; ++i) bytes_[i].resent = 1;
  }
  void acknowledge(std::size_t una) { una_ = una; }
  std::int64_t in_flight() const {
    std::int64_t n = 0;
    for (std::size_t i = una_; i < bytes_.size(); ++i) n += 1 - bytes_[i].sacked - bytes_[i].lost + bytes_[i].resent;
    return n;
  }
  std::int64_t first_lost() const {
    for (std::size_t i = una_; i < bytes_.size(); ++i) {
      if (bytes_[i].lost && !bytes_[i].resent) return static_cast<std::int64_t>(i);
    }
    return -1;
  }

 private:
  struct Byte {
    int sacked = 0, lost = 0, resent = 0;
  };
  void set(std::size_t b, std::size_t e, Byte value) {
    for (std::size_t i = b; i < e; ++i) bytes_[i] = value;
  }
  std::vector<Byte> bytes_;
  std::size_t una_ = 0;
};

TEST(Scoreboard, AgreesWithARecordAByte) {
  constexpr std::size_t kSegments = 24;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(Seed{seed, 0});
    Scoreboard board = burst(kSegments);
    BoardModel model(kSegments * kBoardMss);
    StreamPos una = 0;
    for (int step = 0; step < 60; ++step) {
      const std::size_t b = random.below(kSegments) * kBoardMss, e = b + (1 + random.below(4)) * kBoardMss;
      const std::size_t end = std::min<std::size_t>(e, kSegments * kBoardMss);
      switch (random.below(5)) {
        case 0:
        case 1:
          sack(board, static_cast<StreamPos>(b), static_cast<StreamPos>(end));
          model.sack(std::max<std::size_t>(b, static_cast<std::size_t>(una)), end);
          break;
        case 2:
          board.lose(static_cast<StreamPos>(b), static_cast<StreamPos>(end), LossReason::time_out);
          model.lose(std::max<std::size_t>(b, static_cast<std::size_t>(una)), end);
          break;
        case 3: {
          const Scoreboard::Lost lost = board.next_lost(2 * kBoardMss);
          ASSERT_EQ(lost.empty() ? -1 : lost.begin, model.first_lost()) << seed;
          if (lost.empty()) break;
          board.sent_again(lost.begin, lost.end, board_at(step));
          model.send_again(static_cast<std::size_t>(lost.begin), static_cast<std::size_t>(lost.end));
          break;
        }
        default: {
          if (random.below(4) != 0) break;
          una = std::min<StreamPos>(una + static_cast<StreamPos>(random.below(3)) * 500, kSegments * kBoardMss);
          una = (una + kBoardMss - 1) / kBoardMss * kBoardMss;
          Delivery delivery;
          board.acknowledge(una, delivery);
          model.acknowledge(static_cast<std::size_t>(una));
        }
      }
      ASSERT_EQ(board.in_flight(), model.in_flight()) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace leat
