#include "cli/suggest.h"

#include <algorithm>

namespace leat::command {
namespace {

std::string_view without_dashes(std::string_view word) {
  word.remove_prefix(std::min(word.size(), word.find_first_not_of('-')));
  return word;
}

/// Damerau's distance, adjacent swaps only.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestWord = 64;
  word = without_dashes(word.substr(0, word.find('=')));
  if (word.size() < 2 || word.size() > kLongestWord) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t least = 0;
  for (const std::string& candidate : candidates) {
    const std::string_view bare = without_dashes(candidate);
    if (bare.size() < 2) continue;
    // Someone who stops early means the word that goes on.
    const bool begins = word.size() >= 3 && bare.substr(0, word.size()) == word;
    const std::size_t d = begins ? 1 : distance(word, bare);
    if (d <= std::max<std::size_t>(1, std::min(word.size(), bare.size()) / 3) && (best == nullptr || d < least)) {
      best = &candidate;
      least = d;
    }
  }
  return best ? std::optional(*best) : std::nullopt;
}

}  // namespace leat::command
