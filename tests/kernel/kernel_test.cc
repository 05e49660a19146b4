// Leat and the kernel do the same in the same situations: a connection is opened, written to, shut down, closed,
// aborted and reset in every order. Each order is played once on either by drill's players, and what they send is
// compared: flags, numbers, lengths and order.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <set>
#include <vector>

#include "device/testing/in_namespace.h"
#include "drill_kernel/subject.h"
#include "drill_leat/subject.h"
#include "kernel/difference.h"
#include "kernel/order_player.h"
#include "kernel/orders.h"

namespace leat::testing {
namespace {

std::string side_by_side(const std::string& order, const Transcript& ours, const Transcript& theirs) {
  std::string text = order + ": " + in_words(order) + "\n";
  for (std::size_t i = 0; i < order.size(); ++i) {
    text += "  " + in_words({order[i]}) + "\n    Leat:   " + ours[i] + "\n    kernel: " + theirs[i] + "\n";
  }
  return text;
}

/// Options and timers are left out of the comparison: the peer offers no options, and no timer fires within an order.
drill::Settings settings_of(std::size_t order) {
  constexpr std::size_t kFirstPort = 2000;
  return order_settings(static_cast<std::uint16_t>(kFirstPort + order));
}

/// Nothing, or why the kernel cannot be set up here.
std::optional<std::string> set_up(drill::Subject& kernel) {
  const drill::Knob knobs[] = {{"net.ipv4.tcp_timestamps", "0"},
                               {"net.ipv4.tcp_sack", "0"},
                               {"net.ipv4.tcp_early_retrans", "0"},
                               {"net.ipv4.tcp_recovery", "0"},
                               {"net.ipv4.tcp_ecn", "0"},
                               {"net.ipv4.tcp_fastopen", "0"},
                               {"net.ipv4.tcp_no_metrics_save", "1"},
                               {"net.ipv4.tcp_invalid_ratelimit", "60000"}};
  for (const drill::Knob& knob : knobs) {
    if (const auto trouble = kernel.set(knob)) return "sysctl -w " + knob.name + "=" + knob.value + ": " + *trouble;
  }
  if (kernel.run_command("ip route change default dev tun0 src 192.168.217.8 quickack 1 rto_min 60s") != 0) {
    return "`ip route change` fails; is iproute2 installed?";
  }
  kernel.start();
  return std::nullopt;
}

Transcript play_on_leat(const std::string& order, const drill::Settings& settings) {
  auto subject = drill::make_leat_subject(settings);
  EXPECT_TRUE(subject) << subject.error();
  for (const char* name : {"net.ipv4.tcp_timestamps", "net.ipv4.tcp_sack"}) {
    static_cast<void>((*subject)->set({name, "0"}));
  }
  EXPECT_FALSE((*subject)->set({"route.quickack", "1"}));
  (*subject)->start();
  return OrderPlayer(**subject, settings).play(order);
}

/// The title of the difference that explains why the transcripts part; empty when there is none.
std::string explanation(const Parting& parting) {
  for (const Difference& known : known_differences()) {
    if (known.explains(parting)) return known.title;
  }
  return {};
}

void compare_all() {
  auto kernel = drill::make_kernel_subject(settings_of(0));
  if (!kernel) return skip_here(kernel.error());
  if (const auto trouble = set_up(**kernel)) return skip_here(*trouble);
  std::set<std::string> seen;
  int unexplained = 0;
  const std::vector<std::string> orders = all_orders();
  for (std::size_t n = 0; n < orders.size(); ++n) {
    const std::string& order = orders[n];
    const drill::Settings settings = settings_of(n);
    const Transcript ours = play_on_leat(order, settings);
    OrderPlayer player(**kernel, settings);
    const Transcript theirs = player.play(order);
    std::size_t i = 0;
    while (i < order.size() && same(ours[i], theirs[i])) ++i;
    if (i == order.size()) continue;
    const std::string title = explanation({order.substr(0, i), order[i], ours[i], theirs[i]});
    seen.insert(title);
    if (title.empty() && ++unexplained <= 20) ADD_FAILURE() << side_by_side(order, ours, theirs) << player.script();
  }
  EXPECT_EQ(unexplained, 0)
      << "The side that follows the RFC is right; a difference that stays goes into docs/kernel-differences.md";
  for (const Difference& known : known_differences()) {
    EXPECT_TRUE(seen.contains(known.title)) << "\"" << known.title << "\" occurs no more: take it out of the documents";
  }
}

TEST(SameAsTheKernel, InEveryOrder) {
  EXPECT_GE(all_orders().size(), 2000u);
  if (const auto reason = in_namespace(compare_all)) GTEST_SKIP() << *reason;
}

TEST(SameAsTheKernel, EveryDifferenceIsDocumentedAndThereAreFew) {
  std::ifstream in(LEAT_SOURCE_DIR "/docs/kernel-differences.md");
  std::vector<std::string> documented, known;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("### ", 0) == 0) documented.push_back(line.substr(4));
  }
  for (const Difference& d : known_differences()) known.push_back(d.title);
  EXPECT_EQ(documented, known);
  EXPECT_LE(known.size(), 10u);
}

}  // namespace
}  // namespace leat::testing
