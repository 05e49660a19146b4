#include "cli/common_options.h"

#include <utility>

#include "cli/units.h"
#include "cli/value_option.h"

namespace leat::command {

CLI::Option* add_impair_option(CLI::App& command, std::vector<Impairment>& impairments, const std::string& directions) {
  return add_value(
      command, "--impair", "WHAT",
      "Make the link faulty. WHAT is a list of NAME=VALUE with commas between them, such as loss=5%,delay=20ms; its "
      "names are loss, burst, delay, jitter, reorder, duplicate, corrupt, rate, queue, match and seed, which "
      "docs/emulator.md defines. With in: or out: in front it concerns one direction: " +
          directions + " May be repeated: frames pass one after the other.",
      [](std::string_view text) { return Impairment::parse(text); },
      [&impairments](const Impairment& i) { impairments.push_back(i); }, true);
}

CLI::Option* add_stats_option(CLI::App& command, StatsOption& stats, const std::string& what) {
  // A flag, so that "--stats URL" does not take the URL for an interval.
  return command
      .add_flag(
          "--stats", stats.text,
          "Print " + what + " to standard error at the end, and at every INTERVAL (such as 1s), when one is given.")
      ->each([&stats](const std::string& text) {
        stats.wanted = true;
        if (text == "true") return;
        auto interval = parse_duration(text, std::chrono::hours(24));
        if (!interval) throw CLI::ValidationError("--stats", interval.error());
        stats.interval = *interval;
      })
      ->type_name("[=INTERVAL]");
}

}  // namespace leat::command
