// The reviewed differences between Leat and the kernel, each with its reason in docs/kernel-differences.md under the
// title that it has here. A difference without an entry is a failure, and so is an entry that explains nothing any
// more.
#pragma once

#include <span>
#include <string>

namespace leat::testing {

/// The first step at which the two send different things.
struct Parting {
  std::string before;  ///< the order up to this step, without it
  char step = 0;
  std::string leat, kernel;  ///< what each sent there
};

struct Difference {
  const char* title;
  bool (*explains)(const Parting&);
};
std::span<const Difference> known_differences();

/// True when the two sent the same, apart from SYNs and SYN,ACKs that a timer sent again: timers run on real time in
/// the kernel, and it sends a SYN again after 2 ms when its first was answered by an ACK of another connection.
bool same(const std::string& leat, const std::string& kernel);

}  // namespace leat::testing
