// Leat and the kernel do the same in the same situations: whoever opens, writes, shuts down, closes, aborts or resets,
// in every order. Each script is played once by either against the same peer, and what they send is compared: flags,
// numbers, lengths and order.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "device/testing/in_namespace.h"
#include "kernel/difference.h"
#include "kernel/script.h"

namespace leat::testing {
namespace {

std::string side_by_side(const std::string& script, const Transcript& ours, const Transcript& theirs) {
  std::string text = script + ": " + in_words(script) + "\n";
  for (std::size_t i = 0; i < script.size(); ++i) {
    text += "  " + in_words({script[i]}) + "\n    Leat:   " + ours[i] + "\n    kernel: " + theirs[i] + "\n";
  }
  return text;
}

/// The title of the difference that explains why the transcripts part; empty when there is none.
std::string explanation(const Parting& parting) {
  for (const Difference& known : known_differences()) {
    if (known.explains(parting)) return known.title;
  }
  return {};
}

void compare_all() {
  KernelSide kernel;
  if (!kernel.trouble().empty()) return skip_here(kernel.trouble());
  std::set<std::string> seen;
  int unexplained = 0;
  for (const std::string& script : all_scripts()) {
    const Transcript ours = play(*make_leat_subject(), script);
    const Transcript theirs = play(*kernel.make_subject(), script);
    std::size_t i = 0;
    while (i < script.size() && same(ours[i], theirs[i])) ++i;
    if (i == script.size()) continue;
    const std::string title = explanation({script.substr(0, i), script[i], ours[i], theirs[i]});
    seen.insert(title);
    if (title.empty() && ++unexplained <= 20) ADD_FAILURE() << side_by_side(script, ours, theirs);
  }
  EXPECT_EQ(unexplained, 0)
      << "Right is who follows the RFC; a difference that stays goes into docs/kernel-differences.md";
  for (const Difference& known : known_differences()) {
    EXPECT_TRUE(seen.contains(known.title)) << "\"" << known.title << "\" occurs no more: take it out of the documents";
  }
}

TEST(SameAsTheKernel, InEveryOrder) {
  EXPECT_GE(all_scripts().size(), 2000u);
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
