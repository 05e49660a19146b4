#include "wire/tcp_options.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets encoded(const TcpOptionSet& s) {
  Octets out(s.encoded_size(), 0xee);
  s.encode(out);
  return out;
}

TcpOptionSet with_sack(std::size_t count) {
  TcpOptionSet s;
  for (std::size_t i = 0; i < count; ++i) {
    s.sack[i] = {SeqNum(static_cast<std::uint32_t>(100 * i)), SeqNum(static_cast<std::uint32_t>(100 * i + 50))};
  }
  s.sack_count = static_cast<std::uint8_t>(count);
  return s;
}

TEST(TcpOptionSet, SynWithEverythingIsLaidOutAsLinuxDoes) {
  TcpOptionSet s;
  s.mss = 1460, s.sack_permitted = true, s.timestamps = {{0x01020304, 0}}, s.window_scale = 7;
  EXPECT_EQ(encoded(s), (Octets{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7}));
}

TEST(TcpOptionSet, SynWithoutTimestampsIsPaddedByNops) {
  TcpOptionSet s;
  s.mss = 536, s.sack_permitted = true, s.window_scale = 0;
  EXPECT_EQ(encoded(s), (Octets{2, 4, 2, 0x18, 1, 1, 4, 2, 1, 3, 3, 0}));
}

TEST(TcpOptionSet, DataSegmentCarriesTimestampsAndSackBehindNops) {
  TcpOptionSet s = with_sack(1);
  s.timestamps = {{1, 2}};
  EXPECT_EQ(encoded(s), (Octets{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 50}));
}

TEST(TcpOptionSet, NothingTakesNoRoom) {
  EXPECT_EQ(TcpOptionSet{}.encoded_size(), 0u);
  EXPECT_EQ(TcpOptionSet::parse({}), TcpOptionSet{});
}

TEST(TcpOptionSet, SackBlocksThatFindNoRoomAreLeftOut) {
  EXPECT_EQ(with_sack(4).encoded_size(), 36u);
  TcpOptionSet s = with_sack(4);
  s.timestamps = {{1, 2}};
  EXPECT_EQ(s.encoded_size(), 40u);
  EXPECT_EQ(TcpOptionSet::parse(encoded(s))->sack_count, 3);
  s.mss = 1460, s.sack_permitted = true, s.window_scale = 7;
  EXPECT_LE(s.encoded_size(), 40u);
  EXPECT_EQ(TcpOptionSet::parse(encoded(s))->sack_count, 2);
}

TEST(TcpOptionSet, EveryCombinationSurvivesATripAndStaysAligned) {
  Random random({6, 6});
  for (unsigned bits = 0; bits < 16; ++bits) {
    for (std::size_t blocks = 0; blocks <= 4; ++blocks) {
      TcpOptionSet s = with_sack(blocks);
      if (bits & 1) s.mss = static_cast<std::uint16_t>(1 + random.below(65535));
      if (bits & 2) s.window_scale = static_cast<std::uint8_t>(random.below(256));
      s.sack_permitted = (bits & 4) != 0;
      if (bits & 8) s.timestamps = {{random.next32(), random.next32()}};
      const Octets out = encoded(s);
      ASSERT_LE(out.size(), 40u);
      ASSERT_EQ(out.size() % 4, 0u);
      const auto back = TcpOptionSet::parse(out);
      ASSERT_TRUE(back);
      s.sack_count = back->sack_count;  // fewer blocks only if they do not fit
      ASSERT_EQ(*back, s);
      ASSERT_TRUE(s.sack_count == blocks || out.size() + 8 > 40);
    }
  }
}

TEST(TcpOptionSet, UnknownKindsAreSkipped) {
  const Octets in{254, 4, 9, 9, 34, 2, 2, 4, 5, 0xb4, 30, 3, 0, 3, 3, 9};
  const auto s = TcpOptionSet::parse(in);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->mss, 1460);
  EXPECT_EQ(s->window_scale, 9);
}

TEST(TcpOptionSet, EndOfListHidesTheRest) {
  const Octets in{1, 0, 2, 4, 5, 0xb4, 3, 0};
  EXPECT_EQ(TcpOptionSet::parse(in), TcpOptionSet{});
}

// A parser that adds the length of an option of length 0 never ends.
TEST(TcpOptionSet, OptionOfLength0IsMalformed) {
  for (const std::uint8_t length : {std::uint8_t{0}, std::uint8_t{1}}) {
    for (unsigned kind = 2; kind < 256; ++kind) {
      EXPECT_FALSE(TcpOptionSet::parse(Octets{static_cast<std::uint8_t>(kind), length, 0, 0})) << kind;
    }
  }
}

TEST(TcpOptionSet, AnOptionThatRunsOverTheEndIsMalformed) {
  EXPECT_FALSE(TcpOptionSet::parse(Octets{2, 4, 5}));
  EXPECT_FALSE(TcpOptionSet::parse(Octets{1, 1, 1, 8}));
  EXPECT_FALSE(TcpOptionSet::parse(Octets{77, 255, 0, 0}));
  EXPECT_FALSE(TcpOptionSet::parse(Octets{1, 1, 8, 10, 0, 0, 0, 1}));
}

TEST(TcpOptionSet, AKnownKindOfAWrongLengthIsIgnored) {
  for (const Octets& in :
       {Octets{2, 3, 5}, Octets{2, 5, 5, 5, 5}, Octets{3, 2}, Octets{3, 4, 7, 7}, Octets{4, 3, 0},
        Octets{8, 9, 0, 0, 0, 0, 0, 0, 0}, Octets{5, 2}, Octets{5, 9, 0, 0, 0, 0, 0, 0, 0}, Octets{2, 4, 0, 0}}) {
    Octets more = in;
    more.insert(more.end(), {3, 3, 5});
    const auto s = TcpOptionSet::parse(more);
    ASSERT_TRUE(s);
    TcpOptionSet only_scale;
    only_scale.window_scale = 5;
    EXPECT_EQ(*s, only_scale);
  }
}

TEST(TcpOptionSet, EveryTruncationEndsCleanly) {
  TcpOptionSet s = with_sack(2);
  s.mss = 1460, s.window_scale = 7;
  const Octets whole = encoded(s);
  for (std::size_t n = 0; n < whole.size(); ++n) (void)TcpOptionSet::parse(Bytes(whole).first(n));
  EXPECT_EQ(TcpOptionSet::parse(whole), s);
}

TEST(TcpOptionSet, SurvivesGarbage) {
  Random random({7, 7});
  for (int i = 0; i < 100000; ++i) {
    Octets in(random.below(41));
    for (auto& b : in) b = static_cast<std::uint8_t>(random.chance(0.7) ? random.below(12) : random.next32());
    if (const auto s = TcpOptionSet::parse(in)) {
      ASSERT_LE(s->sack_count, 4);
      ASSERT_EQ(TcpOptionSet::parse(encoded(*s)).has_value(), true);
    }
  }
}

// RFC 9293 §3.1, MUST-7: a segment with a malformed option list is processed with the options in front of the fault.
TEST(TcpOptionSet, TheValidPartOfAMalformedListCounts) {
  TcpOptionSet mss;
  mss.mss = 1460;
  for (const Octets& fault : {Octets{0x08, 0}, Octets{0x08, 1}, Octets{0x08, 10, 0, 0}, Octets{0x22}}) {
    Octets list{2, 4, 0x05, 0xb4};
    list.insert(list.end(), fault.begin(), fault.end());
    EXPECT_EQ(TcpOptionSet::parse(list), std::nullopt);
    EXPECT_EQ(TcpOptionSet::parse_valid_part(list), mss);
  }
  EXPECT_EQ(TcpOptionSet::parse_valid_part(Octets{8, 0, 2, 4}), TcpOptionSet{});
}

}  // namespace
}  // namespace leat
