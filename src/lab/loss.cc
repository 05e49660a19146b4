#include "lab/loss.h"

#include <cmath>
#include <cstdlib>
#include <string_view>

namespace leat::lab {
namespace {

constexpr const char* kRules = R"(
table ip leat_lab {
  counter seen_out { }
  counter lost_out { }
  counter seen_back { }
  counter lost_back { }
  counter super_segments { }
  chain lose_out { }
  chain lose_back { }
  chain near_traffic {
    meta length > 1500 counter name super_segments
    iifname "mid_near" counter name seen_out jump lose_out
    oifname "mid_near" counter name seen_back jump lose_back
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "mid_near" jump near_traffic
    oifname "mid_near" jump near_traffic
  }
}
)";

std::string loss_rule(const char* chain, const char* counter, double percent) {
  const long per_million = std::lround(percent * 10000);
  std::string text = std::string("flush chain ip leat_lab ") + chain + "\n";
  if (per_million <= 0) return text;
  text += std::string("add rule ip leat_lab ") + chain + " ";
  if (per_million < 1'000'000) text += "numgen random mod 1000000 < " + std::to_string(per_million) + " ";
  return text + "counter name " + counter + " drop\n";
}

expected<void, LabError> run_nft(const Lab& lab, const std::string& orders) {
  SpawnOptions options;
  options.input_text = orders;
  auto done = lab.run_tool(kMiddle, {"nft", "-f", "-"}, options);
  if (!done) return unexpected(std::move(done.error()));
  return {};
}

/// Reads a counter from the output of nft: "counter NAME {" and, on the next line, "packets N bytes M".
std::uint64_t packets_of(const std::string& listing, const std::string& counter) {
  constexpr std::string_view kPackets = "packets ";
  const std::size_t name = listing.find("counter " + counter + " {");
  const std::size_t value = name == std::string::npos ? name : listing.find(kPackets, name);
  return value == std::string::npos ? 0 : std::strtoull(listing.c_str() + value + kPackets.size(), nullptr, 10);
}

/// exp(-21) is less than one in a billion.
bool is_missing(double percent, std::uint64_t seen, std::uint64_t lost) {
  return lost == 0 && percent / 100 * static_cast<double>(seen) > 21;
}

}  // namespace

bool loss_is_missing(const Loss& loss, const MiddleCounters& counters) {
  return is_missing(loss.out, counters.seen_out, counters.lost_out) ||
         is_missing(loss.back, counters.seen_back, counters.lost_back);
}

expected<void, LabError> install_rules(const Lab& lab) { return run_nft(lab, kRules); }

expected<void, LabError> apply_loss(const Lab& lab, Loss loss) {
  return run_nft(lab, loss_rule("lose_out", "lost_out", loss.out) + loss_rule("lose_back", "lost_back", loss.back));
}

expected<MiddleCounters, LabError> read_counters(const Lab& lab) {
  auto listing = lab.run_tool(kMiddle, {"nft", "list", "counters", "table", "ip", "leat_lab"});
  if (!listing) return unexpected(std::move(listing.error()));
  return parse_counters(*listing);
}

MiddleCounters parse_counters(const std::string& listing) {
  MiddleCounters counters;
  counters.seen_out = packets_of(listing, "seen_out");
  counters.lost_out = packets_of(listing, "lost_out");
  counters.seen_back = packets_of(listing, "seen_back");
  counters.lost_back = packets_of(listing, "lost_back");
  counters.super_segments = packets_of(listing, "super_segments");
  return counters;
}

}  // namespace leat::lab
