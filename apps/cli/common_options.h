// Options that commands with a host of their own share with those without one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "leat/impairment.h"
#include "leat/time.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace leat::command {

/// --impair. `directions` says what in: and out: mean to this command.
CLI::Option* add_impair_option(CLI::App& command, std::vector<Impairment>& impairments, const std::string& directions);

struct StatsOption {
  bool wanted = false;               ///< print statistics at the end
  std::optional<Duration> interval;  ///< and at this interval
  std::string text;                  ///< as typed
};
/// --stats[=INTERVAL]. `what` is printed.
CLI::Option* add_stats_option(CLI::App& command, StatsOption& stats, const std::string& what);

}  // namespace leat::command
