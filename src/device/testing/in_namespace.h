// Runs the body of a test in a network namespace of its own, so that it may make interfaces and rules as it likes:
//
//   TEST(Tap, Something) {
//     if (auto reason = in_namespace([] { shell("ip link set lo up"); … })) GTEST_SKIP() << *reason;
//   }
//
// The body runs in a forked child, as root there (an ordinary user gets a user namespace around it). Its failures
// print as usual and fail the test. Nothing is left behind when the child is gone.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace leat::testing {

/// Why the body did not run or gave up by skip_here, with what to do about it; nothing when it ran.
std::optional<std::string> in_namespace(const std::function<void()>& body);

/// Inside the body: the test cannot be run here. Return after it.
void skip_here(const std::string& reason);
bool is_skipped();

/// Runs a shell command inside the body; the test fails when it does.
void shell(const std::string& command);
/// As shell, but says whether it succeeded, and hides what it prints.
bool shell_succeeds(const std::string& command);

}  // namespace leat::testing
