// bench/drill: the time of a suite of scripts. It plays the first 120 scripts of a folder, as `leat drill` does, and
// fails if that takes two seconds or more.
//
//   drill [FOLDER]     default: tests/scripts
//
// The best of up to five runs counts. The time of a run is the smaller of the wall-clock time and the CPU time of all
// processes, because on a busy machine the wall-clock time says nothing about the scripts.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "drill/arguments.h"
#include "drill/suite.h"
#include "drill_leat/subject.h"

namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::size_t kScripts = 120;
constexpr Seconds kMost{2};
constexpr int kRuns = 5;

Seconds processor_time(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Seconds processor_time() { return processor_time(RUSAGE_SELF) + processor_time(RUSAGE_CHILDREN); }

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  leat::drill::Arguments arguments;
  arguments.quiet = true;
  arguments.paths = leat::drill::find_scripts({argc > 1 ? argv[1] : "tests/scripts"});
  if (arguments.paths.size() < kScripts) {
    std::fprintf(stderr, "drill: want %zu scripts, found %zu\n", kScripts, arguments.paths.size());
    return 2;
  }
  arguments.paths.resize(kScripts);
  Seconds best = Seconds::max();
  for (int run = 0; run < kRuns && best >= kMost; ++run) {
    const auto start = Clock::now();
    const Seconds start_processor = processor_time();
    if (const int status = leat::drill::run_suite(arguments, leat::drill::play_on_leat)) return status;
    const Seconds wall = Clock::now() - start, processor = processor_time() - start_processor;
    std::printf("%zu scripts: %.2f s; %.2f s of processor time\n", kScripts, wall.count(), processor.count());
    best = std::min({best, wall, processor});
  }
  if (best < kMost) return 0;
  std::fprintf(stderr, "drill: %zu scripts must take less than %.0f s\n", kScripts, kMost.count());
  return 1;
}
