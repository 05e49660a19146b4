// leat_churn: many short connections in virtual time.
//
//   leat_churn --connections N [--ignore-memory] [--sabotage]
//
// Fails if a connection leaves anything behind, if a TIME-WAIT prevents a new connection, or if the memory of the
// process differs by more than 1 MiB from that after the first tenth. The memory is meaningful with at least 1,000,000
// connections, because a tenth of the run then lasts longer than a TIME-WAIT. With --sabotage one connection is never
// closed, and the run must fail.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "churn.h"

int main(int, char** argv) {
  leat::sim::ChurnPlan plan;
  plan.memory_bound = std::size_t{1} << 20;
  for (++argv; *argv != nullptr; ++argv) {
    const std::string_view option = *argv;
    if (option == "--ignore-memory") {
      plan.memory_bound = 0;
    } else if (option == "--sabotage") {
      plan.sabotage = true;
    } else if (option == "--connections" && argv[1] != nullptr) {
      const std::string_view text = *++argv;
      if (std::from_chars(text.data(), text.data() + text.size(), plan.connections).ec != std::errc{}) break;
    } else {
      break;
    }
  }
  if (*argv != nullptr || plan.connections == 0) {
    std::fprintf(stderr, "usage: leat_churn --connections N [--ignore-memory] [--sabotage]\n");
    return 2;
  }
  const auto started = std::chrono::steady_clock::now();
  leat::sim::ChurnOutcome o = leat::sim::churn(plan);
  if (o.failure.empty() && o.met_time_wait == 0 && !plan.sabotage) {
    o.failure = "no connection met a TIME-WAIT: this was no test of that";
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (!o.failure.empty()) std::printf("FAILED: %s\n", o.failure.c_str());
  std::printf(
      "%llu connections in %.0f s of virtual time; %llu of them met a TIME-WAIT of the server's, of which there were up "
      "to %llu; %.1f MiB resident after a tenth, %.1f at most; %.1f s\n",
      static_cast<unsigned long long>(plan.connections), std::chrono::duration<double>(o.lasted).count(),
      static_cast<unsigned long long>(o.met_time_wait), static_cast<unsigned long long>(o.most_time_wait),
      static_cast<double>(o.memory_at_a_tenth) / (1 << 20), static_cast<double>(o.memory_at_most) / (1 << 20), seconds);
  return o.failure.empty() ? 0 : 1;
}
