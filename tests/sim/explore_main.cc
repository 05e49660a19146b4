// leat_explore: short transfers over paths that lose, reorder and repeat frames by a pattern, checked at each step.
//
//   leat_explore --seeds A..B [--sabotage]
//
// For a failing seed it prints all frames. With --sabotage the checker gets a wrong window, and must report it.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "explore.h"

namespace {

bool number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

int main(int, char** argv) {
  std::uint64_t first = 1, last = 1000, failed = 0;
  bool sabotage = false, understood = true;
  for (++argv; *argv != nullptr && understood; ++argv) {
    const std::string_view option = *argv;
    if (option == "--sabotage") {
      sabotage = true;
    } else if (option == "--seeds" && argv[1] != nullptr) {
      const std::string_view range = *++argv;
      const std::size_t dots = range.find("..");
      understood =
          number(range.substr(0, dots), first) && number(range.substr(dots == range.npos ? 0 : dots + 2), last);
    } else {
      understood = false;
    }
  }
  if (!understood) return std::fputs("usage: leat_explore --seeds A..B [--sabotage]\n", stderr), 2;
  leat::sim::Exploration sum;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const leat::sim::Exploration e = leat::sim::explore(seed, sabotage);
    sum.segments += e.segments, sum.retransmissions += e.retransmissions;
    sum.time_outs += e.time_outs, sum.undone += e.undone;
    if (e.failure.empty()) continue;
    if (++failed <= 3) {
      std::printf("seed %llu: %s\n%s", static_cast<unsigned long long>(seed), e.failure.c_str(), e.story.c_str());
    }
  }
  const unsigned long long seeds = last - first + 1;
  std::printf("%llu seeds: %llu segments, %llu sent again, %llu time-outs, %llu undone; %llu failed\n", seeds,
              static_cast<unsigned long long>(sum.segments), static_cast<unsigned long long>(sum.retransmissions),
              static_cast<unsigned long long>(sum.time_outs), static_cast<unsigned long long>(sum.undone),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
