// leat_sim: transfers between two Stacks over a faulty path in virtual time, one for each seed.
//
//   leat_sim --seeds A..B --total-bytes N [--path IMPAIRMENT] [--verbose] [--sabotage]
//
// The seeds share the bytes. --path, such as loss=2%,delay=50ms, replaces the faults of the seeds in both directions.
// Every byte is checked, and nothing may remain at the end of a seed. For a failing seed it prints the command that
// repeats it. With
// --sabotage some damaged frames pass as verified, and the run must fail, which proves the check.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "world.h"

namespace {

using leat::sim::Outcome;

struct Arguments {
  std::uint64_t first = 1, last = 100;
  std::uint64_t total_bytes = 100'000'000;
  std::optional<leat::Impairment> path;
  bool verbose = false, sabotage = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Arguments> parse(char** argv) {
  Arguments a;
  for (++argv; *argv != nullptr; ++argv) {
    const std::string_view option = *argv;
    if (option == "--verbose") {
      a.verbose = true;
    } else if (option == "--sabotage") {
      a.sabotage = true;
    } else if (argv[1] == nullptr) {
      return std::nullopt;
    } else if (option == "--seeds") {
      const std::string_view range = *++argv;
      const std::size_t dots = range.find("..");
      const auto first = number(range.substr(0, dots));
      const auto last = dots == range.npos ? first : number(range.substr(dots + 2));
      if (!first || !last || *first > *last) return std::nullopt;
      a.first = *first, a.last = *last;
    } else if (option == "--total-bytes") {
      const auto bytes = number(*++argv);
      if (!bytes) return std::nullopt;
      a.total_bytes = *bytes;
    } else if (option == "--path") {
      auto path = leat::Impairment::parse(*++argv);
      if (!path) {
        std::fprintf(stderr, "leat_sim: %s\n", path.error().c_str());
        return std::nullopt;
      }
      a.path = *path;
    } else {
      return std::nullopt;
    }
  }
  return a;
}

void add(leat::ImpairmentCounters& sum, const leat::ImpairmentCounters& c) {
  sum.frames += c.frames, sum.lost += c.lost, sum.queue_drops += c.queue_drops, sum.refused += c.refused;
  sum.duplicated += c.duplicated, sum.reordered += c.reordered, sum.corrupted += c.corrupted;
}

int run(const Arguments& a) {
  double weights = 0;
  for (std::uint64_t s = a.first; s <= a.last; ++s) weights += leat::sim::weight_of(s);
  const auto started = std::chrono::steady_clock::now();
  leat::ImpairmentCounters wires;
  std::uint64_t bytes = 0, retransmitted = 0, failures = 0;
  for (std::uint64_t s = a.first; s <= a.last; ++s) {
    const auto share =
        static_cast<std::uint64_t>(static_cast<double>(a.total_bytes) * leat::sim::weight_of(s) / weights);
    leat::sim::Plan plan = leat::sim::plan_of(s, share);
    if (a.path) plan.set_path(*a.path);
    const Outcome o = leat::sim::run(plan, a.sabotage);
    bytes += o.bytes, retransmitted += o.retransmitted;
    add(wires, o.to_server), add(wires, o.to_client);
    if (!o.failure.empty()) {
      ++failures;
      std::printf("seed %llu FAILED: %s\n  again: leat_sim --seeds %llu..%llu --total-bytes %llu%s%s%s\n%s%s",
                  static_cast<unsigned long long>(s), o.failure.c_str(), static_cast<unsigned long long>(s),
                  static_cast<unsigned long long>(s), static_cast<unsigned long long>(share), a.path ? " --path " : "",
                  a.path ? a.path->to_string().c_str() : "", a.sabotage ? " --sabotage" : "", plan.to_string().c_str(),
                  o.story.c_str());
      std::fflush(stdout);
      if (failures == 5) {
        std::printf("five seeds failed; not going on\n");
        break;
      }
    } else if (a.verbose) {
      std::printf("seed %llu: %llu bytes in %.3f s of virtual time, %llu frames, %llu segments retransmitted\n",
                  static_cast<unsigned long long>(s), static_cast<unsigned long long>(o.bytes),
                  std::chrono::duration<double>(o.lasted).count(),
                  static_cast<unsigned long long>(o.to_server.frames + o.to_client.frames),
                  static_cast<unsigned long long>(o.retransmitted));
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf(
      "%llu seeds, %llu bytes right in %llu frames: %llu lost, %llu in full queues, %llu duplicated, %llu reordered, "
      "%llu corrupted; %llu segments retransmitted; %.1f s; %llu failed\n",
      static_cast<unsigned long long>(a.last - a.first + 1), static_cast<unsigned long long>(bytes),
      static_cast<unsigned long long>(wires.frames), static_cast<unsigned long long>(wires.lost),
      static_cast<unsigned long long>(wires.queue_drops), static_cast<unsigned long long>(wires.duplicated),
      static_cast<unsigned long long>(wires.reordered), static_cast<unsigned long long>(wires.corrupted),
      static_cast<unsigned long long>(retransmitted), seconds, static_cast<unsigned long long>(failures));
  return failures > 0 ? 1 : 0;
}

}  // namespace

int main(int, char** argv) {
  const auto arguments = parse(argv);
  if (!arguments) {
    std::fprintf(stderr, "usage: leat_sim --seeds A..B --total-bytes N [--path IMPAIRMENT] [--verbose] [--sabotage]\n");
    return 2;
  }
  return run(*arguments);
}
