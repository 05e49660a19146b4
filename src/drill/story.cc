#include "drill/story.h"

#include <cstdio>

#include "drill/text.h"

namespace leat::drill {

std::string seconds_text(Duration time) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  std::string fraction = std::to_string(microseconds % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return concat(microseconds / 1'000'000, ".", fraction);
}

void Story::add(Duration time, const std::string& line) {
  lines_.push_back(concat(seconds_text(time), " ", line));
  if (aloud_) std::printf("%s\n", lines_.back().c_str());
  if (lines_.size() > kLines) lines_.pop_front();
}

std::string Story::text() const {
  std::string text;
  for (const std::string& line : lines_) text += concat("    ", line, "\n");
  return text;
}

}  // namespace leat::drill
