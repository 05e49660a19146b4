// SuiteReport: how the scripts of a run went: a line for each and a sum, or one JSON document; and the exit status.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "drill/arguments.h"
#include "drill/player.h"

namespace leat::drill {

inline constexpr int kAllPassed = 0, kSomeFailed = 1, kBadUsage = 2;
inline constexpr int kAllSkipped = 77;  ///< what automake and meson take for "skipped"

struct ScriptResult {
  std::string file;
  std::chrono::milliseconds took{};
  Verdict verdict;
};

class SuiteReport {
 public:
  explicit SuiteReport(const Arguments& arguments) : arguments_(arguments) {}

  /// Prints the script's line, unless it is for JSON.
  void add(ScriptResult result);
  /// Prints the sum, or the document.
  void finish() const;
  int exit_status() const;

  /// {"scripts": [{"file", "verdict", "milliseconds", "line", "message", "notes"}…], "passed", "failed", "skipped"}
  std::string json() const;

 private:
  unsigned count(Verdict::Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  const Arguments& arguments_;
  std::array<unsigned, 3> counts_{};
  std::vector<ScriptResult> results_;      ///< for JSON
  std::map<std::string, unsigned> notes_;  ///< and how many scripts had each
};

}  // namespace leat::drill
