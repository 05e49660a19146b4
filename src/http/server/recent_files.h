// RecentFiles: the contents of small files that were asked for lately, so that asking again costs one look at the
// file's times and no opening, reading and closing; requests that arrive together share the look. A Site has one, for a
// single thread.
//
// What is kept is given out only while the path leads to the same file with the same times and size. A file that
// changed within the last seconds is not kept: it could change again and show the same times, which have the
// resolution of the kernel's clock tick, or of two seconds on old file systems. Who writes through a mapping changes
// the times at the first write only; and a folder above that becomes a link elsewhere is not noticed while it leads to
// the very file that was found inside.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace leat::http {

struct SiteFile;

/// The same file, and nothing says that it has changed.
bool is_unchanged(const struct stat& before, const struct stat& now);

class RecentFiles {
 public:
  static constexpr std::size_t kLargest = std::size_t{16} << 10;  ///< bytes of a file
  static constexpr std::size_t kMost = 256;                       ///< files
  static constexpr std::time_t kSettled = 3;                      ///< seconds since it last changed

  using File = std::shared_ptr<const SiteFile>;

  /// What was kept for `path`, if that leads to the same still; else none. `look` fills in what it leads to now, false:
  /// nothing; it is asked once after each look_again().
  File find(const std::string& path, const std::function<bool(struct stat&)>& look);
  void look_again() { ++turn_; }
  bool knows(const std::string& path) const { return kept_.count(path) != 0; }
  /// True when `s` may be kept at the time `now`.
  static bool may_keep(const struct stat& s, std::time_t now);
  void keep(const std::string& path, const struct stat& s, File file);

 private:
  struct Kept {
    struct stat stat;
    File file;
    std::uint64_t looked = 0;  ///< in which turn
    std::uint64_t used = 0;    ///< the higher, the later
  };
  std::unordered_map<std::string, Kept> kept_;
  std::uint64_t turn_ = 0, uses_ = 0;
};

}  // namespace leat::http
