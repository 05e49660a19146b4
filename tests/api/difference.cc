#include "api/difference.h"

namespace leat::testing {

std::span<const CallDifference> known_call_differences() {
  static const std::vector<CallDifference> kDifferences = {};
  return kDifferences;
}

}  // namespace leat::testing
