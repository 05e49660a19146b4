#include "http/server/recent_files.h"

#include <algorithm>
#include <utility>

namespace leat::http {
namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

bool is_unchanged(const struct stat& before, const struct stat& now) {
  return before.st_dev == now.st_dev && before.st_ino == now.st_ino && before.st_mode == now.st_mode &&
         before.st_size == now.st_size && same(before.st_mtim, now.st_mtim) && same(before.st_ctim, now.st_ctim);
}

RecentFiles::File RecentFiles::find(const std::string& path, const std::function<bool(struct stat&)>& look) {
  const auto at = kept_.find(path);
  if (at == kept_.end()) return nullptr;
  Kept& kept = at->second;
  kept.used = ++uses_;
  if (std::exchange(kept.looked, turn_) == turn_) return kept.file;
  struct stat s {};
  if (look(s) && is_unchanged(kept.stat, s)) return kept.file;
  kept_.erase(at);
  return nullptr;
}

bool RecentFiles::may_keep(const struct stat& s, std::time_t now) {
  return S_ISREG(s.st_mode) && s.st_size >= 0 && static_cast<std::size_t>(s.st_size) <= kLargest &&
         now - std::max(s.st_ctim.tv_sec, s.st_mtim.tv_sec) > kSettled;
}

void RecentFiles::keep(const std::string& path, const struct stat& s, File file) {
  if (kept_.size() >= kMost && !knows(path)) {
    kept_.erase(std::min_element(kept_.begin(), kept_.end(),
                                 [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  kept_.insert_or_assign(path, Kept{s, std::move(file), turn_, ++uses_});
}

}  // namespace leat::http
