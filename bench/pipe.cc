// bench/pipe: the CPU time of TCP alone, Leat compared with Debian's lwIP in the same run. pipe.h describes the work.
//
//   pipe [--json] [--without-copies] [--seconds N] [--bytes N] [--rounds N]
//
// With --without-copies Leat sends from the application's memory, and the application reads data in place; lwIP copies
// in any case. Rounds of the two take turns, and the median counts, so a busy machine disturbs both alike.
#include "pipe.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace pipe_bench {
namespace {

using Runner = Result (*)(const Work&);

struct Options {
  bool json = false;
  bool without_copies = false;
  double seconds = 2;       ///< approximate time of all rounds of a side
  std::uint64_t bytes = 0;  ///< bytes of a round; 0: derived from the time
  unsigned rounds = 5;
};

template <class T>
T number(std::string_view option, const char* text) {
  T value{};
  const std::string_view t = text == nullptr ? "" : text;
  const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
  if (error != std::errc{} || end != t.data() + t.size() || value <= T{}) {
    std::fprintf(stderr, "pipe: %.*s needs a positive number\n", static_cast<int>(option.size()), option.data());
    std::exit(2);
  }
  return value;
}

Options parse(char** argv) {
  Options o;
  for (++argv; *argv != nullptr; ++argv) {
    const std::string_view a = *argv;
    if (a == "--json") o.json = true;
    else if (a == "--without-copies") o.without_copies = true;
    else if (a == "--seconds") o.seconds = number<double>(a, *++argv);
    else if (a == "--bytes") o.bytes = number<std::uint64_t>(a, *++argv);
    else if (a == "--rounds") o.rounds = number<unsigned>(a, *++argv);
    else {
      std::fprintf(stderr, "usage: pipe [--json] [--without-copies] [--seconds N] [--bytes N] [--rounds N]\n");
      std::exit(a == "--help" ? 0 : 2);
    }
  }
  return o;
}

void check(const char* name, Runner run, bool without_copies) {
  if (run({.bytes = 20u << 20, .checking = true, .without_copies = without_copies}).correct) return;
  std::fprintf(stderr, "pipe: %s let damaged bytes through\n", name);
  std::exit(1);
}

std::uint64_t bytes_for(Runner run, double seconds, bool without_copies) {
  const Result trial = run({.bytes = 64u << 20, .without_copies = without_copies});
  return std::max<std::uint64_t>(16u << 20, static_cast<std::uint64_t>(64.0 * (1 << 20) * seconds / trial.seconds));
}

Result median(std::vector<Result> results) {
  std::sort(results.begin(), results.end(), [](const Result& a, const Result& b) { return a.seconds < b.seconds; });
  return results[results.size() / 2];
}

void print_json(const char* name, const Result& r) {
  std::printf(
      "\"%s\":{\"gbit_per_s\":%.3f,\"ns_per_1460\":%.1f,\"ns_per_segment\":%.1f,\"mss\":%u,\"window\":%u,"
      "\"data_segments\":%llu,\"ack_segments\":%llu,\"bytes\":%llu}",
      name, r.gbit_per_s(), r.ns_per_1460(), r.ns_per_segment(), r.mss, r.window,
      static_cast<unsigned long long>(r.data_segments), static_cast<unsigned long long>(r.ack_segments),
      static_cast<unsigned long long>(r.bytes));
}

void print_row(const char* name, const Result& r) {
  std::printf(
      "%-6s %8.2f Gbit/s %8.0f ns per 1460 bytes %8.0f ns per segment   MSS %u, window %u, %.2f ACKs a segment\n", name,
      r.gbit_per_s(), r.ns_per_1460(), r.ns_per_segment(), r.mss, r.window,
      static_cast<double>(r.ack_segments) / static_cast<double>(r.data_segments));
}

void report(const Options& o, const Result& leat, const std::optional<Result>& lwip) {
  if (o.json) {
    std::printf("{");
    print_json("leat", leat);
    std::printf(",");
    if (lwip) print_json("lwip", *lwip);
    else std::printf("\"lwip\":null");
    std::printf("}\n");
    return;
  }
  print_row("Leat", leat);
  if (lwip) {
    print_row("lwIP", *lwip);
    std::printf(
        "Leat needs %.2f of lwIP's time for a byte. lwIP is Debian's package, whose MSS and window are fixed.\n",
        leat.ns_per_1460() / lwip->ns_per_1460());
  } else {
    std::printf("lwIP: not built in; install liblwip-dev and build again for the comparison.\n");
  }
}

int run(const Options& o) {
  std::vector<std::pair<Runner, std::vector<Result>>> sides{{run_leat, {}}};
#ifdef LEAT_HAVE_LWIP
  sides.push_back({run_lwip, {}});
#endif
  std::vector<std::uint64_t> bytes;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    check(i == 0 ? "Leat" : "lwIP", sides[i].first, o.without_copies);
    bytes.push_back(o.bytes > 0 ? o.bytes : bytes_for(sides[i].first, o.seconds / o.rounds, o.without_copies));
  }
  for (unsigned round = 0; round < o.rounds; ++round) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      sides[i].second.push_back(sides[i].first({.bytes = bytes[i], .without_copies = o.without_copies}));
    }
  }
  report(o, median(sides[0].second), sides.size() > 1 ? std::optional(median(sides[1].second)) : std::nullopt);
  return 0;
}

}  // namespace
}  // namespace pipe_bench

int main(int, char** argv) { return pipe_bench::run(pipe_bench::parse(argv)); }
