// The reviewed differences between Leat's socket calls and the kernel's. docs/kernel-differences.md has each title with
// its reason, and each of its cases must differ.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace leat::testing {

struct CallDifference {
  const char* title;
  std::vector<std::string_view> cases;
};
std::span<const CallDifference> known_call_differences();

}  // namespace leat::testing
