#include "tcp/congestion/cubic_curve.h"

#include <algorithm>
#include <limits>

namespace leat {
namespace {

// C = 0.4 segments / s^3 (RFC 9438 §4.1.1, §5.1), in 1/1024, and a second cubed is 2^30: together a shift by 40. 410
// is what 1/1024 come nearest to.
constexpr std::uint64_t kC = 410;
constexpr int kShift = 40;
// Four minutes from the plateau the curve is above every window; further the cube would not fit.
constexpr std::uint64_t kFarthest = 1u << 18;

}  // namespace

CubicCurve::CubicCurve(std::uint32_t w_max, std::uint32_t cwnd) : plateau_(std::max(w_max, cwnd)) {
  // K = cubic_root((W_max - cwnd_epoch) / C), RFC 9438 §4.2 figure 2. No window has 2^30 segments, so this fits.
  constexpr std::uint64_t kInverse = (std::uint64_t{1} << kShift) / kC;
  k_ = cube_root(kInverse * (plateau_ - cwnd));
}

std::uint32_t CubicCurve::at(std::uint64_t t) const {
  const bool before = t < k_;  // the concave region (RFC 9438 §4.4); then the convex one (§4.5)
  const std::uint64_t distance = std::min<std::uint64_t>(before ? k_ - t : t - k_, kFarthest);
  const std::uint64_t offset = (kC * distance * distance * distance) >> kShift;
  if (before) return plateau_ - static_cast<std::uint32_t>(std::min<std::uint64_t>(offset, plateau_));
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(plateau_ + offset, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace leat
