#include "base/siphash.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace leat {
namespace {

// The key is that of Appendix A in the SipHash paper: bytes 00, 01 … 0f.
constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::vector<std::uint8_t> counting(std::size_t n) {
  std::vector<std::uint8_t> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<std::uint8_t>(i);
  return v;
}

/// A second implementation of SipHash from section 2 of the paper, with arrays and a padded copy and without templates.
std::uint64_t reference(int c, int d, const SipKey& key, std::vector<std::uint8_t> message) {
  const auto rotl = [](std::uint64_t x, int b) { return (x << b) | (x >> (64 - b)); };
  const std::uint64_t init[4] = {0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573};
  std::uint64_t v[4];
  for (int i = 0; i < 4; ++i) v[i] = init[i] ^ (i % 2 == 0 ? key.k0 : key.k1);
  const auto sip_round = [&] {
    v[0] += v[1], v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotl(v[1], 17) ^ v[2], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] = rotl(v[2], 32);
  };
  const std::uint8_t length = static_cast<std::uint8_t>(message.size());
  while (message.size() % 8 != 7) message.push_back(0);
  message.push_back(length);
  for (std::size_t at = 0; at < message.size(); at += 8) {
    std::uint64_t m = 0;
    for (std::size_t b = 8; b-- > 0;) m = m << 8 | message[at + b];
    v[3] ^= m;
    for (int i = 0; i < c; ++i) sip_round();
    v[0] ^= m;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < d; ++i) sip_round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

TEST(SipHash, GivesThePapersValue) { EXPECT_EQ((siphash<2, 4>(kKey, counting(15))), 0xa129ca6149be45e5u); }

// The vectors are those of the authors: messages of 0, 1, 7, 8 and 63 counting bytes, results as 8 little-endian bytes.
TEST(SipHash, GivesTheAuthorsVectors) {
  EXPECT_EQ((siphash<2, 4>(kKey, {})), 0x726fdb47dd0e0e31u);
  EXPECT_EQ((siphash<2, 4>(kKey, counting(1))), 0x74f839c593dc67fdu);
  EXPECT_EQ((siphash<2, 4>(kKey, counting(7))), 0xab0200f58b01d137u);
  EXPECT_EQ((siphash<2, 4>(kKey, counting(8))), 0x93f5f5799a932462u);
  EXPECT_EQ((siphash<2, 4>(kKey, counting(63))), 0x958a324ceb064572u);
}

TEST(SipHash, AgreesWithAnotherImplementationAtEveryLength) {
  for (std::size_t n = 0; n < 300; ++n) {  // passes 255, because only the lowest byte of the length counts
    EXPECT_EQ((siphash<2, 4>(kKey, counting(n))), reference(2, 4, kKey, counting(n))) << n;
    EXPECT_EQ((siphash<1, 3>(kKey, counting(n))), reference(1, 3, kKey, counting(n))) << n;
  }
}

TEST(SipHash, WordsAreTheirLittleEndianBytes) {
  const std::array<std::uint64_t, 2> words{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ((siphash_words<2, 4>(kKey, words)), (siphash<2, 4>(kKey, counting(16))));
  EXPECT_EQ((siphash_words<1, 3>(kKey, words)), (siphash<1, 3>(kKey, counting(16))));
  EXPECT_EQ((siphash_words<2, 4>(kKey, std::array<std::uint64_t, 0>{})), (siphash<2, 4>(kKey, {})));
}

TEST(SipHash, EveryBitOfKeyAndMessageCounts) {
  const std::array<std::uint64_t, 1> word{42};
  std::set<std::uint64_t> seen{siphash_words<1, 3>(kKey, word)};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    seen.insert(siphash_words<1, 3>({kKey.k0 ^ flip, kKey.k1}, word));
    seen.insert(siphash_words<1, 3>({kKey.k0, kKey.k1 ^ flip}, word));
    seen.insert(siphash_words<1, 3>(kKey, std::array<std::uint64_t, 1>{42 ^ flip}));
  }
  EXPECT_EQ(seen.size(), 1u + 3 * 64);
}

static_assert(siphash_words<2, 4>(SipKey{1, 2}, std::array<std::uint64_t, 1>{3}) != 0, "usable in constants");

}  // namespace
}  // namespace leat
