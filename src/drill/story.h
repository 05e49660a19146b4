// Story: the last lines of a script's run, with their times, for the report of a failure.
#pragma once

#include <deque>
#include <string>

#include "leat/time.h"

namespace leat::drill {

/// "0.100200": seconds with microseconds.
std::string seconds_text(Duration time);

class Story {
 public:
  /// `aloud`: all lines are printed as they come, too.
  explicit Story(bool aloud) : aloud_(aloud) {}
  void add(Duration time, const std::string& line);
  /// The last lines, each indented.
  std::string text() const;

 private:
  static constexpr std::size_t kLines = 14;
  bool aloud_;
  std::deque<std::string> lines_;
};

}  // namespace leat::drill
