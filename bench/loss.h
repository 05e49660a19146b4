// Types that the parts of bench/loss share: cells, pairs and the counts of a window. loss.cc describes the bench.
//
// One wire, src/runtime/cable.h with an impairment as in `leat wire`, runs in the middle of the lab and joins the
// networks near and far. All windows of a cell pass the same wire:
//
//    near                          middle                    far
//   +--------------------+      +--------------------+     +---------------------+
//   | kernel  10.77.1.3  | veth | mid_near  mid_far  | veth| kernel  10.77.1.200 |
//   | Leat    10.77.1.2  +------+      -- wire --     +-----+                     |
//   |   by packet:near0  |      | 1 Gbit/s, loss ... |     |                     |
//   +--------------------+      +--------------------+     +---------------------+
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "lab/lab.h"
#include "leat/polling.h"

namespace loss_bench {

/// The faults of the wire for each TCP frame in each direction. ARP passes unharmed.
struct Cell {
  double rtt = 0;                ///< milliseconds, half in each direction
  double loss = 0, reorder = 0;  ///< per cent
  std::string name() const;
};

enum class End : std::uint8_t { kernel, leat };
struct Pair {
  End source, sink;
  const char* name;
};
inline constexpr Pair kPairs[] = {{End::kernel, End::kernel, "kernel>kernel"},
                                  {End::leat, End::kernel, "leat>kernel"},
                                  {End::kernel, End::leat, "kernel>leat"}};

/// Numbers by name: the nstat counters of the source, the results of the sink, the counters of the wire.
using Figures = std::map<std::string, std::uint64_t>;

struct Window {
  double seconds = 15;
  std::string controller = "cubic";                 ///< of both sides, under the same name
  leat::Polling polling = leat::Polling::adaptive;  ///< polling of Leat
  std::string capture;                              ///< file for a capture at the source; empty: none
};

// The ends (loss_ends.cc). Each runs in a child, writes its figures to standard output, one name and number per line,
// and returns 0 for success. A sink writes "ready" to standard error, accepts one connection, and counts the bytes of
// the window, which begins with the acceptance. It compares each byte. A source sends a little longer than the window.
int kernel_sink(const char* address, double seconds);
int leat_sink(const leat::lab::LeatHost& host, const Window& window);
int kernel_source(const char* from, const char* to, const char* controller, double seconds);
int leat_source(const leat::lab::LeatHost& host, const char* to, const Window& window);
inline constexpr std::uint16_t kPort = 5001;

/// The networks and the wire (loss_path.cc). A failure ends the program.
class Path {
 public:
  Path();
  /// Replaces the wire for the next windows. Returns the counters of the previous wire.
  Figures set_wire(const Cell& cell, std::uint64_t seed);
  Figures end_wire();
  /// Runs a window. Returns the figures of the source, and "bytes" and "longest_gap_us" of the sink.
  Figures run(const Pair& pair, const Window& window);

 private:
  leat::lab::Lab lab_;
  leat::lab::Process wire_;
};

/// Ends the program with 1, or with 77 (a skip) if a lab is impossible here.
[[noreturn]] void fail(const std::string& what, int status = 1);

}  // namespace loss_bench
