#include "http/server/site.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <tuple>

#include "http/date.h"
#include "http/server/status.h"

namespace leat::http {
namespace {

constexpr std::size_t kMostEntries = 10'000;

unsigned status_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return kForbidden;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return kUnavailable;
    case EIO: return kServerError;
    default:
      return kNotFound;  // ENOENT, ENOTDIR, ENAMETOOLONG; ELOOP and EXDEV: a way out, which does not exist for a client
  }
}

/// Never waits, not even for a pipe's other end.
int open_beneath(int root, const std::string& path, std::uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

std::string tag_of(const struct stat& s) {
  std::array<char, 80> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "\"%llx-%lx-%llx\"", static_cast<unsigned long long>(s.st_mtim.tv_sec),
                    static_cast<unsigned long>(s.st_mtim.tv_nsec), static_cast<unsigned long long>(s.st_size));
  return {text.data(), static_cast<std::size_t>(length)};
}

/// The whole of a file that is as `s` says; nothing when it has changed meanwhile.
std::shared_ptr<const std::string> content_of(int fd, const struct stat& s) {
  auto text = std::make_shared<std::string>(static_cast<std::size_t>(s.st_size), '\0');
  struct stat after {};
  const bool whole = ::pread(fd, text->data(), text->size(), 0) == static_cast<ssize_t>(s.st_size);
  return whole && ::fstat(fd, &after) == 0 && is_unchanged(s, after) ? text : nullptr;
}

/// What a name in a folder stands for; false when that is nothing, or outside.
bool stat_beneath(int root, const std::string& path, struct stat& s) {
  const int fd = open_beneath(root, path, O_PATH);
  const bool found = fd >= 0 && ::fstat(fd, &s) == 0;
  if (fd >= 0) ::close(fd);
  return found;
}

/// `path` is that of the folder, from the root, with a slash at the end (or empty).
std::unique_ptr<SiteFolder> list(int root, const std::string& path, int folder) {
  auto result = std::make_unique<SiteFolder>();
  const int fd = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // its own: closed with the DIR
  DIR* dir = fd < 0 ? nullptr : ::fdopendir(fd);
  if (dir == nullptr) {
    if (fd >= 0) ::close(fd);
    return result;
  }
  while (const dirent* entry = ::readdir(dir)) {
    struct stat s {};
    if (entry->d_name[0] == '.' || ::fstatat(fd, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISLNK(s.st_mode) && !stat_beneath(root, path + entry->d_name, s)) continue;
    if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) continue;
    result->entries.push_back({entry->d_name, S_ISDIR(s.st_mode), static_cast<std::uint64_t>(s.st_size)});
    if (result->entries.size() == kMostEntries) break;
  }
  ::closedir(dir);
  std::sort(result->entries.begin(), result->entries.end(), [](const SiteEntry& a, const SiteEntry& b) {
    return std::tuple(!a.is_folder, std::string_view(a.name)) < std::tuple(!b.is_folder, std::string_view(b.name));
  });
  return result;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Percent-decoded; nothing when it is malformed or holds a NUL.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

SharedFile::~SharedFile() {
  if (fd_ >= 0) ::close(fd_);
}

Site::Site(Site&&) noexcept = default;
Site& Site::operator=(Site&&) noexcept = default;
Site::~Site() = default;

expected<Site, std::string> Site::open(const std::string& path, Clock clock) {
  const auto failed = [&](int error) { return unexpected(path + ": " + std::strerror(error)); };
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return failed(errno);
  if (!S_ISDIR(s.st_mode) && !S_ISREG(s.st_mode)) return unexpected(path + ": neither a folder nor a file");
  Site site;
  site.clock_ = clock;
  // The user may name a symbolic link; clients may not follow one out of where it leads.
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
  if (!real) return failed(errno);
  std::string folder = real.get();
  if (S_ISREG(s.st_mode)) {
    if (::access(path.c_str(), R_OK) != 0) return failed(errno);
    const std::size_t slash = folder.rfind('/');
    site.only_ = folder.substr(slash + 1);
    folder.resize(std::max<std::size_t>(slash, 1));
  }
  const int fd = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed(errno);
  site.root_ = std::make_shared<SharedFile>(fd);
  const int probe = open_beneath(fd, ".");
  if (probe < 0 && errno == ENOSYS) return unexpected(std::string("this kernel has no openat2 (Linux 5.6)"));
  if (probe >= 0) ::close(probe);
  return site;
}

/// What `path` led to when it was last asked for, if that has not changed.
std::shared_ptr<const SiteFile> Site::recent(const std::string& path) const {
  return files_->find(path, [&](struct stat& s) { return ::fstatat(root_->fd(), path.c_str(), &s, 0) == 0; });
}

std::shared_ptr<const SiteFile> Site::describe(int fd, const struct stat& s, const std::string& path) const {
  auto opened = std::make_shared<const SharedFile>(fd);
  auto found = std::make_shared<SiteFile>();
  const std::time_t now = clock_();
  found->size = static_cast<std::uint64_t>(s.st_size);
  // RFC 9110 §8.8.2.1: never later than the answer, whatever the file system says.
  found->modified = std::min(s.st_mtim.tv_sec, now);
  found->modified_text = date_text(found->modified);
  found->tag = tag_of(s);
  found->name = path;
  if (RecentFiles::may_keep(s, now)) found->text = content_of(fd, s);
  if (found->text) {
    files_->keep(path, s, found);
  } else {
    found->file = std::move(opened);
  }
  return found;
}

expected<Found, unsigned> Site::find(const std::string& path) const {
  std::string relative = path.substr(1);
  if (!only_.empty()) {
    if (!relative.empty() && relative != only_) return unexpected(kNotFound);
    relative = only_;
  }
  const bool slash = relative.empty() || relative.back() == '/';
  const std::string page = slash ? relative + "index.html" : relative;
  Found found;
  if ((found.file = recent(page))) return found;
  const int fd = open_beneath(root_->fd(), relative.empty() ? "." : relative);
  if (fd < 0) return unexpected(status_of(errno));
  struct stat s {};
  if (::fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && !slash) {
    found.file = describe(fd, s, page);
    return found;
  }
  const SharedFile folder(fd);
  if (S_ISREG(s.st_mode)) return unexpected(kNotFound);
  if (!S_ISDIR(s.st_mode)) return unexpected(kForbidden);
  if (!slash) {
    found.folder = std::make_unique<SiteFolder>();
    found.folder->missing_slash = true;
    return found;
  }
  // A file's size may change without the folder's time: after a second a listing is old in any case.
  const std::string key = relative + '\0' + tag_of(s) + std::to_string(clock_());
  if (const int index = open_beneath(root_->fd(), page); index >= 0) {
    if (::fstat(index, &s) == 0 && S_ISREG(s.st_mode)) {
      found.file = describe(index, s, page);
      return found;
    }
    ::close(index);
  }
  if (ListingPages::Page listing = pages_->find(key)) {
    found.folder = std::make_unique<SiteFolder>();
    found.folder->page = std::move(listing);
    return found;
  }
  found.folder = list(root_->fd(), relative, folder.fd());
  found.folder->key = key;
  return found;
}

expected<std::string, unsigned> path_of_target(std::string_view target) {
  // Absolute form (RFC 9112 §3.2.2): what comes before the path names us.
  if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && target[0] != '/') {
    const std::size_t path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  target = target.substr(0, target.find_first_of("?#"));
  if (target.empty() || target[0] != '/') return unexpected(kBadRequest);
  const std::optional<std::string> decoded = decode(target);
  if (!decoded) return unexpected(kBadRequest);
  std::vector<std::string_view> kept;
  std::string_view rest(*decoded);
  bool folder = false;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (kept.empty()) return unexpected(kBadRequest);
      kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string path;
  for (const std::string_view segment : kept) path += "/" + std::string(segment);
  if (folder || path.empty()) path += "/";
  return path;
}

}  // namespace leat::http
