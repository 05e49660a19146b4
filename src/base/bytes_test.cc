#include "base/bytes.h"

#include <array>

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Bytes, LoadsBigEndian) {
  const std::array<std::uint8_t, 5> b{0x00, 0x80, 0xff, 0x01, 0xfe};
  EXPECT_EQ(load_be16(b.data()), 0x0080u);
  EXPECT_EQ(load_be16(b.data() + 1), 0x80ffu);
  EXPECT_EQ(load_be32(b.data()), 0x0080ff01u);
  EXPECT_EQ(load_be32(b.data() + 1), 0x80ff01feu);  // neither the sign nor the alignment matters
}

TEST(Bytes, StoresBigEndianAndNothingElse) {
  std::array<std::uint8_t, 6> b;
  b.fill(0xaa);
  store_be16(b.data() + 1, 0x8001);
  EXPECT_EQ(b, (std::array<std::uint8_t, 6>{0xaa, 0x80, 0x01, 0xaa, 0xaa, 0xaa}));
  store_be32(b.data() + 1, 0xfedc0123);
  EXPECT_EQ(b, (std::array<std::uint8_t, 6>{0xaa, 0xfe, 0xdc, 0x01, 0x23, 0xaa}));
}

TEST(Bytes, WhatIsStoredIsLoaded) {
  std::array<std::uint8_t, 4> b;
  for (std::uint32_t v : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0x12345678u}) {
    store_be32(b.data(), v);
    EXPECT_EQ(load_be32(b.data()), v);
    store_be16(b.data(), static_cast<std::uint16_t>(v));
    EXPECT_EQ(load_be16(b.data()), static_cast<std::uint16_t>(v));
  }
}

}  // namespace
}  // namespace leat
