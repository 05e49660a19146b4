#include "tcp/congestion/cubic_curve.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leat {
namespace {

constexpr double kC = 0.4;

/// RFC 9438 §4.2 figures 1 and 2.
double curve_window(double t, double w_max, double cwnd) {
  const double k = std::cbrt((w_max - cwnd) / kC);
  return kC * std::pow(t - k, 3) + w_max;
}

std::uint64_t at_ms(std::uint64_t ms) { return ms * CubicCurve::kSecond / 1000; }

TEST(CubeRoot, IsTheLargestWholeNumberBelow) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    EXPECT_EQ(cube_root(n * n * n), n);
    EXPECT_EQ(cube_root((n + 1) * (n + 1) * (n + 1) - 1), n);
  }
  EXPECT_EQ(cube_root(std::uint64_t{1} << 60), 1u << 20);
  EXPECT_EQ(cube_root(~std::uint64_t{0}), (1u << 21) - 1) << "the most that is looked for";
}

TEST(CubicCurve, KIsTheCubicRootOfTheWayToGo) {
  for (std::uint32_t w_max : {10u, 100u, 1'000u, 10'000u, 700'000u}) {
    const std::uint32_t cwnd = w_max * 7 / 10;
    const CubicCurve curve(w_max, cwnd);
    const double k = std::cbrt((w_max - cwnd) / kC) * CubicCurve::kSecond;
    EXPECT_NEAR(curve.k(), k, 1 + k / 1000) << w_max;
    EXPECT_EQ(curve.plateau(), w_max);
  }
}

TEST(CubicCurve, IsThatOfTheFormulaBeforeAndAfterThePlateau) {
  for (std::uint32_t w_max : {20u, 400u, 30'000u}) {
    const std::uint32_t cwnd = w_max * 7 / 10;
    const CubicCurve curve(w_max, cwnd);
    for (std::uint64_t ms = 0; ms < 100'000; ms += 7) {
      const double wanted = curve_window(static_cast<double>(ms) / 1000, w_max, cwnd);
      // C is 0.1 % too large, and what is not a whole segment is dropped.
      ASSERT_NEAR(curve.at(at_ms(ms)), wanted, 1.5 + std::abs(wanted) / 250) << w_max << " after " << ms << " ms";
    }
  }
}

TEST(CubicCurve, BeginsAtTheWindowAndNeverFalls) {
  const CubicCurve curve(1000, 700);
  EXPECT_NEAR(curve.at(0), 700, 2);
  EXPECT_EQ(curve.at(curve.k()), 1000u);
  for (std::uint64_t t = 1; t < 40'000; ++t) ASSERT_GE(curve.at(t), curve.at(t - 1));
}

TEST(CubicCurve, IsFlatAtOnceAboveTheLastPlateau) {
  const CubicCurve curve(100, 150);
  EXPECT_EQ(curve.k(), 0u);
  EXPECT_EQ(curve.plateau(), 150u);
  EXPECT_EQ(curve.at(0), 150u);
  EXPECT_EQ(curve.at(at_ms(1000)), 150u);
  EXPECT_EQ(curve.at(at_ms(5000)), 200u);
}

TEST(CubicCurve, NeitherBigWindowsNorLongTimesOverflow) {
  const CubicCurve curve((1u << 30) - 1, 1);
  EXPECT_GT(curve.k(), 0u);
  EXPECT_LT(curve.at(0), curve.plateau());
  EXPECT_GT(CubicCurve(10, 10).at(~std::uint64_t{0}), 6'000'000u);
  EXPECT_LE(curve.at(~std::uint64_t{0}), 1u << 31);
}

}  // namespace
}  // namespace leat
