#include "ip/icmp_limiter.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours(1)};

IpAddress host(std::uint32_t n) { return IpAddress::v4(10u << 24 | n); }

int allowed(IcmpLimiter& limiter, const IpAddress& to, int asked, Instant now) {
  int n = 0;
  for (int i = 0; i < asked; ++i) n += limiter.allow(to, now) ? 1 : 0;
  return n;
}

TEST(IcmpLimiter, ADestinationGetsABurstAndThenOneASecond) {
  IcmpLimiter limiter({1, 2});
  EXPECT_EQ(allowed(limiter, host(1), 100, kStart), 6);
  EXPECT_EQ(allowed(limiter, host(1), 100, kStart + 999ms), 0);
  EXPECT_EQ(allowed(limiter, host(1), 100, kStart + 1s), 1);
  EXPECT_EQ(allowed(limiter, host(1), 100, kStart + 3s), 2);
  EXPECT_EQ(allowed(limiter, host(1), 100, kStart + 1h), 6) << "a bucket holds no more than its burst";
}

TEST(IcmpLimiter, AllDestinationsTogetherGetAThousandASecond) {
  IcmpLimiter limiter({1, 2});
  int n = 0;
  for (std::uint32_t i = 0; i < 5000; ++i) n += limiter.allow(host(i), kStart) ? 1 : 0;
  EXPECT_EQ(n, 50);
  for (std::uint32_t i = 0; i < 5000; ++i) n += limiter.allow(host(i), kStart + 10ms) ? 1 : 0;
  EXPECT_EQ(n, 60);
}

TEST(IcmpLimiter, WhatOneDestinationIsRefusedCostsTheOthersNothing) {
  IcmpLimiter limiter({1, 2});
  EXPECT_EQ(allowed(limiter, host(1), 100000, kStart), 6);
  EXPECT_EQ(allowed(limiter, host(2), 1, kStart), 1);
}

}  // namespace
}  // namespace leat
