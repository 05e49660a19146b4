// CubicCurve: the window as a function of time (RFC 9438 §4.2), in segments and in integers. Cubic begins one for each
// stage of congestion avoidance.
#pragma once

#include <cstdint>

namespace leat {

class CubicCurve {
 public:
  /// Time in 1/1024 s, so that dividing by its cube is a shift.
  static constexpr std::uint64_t kSecond = 1024;

  CubicCurve() = default;
  /// The curve that is at `cwnd` at time 0 and flat at `w_max`; above that it is flat at once.
  CubicCurve(std::uint32_t w_max, std::uint32_t cwnd);

  /// W_cubic(t).
  std::uint32_t at(std::uint64_t t) const;
  std::uint32_t k() const { return k_; }
  std::uint32_t plateau() const { return plateau_; }

 private:
  std::uint32_t plateau_ = 0;
  std::uint32_t k_ = 0;  ///< K: when the plateau is reached
};

/// The largest number whose cube is not greater.
constexpr std::uint32_t cube_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (int bit = 20; bit >= 0; --bit) {
    const std::uint64_t candidate = root | std::uint64_t{1} << bit;
    if (candidate * candidate * candidate <= value) root = candidate;
  }
  return static_cast<std::uint32_t>(root);
}

}  // namespace leat
