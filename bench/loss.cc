// bench/loss: the goodput of Leat and of the kernel's TCP over the same faulty wire, in the same minutes. A cell is a
// round-trip time, a loss and a reordering at 1 Gbit/s. In each cell three pairs take turns: kernel to kernel, Leat to
// kernel, kernel to Leat. A window is one connection, measured from its acceptance. The medians of the windows are
// compared.
//
//   loss [--cells RTT:LOSS[:REORDER],...] [--seconds N] [--runs N] [--json FILE] [--why] [--goal CELL,MEDIAN]
//        [--controller NAME] [--poll MODE] [--seed N] [--pcap FOLDER]
//
// RTT is in milliseconds, LOSS and REORDER are in per cent. --why adds the TCP counters of the sources. The exit status
// is 1 if the ratio of a cell is below the first number of the goal, or the median of all ratios is below its second.
// docs/bench.md says more.
#include "loss.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "tcp/congestion/registry.h"

namespace loss_bench {
namespace {

constexpr std::size_t kPairCount = std::size(kPairs);

struct Options {
  std::vector<Cell> cells;
  Window window;
  unsigned runs = 5;
  std::uint64_t seed = 1;
  std::string json, captures;
  bool why = false, has_precedence = false;
  double cell_goal = 0.95, median_goal = 1;
};

/// The windows of a cell.
struct Measured {
  Cell cell;
  std::array<std::vector<Figures>, kPairCount> windows;
  Figures wire;
  double load = 0;  ///< load of the machine in the last minute of the cell
};

// ---- options

constexpr const char* kUsage =
    "usage: loss [--cells RTT:LOSS[:REORDER],...] [--seconds N] [--runs N] [--json FILE] [--why] [--goal CELL,MEDIAN]\n"
    "            [--controller NAME] [--poll MODE] [--seed N] [--pcap FOLDER]\n";

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "loss: %s\n%s", what.c_str(), kUsage);
  std::exit(2);
}

/// Reads numbers with `separator` between them.
std::vector<double> numbers(std::string_view text, char separator) {
  std::vector<double> values;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    double value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + end, value);
    if (error != std::errc{} || at != text.data() + end || value < 0) refuse("no number: " + std::string(text));
    values.push_back(value);
    if (end == text.size()) return values;
    text.remove_prefix(end + 1);
  }
}

std::vector<Cell> parse_cells(std::string_view text) {
  std::vector<Cell> cells;
  for (;;) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::vector<double> n = numbers(text.substr(0, end), ':');
    if (n.size() < 2 || n.size() > 3 || n[0] <= 0) refuse("a cell is RTT:LOSS or RTT:LOSS:REORDER");
    cells.push_back({n[0], n[1], n.size() == 3 ? n[2] : 5});
    if (end == text.size()) return cells;
    text.remove_prefix(end + 1);
  }
}

std::vector<Cell> all_cells() {
  std::vector<Cell> cells;
  for (const double rtt : {0.2, 20.0, 100.0}) {
    for (const double loss : {0.1, 1.0, 3.0, 10.0}) cells.push_back({rtt, loss, 5});
  }
  return cells;
}

Options parse(char** argv) {
  Options o;
  o.cells = all_cells();
  for (++argv; *argv != nullptr; ++argv) {
    const std::string_view name = *argv;
    if (name == "--help") std::fputs(kUsage, stdout), std::exit(0);
    if (name == "--why") {
      o.why = true;
      continue;
    }
    if (*++argv == nullptr) refuse(std::string(name) + " needs a value");
    const std::string_view value = *argv;
    if (name == "--cells") o.cells = parse_cells(value);
    else if (name == "--seconds") o.window.seconds = numbers(value, ',')[0];
    else if (name == "--runs") o.runs = static_cast<unsigned>(std::max(numbers(value, ',')[0], 1.0));
    else if (name == "--seed") o.seed = static_cast<std::uint64_t>(numbers(value, ',')[0]);
    else if (name == "--json") o.json = value;
    else if (name == "--pcap") o.captures = value;
    else if (name == "--controller") {
      o.window.controller = value;
      if (!leat::is_controller(value)) refuse("Leat has no congestion control " + o.window.controller);
    } else if (name == "--poll") {
      const auto polling = leat::parse_polling(value);
      if (!polling) refuse("--poll is adaptive, busy or sleep");
      o.window.polling = *polling;
    } else if (name == "--goal") {
      const std::vector<double> goals = numbers(value, ',');
      if (goals.size() != 2) refuse("a goal is CELL,MEDIAN");
      o.cell_goal = goals[0], o.median_goal = goals[1];
    } else refuse("unknown option " + std::string(name));
  }
  return o;
}

// ---- measuring

/// Raises the priority, which all child processes inherit. A wire or an end that waits for a CPU would be another path
/// than the cell describes.
bool take_precedence() {
  const sched_param first{.sched_priority = 1};
  return ::sched_setscheduler(0, SCHED_RR, &first) == 0;
}

double load_now() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

Measured measure(Path& path, const Cell& cell, const Options& options) {
  Measured measured{.cell = cell, .windows = {}, .wire = {}, .load = 0};
  path.set_wire(cell, options.seed);
  for (unsigned run = 0; run < options.runs; ++run) {
    for (std::size_t turn = 0; turn < kPairCount; ++turn) {
      const std::size_t i = (run + turn) % kPairCount;  // so that each pair is sometimes the first
      Window window = options.window;
      if (!options.captures.empty()) {
        char name[96];
        std::snprintf(name, sizeof name, "/%gms-%g%%-%s-%u.pcap", cell.rtt, cell.loss, kPairs[i].name, run);
        std::replace(std::begin(name), std::end(name), '>', '-');
        window.capture = options.captures + name;
      }
      measured.windows[i].push_back(path.run(kPairs[i], window));
    }
  }
  measured.wire = path.end_wire();
  measured.load = load_now();
  return measured;
}

// ---- output

std::vector<double> megabits(const std::vector<Figures>& windows, double seconds) {
  std::vector<double> values;
  for (const Figures& w : windows) values.push_back(static_cast<double>(w.at("bytes")) * 8 / seconds / 1e6);
  return values;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// The ratio of a pair to kernel to kernel.
double ratio(const Measured& m, std::size_t pair, double seconds) {
  return median(megabits(m.windows[pair], seconds)) / median(megabits(m.windows[0], seconds));
}

void print_row(const Measured& m, double seconds) {
  std::printf("%6g %5g %8g", m.cell.rtt, m.cell.loss, m.cell.reorder);
  for (std::size_t i = 0; i < kPairCount; ++i) {
    const std::vector<double> values = megabits(m.windows[i], seconds);
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    std::printf("  %8.2f (%8.2f .. %8.2f)", median(values), *least, *most);
    if (i > 0) std::printf(" %5.2fx", ratio(m, i, seconds));
  }
  std::printf("  %4.1f\n", m.load);
  if (const std::uint64_t own = m.wire.at("overruns") + m.wire.at("out_refused") + m.wire.at("back_refused"); own > 0) {
    std::printf("       the wire itself could not keep up with %llu frames\n", static_cast<unsigned long long>(own));
  }
  std::fflush(stdout);
}

void print_heading(const Options& o) {
  std::printf("%g s windows, %u of each; Mbit/s, median and spread; 1 Gbit/s, %s%s\n", o.window.seconds, o.runs,
              o.window.controller.c_str(), o.has_precedence ? "" : "; no real-time priority, so others' load counts");
  std::printf("rtt ms loss%% reorder%%  %-30s  %-36s  %-36s  load\n", kPairs[0].name, kPairs[1].name, kPairs[2].name);
}

/// The mean over the windows of the counters of loss recovery.
void print_why(const Measured& m) {
  static constexpr const char* kTelling[] = {"TcpOutSegs",
                                             "TcpRetransSegs",
                                             "TcpExtTCPTimeouts",
                                             "TcpExtTCPFastRetrans",
                                             "TcpExtTCPLossProbes",
                                             "TcpExtTCPLostRetransmit",
                                             "TcpExtTCPSlowStartRetrans",
                                             "TcpExtTCPSackRecovery",
                                             "TcpExtTCPRenoRecovery",
                                             "TcpExtTCPDSACKRecv",
                                             "TcpExtTCPDSACKUndo",
                                             "TcpExtTCPFullUndo",
                                             "TcpExtTCPPartialUndo",
                                             "longest_gap_us"};
  for (std::size_t i = 0; i < kPairCount; ++i) {
    std::printf("       %s:", kPairs[i].name);
    for (const char* name : kTelling) {
      std::uint64_t sum = 0;
      for (const Figures& w : m.windows[i]) sum += w.count(name) != 0 ? w.at(name) : 0;
      const std::string_view shown =
          std::string_view(name).substr(std::string_view(name).rfind("TcpExt", 0) == 0 ? 6 : 0);
      if (sum > 0) {
        std::printf(" %.*s %llu", static_cast<int>(shown.size()), shown.data(),
                    static_cast<unsigned long long>(sum / m.windows[i].size()));
      }
    }
    std::puts("");
  }
  std::fflush(stdout);
}

// ---- JSON

void write_figures(std::ofstream& out, const Figures& figures) {
  const char* comma = "{";
  for (const auto& [name, value] : figures) out << comma << '"' << name << "\": " << value, comma = ", ";
  out << (figures.empty() ? "{}" : "}");
}

void write_json(const Options& o, const std::vector<Measured>& all) {
  std::ofstream out(o.json);
  out << "{\"seconds\": " << o.window.seconds << ", \"real_time\": " << (o.has_precedence ? "true" : "false")
      << ", \"runs\": " << o.runs << ", \"rate_mbit\": 1000"
      << ", \"controller\": \"" << o.window.controller << "\", \"cells\": [";
  for (const Measured& m : all) {
    out << (&m == &all.front() ? "\n" : ",\n") << "{\"rtt_ms\": " << m.cell.rtt << ", \"loss\": " << m.cell.loss
        << ", \"reorder\": " << m.cell.reorder << ", \"load\": " << m.load << ", \"wire\": ";
    write_figures(out, m.wire);
    out << ", \"pairs\": {";
    for (std::size_t i = 0; i < kPairCount; ++i) {
      out << (i == 0 ? "\n  \"" : ",\n  \"") << kPairs[i].name
          << "\": {\"mbit\": " << median(megabits(m.windows[i], o.window.seconds))
          << ", \"ratio\": " << ratio(m, i, o.window.seconds) << ", \"windows\": [";
      for (const Figures& w : m.windows[i]) {
        if (&w != &m.windows[i].front()) out << ",\n    ";
        write_figures(out, w);
      }
      out << "]}";
    }
    out << "}}";
  }
  out << "]}\n";
  if (!out.flush()) fail("cannot write " + o.json);
}

int run(Options options) {
  options.has_precedence = take_precedence();
  Path path;
  print_heading(options);
  std::vector<Measured> all;
  std::vector<double> ratios;
  for (const Cell& cell : options.cells) {
    all.push_back(measure(path, cell, options));
    print_row(all.back(), options.window.seconds);
    if (options.why) print_why(all.back());
    for (std::size_t i = 1; i < kPairCount; ++i) ratios.push_back(ratio(all.back(), i, options.window.seconds));
    if (!options.json.empty()) write_json(options, all);
  }
  const double least = *std::min_element(ratios.begin(), ratios.end()), middle = median(ratios);
  const bool reached = least >= options.cell_goal && middle >= options.median_goal;
  std::printf("ratios: least %.2f, median %.2f; the goal, %.2f and %.2f, is %s\n", least, middle, options.cell_goal,
              options.median_goal, reached ? "reached" : "not reached");
  return reached ? 0 : 1;
}

}  // namespace
}  // namespace loss_bench

int main(int, char** argv) { return loss_bench::run(loss_bench::parse(argv)); }
