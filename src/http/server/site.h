// Site: what a server shows of the file system: a folder and what lies beneath it, or one file.
//
// Nothing outside is ever opened: the kernel resolves each path beneath the folder (openat2, RESOLVE_BENEATH), so that
// neither dot segments, however they are encoded, nor symbolic links lead out.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/server/listing_pages.h"
#include "http/server/recent_files.h"
#include "leat/expected.h"

namespace leat::http {

/// An open file descriptor, shared by the responses that read it.
class SharedFile {
 public:
  explicit SharedFile(int fd) : fd_(fd) {}
  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct SiteFile {
  std::shared_ptr<const SharedFile> file;   ///< one of the two
  std::shared_ptr<const std::string> text;  ///< its content, if it is kept
  std::uint64_t size = 0;
  std::time_t modified = 0;
  std::string modified_text;  ///< the same as HTTP has it
  std::string tag;            ///< strong entity tag, from time and size
  std::string name;           ///< for the media type
};

struct SiteEntry {
  std::string name;
  bool is_folder = false;
  std::uint64_t size = 0;
};

/// What a path leads to.
struct SiteFolder {
  bool missing_slash = false;      ///< the path does not end with one: redirect
  std::vector<SiteEntry> entries;  ///< without hidden ones, folders first; left empty where there is a page
  ListingPages::Page page;         ///< its listing, if somebody asked for it just now
  std::string key;                 ///< to keep it under
};
struct Found {
  std::shared_ptr<const SiteFile> file;  ///< one of the two
  std::unique_ptr<SiteFolder> folder;
};

class Site {
 public:
  using Clock = std::time_t (*)();
  static std::time_t system_time() { return std::time(nullptr); }
  /// A folder or a regular file. The error is a sentence for the user.
  static expected<Site, std::string> open(const std::string& path, Clock clock = system_time);
  Site(Site&&) noexcept;
  Site& operator=(Site&&) noexcept;
  ~Site();

  /// `path` is decoded, begins with '/', and has no dot segments. The error is a status code.
  expected<Found, unsigned> find(const std::string& path) const;
  /// What find() has looked at before is looked at again: it may have changed.
  void look_again() const { files_->look_again(); }
  ListingPages& pages() const { return *pages_; }

 private:
  Site() = default;
  std::shared_ptr<const SiteFile> recent(const std::string& path) const;
  std::shared_ptr<const SiteFile> describe(int fd, const struct stat& s, const std::string& path) const;

  Clock clock_ = system_time;
  std::shared_ptr<SharedFile> root_;
  std::string only_;  ///< the name of the one file that is shown; empty: all
  std::unique_ptr<ListingPages> pages_ = std::make_unique<ListingPages>();
  std::unique_ptr<RecentFiles> files_ = std::make_unique<RecentFiles>();
};

/// The path of a request's target, decoded and normalised; 400 when it is malformed or leads above the root.
expected<std::string, unsigned> path_of_target(std::string_view target);

}  // namespace leat::http
