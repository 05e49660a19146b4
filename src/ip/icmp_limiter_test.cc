#include "ip/icmp_limiter.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kLimiterStart{std::chrono::hours(1)};

IpAddress limited_host(std::uint32_t n) { return IpAddress::v4(10u << 24 | n); }

int allowed(IcmpLimiter& limiter, const IpAddress& to, int asked, Instant now) {
  int n = 0;
  for (int i = 0; i < asked; ++i) n += limiter.allow(to, now) ? 1 : 0;
  return n;
}

TEST(IcmpLimiter, ADestinationGetsABurstAndThenOneASecond) {
  IcmpLimiter limiter({1, 2});
  EXPECT_EQ(allowed(limiter, limited_host(1), 100, kLimiterStart), 6);
  EXPECT_EQ(allowed(limiter, limited_host(1), 100, kLimiterStart + 999ms), 0);
  EXPECT_EQ(allowed(limiter, limited_host(1), 100, kLimiterStart + 1s), 1);
  EXPECT_EQ(allowed(limiter, limited_host(1), 100, kLimiterStart + 3s), 2);
  EXPECT_EQ(allowed(limiter, limited_host(1), 100, kLimiterStart + 1h), 6) << "a bucket holds no more than its burst";
}

TEST(IcmpLimiter, AllDestinationsTogetherGetAThousandASecond) {
  IcmpLimiter limiter({1, 2});
  int n = 0;
  for (std::uint32_t i = 0; i < 5000; ++i) n += limiter.allow(limited_host(i), kLimiterStart) ? 1 : 0;
  EXPECT_EQ(n, 50);
  for (std::uint32_t i = 0; i < 5000; ++i) n += limiter.allow(limited_host(i), kLimiterStart + 10ms) ? 1 : 0;
  EXPECT_EQ(n, 60);
}

TEST(IcmpLimiter, WhatOneDestinationIsRefusedCostsTheOthersNothing) {
  IcmpLimiter limiter({1, 2});
  EXPECT_EQ(allowed(limiter, limited_host(1), 100000, kLimiterStart), 6);
  EXPECT_EQ(allowed(limiter, limited_host(2), 1, kLimiterStart), 1);
}

}  // namespace
}  // namespace leat
