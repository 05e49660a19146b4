// What the parts of bench/loss share: cells, pairs, and what a window has counted. See loss.cc for the bench.
//
// One wire, src/runtime/cable.h with an impairment (what `leat wire` is), runs in the lab's middle and joins the near
// and the far network; a cell's windows all pass the same one, whoever sends:
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

/// What the wire does to TCP's frames, each way and each frame for itself. ARP passes unharmed.
struct Cell {
  double rtt = 0;                ///< milliseconds, half of it each way
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

/// Numbers by name: nstat's counters of the source, what a sink has received, what the wire did.
using Figures = std::map<std::string, std::uint64_t>;

struct Window {
  double seconds = 15;
  std::string controller = "cubic";                 ///< of both sides, which have it by the same name
  leat::Polling polling = leat::Polling::adaptive;  ///< Leat's
  std::string capture;                              ///< a file for what passes the source's interface; empty: none
};

// The ends (loss_ends.cc). Each runs in a child and writes its figures to standard output, a name and a number a line;
// 0 when all went well. A sink says "ready" on standard error, takes one connection, and counts what it reads within
// the window, which begins when it has accepted; every byte is compared. A source sends for a little longer.
int kernel_sink(const char* address, double seconds);
int leat_sink(const leat::lab::LeatHost& host, const Window& window);
int kernel_source(const char* from, const char* to, const char* controller, double seconds);
int leat_source(const leat::lab::LeatHost& host, const char* to, const Window& window);
inline constexpr std::uint16_t kPort = 5001;

/// The networks and the wire (loss_path.cc). Whatever goes wrong ends the program.
class Path {
 public:
  Path();
  /// Until the next call all windows pass this wire; gives what the wire before has done.
  Figures set_wire(const Cell& cell, std::uint64_t seed);
  Figures end_wire();
  /// Figures of the source, "bytes" and "longest_gap_us" of the sink.
  Figures run(const Pair& pair, const Window& window);

 private:
  leat::lab::Lab lab_;
  leat::lab::Process wire_;
};

/// Ends the program: 1, or 77 (a skip) where no lab is possible.
[[noreturn]] void fail(const std::string& what, int status = 1);

}  // namespace loss_bench
