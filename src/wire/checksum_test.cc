#include "wire/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace leat {
namespace {

/// The reference: RFC 1071 word by word.
std::uint16_t naive(const std::vector<std::uint8_t>& data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    sum += static_cast<std::uint32_t>(data[i] << 8 | (i + 1 < data.size() ? data[i + 1] : 0));
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(sum);
}

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> v(size);
  for (auto& b : v) b = static_cast<std::uint8_t>(random.next32());
  return v;
}

TEST(Checksum, TheExampleOfRfc1071) {
  constexpr std::uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  ChecksumAccumulator sum;
  sum.add(data);
  EXPECT_EQ(sum.fold(), 0xddf2);
  EXPECT_EQ(internet_checksum(data), 0x220d);
}

TEST(Checksum, WorksAtCompileTime) {
  static constexpr std::uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0x80};
  static_assert(internet_checksum(Bytes(data).first(8)) == 0x220d);
  static_assert(internet_checksum(data) == static_cast<std::uint16_t>(~(0xddf2 + 0x8000 - 0xffff)));
  EXPECT_EQ(internet_checksum(data), static_cast<std::uint16_t>(~(0xddf2 + 0x8000 - 0xffff)));
}

TEST(Checksum, NothingSumsToZero) {
  EXPECT_EQ(ChecksumAccumulator().fold(), 0);
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(Checksum, EveryLengthAndAlignment) {
  Random random({5, 6});
  const auto data = random_bytes(random, 400);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t size = 0; size + start <= data.size(); ++size) {
      ChecksumAccumulator sum;
      sum.add(Bytes(data).subspan(start, size));
      const std::vector<std::uint8_t> part(data.begin() + static_cast<long>(start),
                                           data.begin() + static_cast<long>(start + size));
      ASSERT_EQ(sum.fold(), naive(part)) << start << '+' << size;
      const std::uint64_t portable = checksum_detail::sum_portable(data.data() + start, size);
      ASSERT_EQ(checksum_detail::machine_order(checksum_detail::fold16(portable)), naive(part));
    }
  }
}

TEST(Checksum, CarriesOfAllOnes) {
  for (std::size_t size : {1u, 2u, 3u, 64u, 65u, 1460u, 65535u, 3'000'001u}) {
    const std::vector<std::uint8_t> ones(size, 0xff);
    ChecksumAccumulator sum;
    sum.add(ones);
    const std::uint16_t expected = size % 2 == 0 ? 0xffff : 0xff00;
    EXPECT_EQ(sum.fold(), expected) << size;
    const std::uint64_t portable = checksum_detail::sum_portable(ones.data(), size);
    EXPECT_EQ(checksum_detail::machine_order(checksum_detail::fold16(portable)), expected) << size;
  }
}

TEST(Checksum, PiecesOfAnyLengthAddUpToTheWhole) {
  Random random({7, 8});
  for (int round = 0; round < 2000; ++round) {
    const auto data = random_bytes(random, random.below(600));
    ChecksumAccumulator sum, copying;
    std::vector<std::uint8_t> copy(data.size());
    std::size_t at = 0;
    while (at < data.size()) {
      const std::size_t n = std::min<std::size_t>(random.below(90), data.size() - at);
      sum.add(Bytes(data).subspan(at, n));
      copying.add_copy(Bytes(data).subspan(at, n), MutableBytes(copy).subspan(at, n));
      at += n;
    }
    ASSERT_EQ(sum.fold(), naive(data)) << data.size();
    ASSERT_EQ(copying.fold(), naive(data));
    ASSERT_EQ(copy, data);
  }
}

TEST(Checksum, FieldsMayBeAddedBetweenOddPieces) {
  constexpr std::uint8_t a[] = {1, 2, 3}, b[] = {4, 5, 6};
  ChecksumAccumulator sum;
  sum.add(a);
  sum.add16(0x1234);
  sum.add32(0xfffe0001);
  sum.add(b);
  EXPECT_EQ(sum.fold(), naive({1, 2, 3, 4, 5, 6, 0x12, 0x34, 0xff, 0xfe, 0x00, 0x01}));
}

TEST(Checksum, PseudoHeaderOfBothFamilies) {
  const auto a4 = IpAddress::v4(192, 0, 2, 1), b4 = IpAddress::v4(198, 51, 100, 2);
  ChecksumAccumulator v4;
  v4.add_pseudo_header(a4, b4, 6, 20);
  EXPECT_EQ(v4.fold(), naive({192, 0, 2, 1, 198, 51, 100, 2, 0, 6, 0, 20}));
  const auto a6 = *IpAddress::parse("2001:db8::1"), b6 = *IpAddress::parse("fe80::2%3");
  std::vector<std::uint8_t> bytes(a6.bytes.begin(), a6.bytes.end());
  bytes.insert(bytes.end(), b6.bytes.begin(), b6.bytes.end());
  bytes.insert(bytes.end(), {0, 1, 0x11, 0x70, 0, 0, 0, 17});
  ChecksumAccumulator v6;
  v6.add_pseudo_header(a6, b6, 17, 70000);
  EXPECT_EQ(v6.fold(), naive(bytes));
}

TEST(Checksum, IncrementalUpdateAgreesWithSummingAgain) {
  Random random({9, 10});
  for (int i = 0; i < 20000; ++i) {
    auto data = random_bytes(random, 20);
    const std::uint16_t before = internet_checksum(data);
    const std::size_t at = 2 * random.below(10);
    const std::uint16_t old_field = load_be16(data.data() + at);
    const auto new_field = static_cast<std::uint16_t>(random.next32());
    store_be16(data.data() + at, new_field);
    ASSERT_EQ(checksum_after_change(before, old_field, new_field), internet_checksum(data));
  }
}

}  // namespace
}  // namespace leat
