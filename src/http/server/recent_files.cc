#include "http/server/recent_files.h"

#include <algorithm>
#include <utility>

namespace leat::http {
namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_mode == b.st_mode && a.st_size == b.st_size &&
         same(a.st_mtim, b.st_mtim) && same(a.st_ctim, b.st_ctim);
}

}  // namespace

RecentFiles::File RecentFiles::find(const std::string& path, const std::function<bool(struct stat&)>& look) {
  const auto at = kept_.find(path);
  if (at == kept_.end()) return nullptr;
  Kept& kept = at->second;
  kept.used = ++uses_;
  if (std::exchange(kept.looked, turn_) == turn_) return kept.file;
  struct stat s {};
  if (look(s) && same(kept.stat, s)) return kept.file;
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
