#include "http/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace leat::http {
namespace {

constexpr const char* kValidatorAttribute = "user.leat.validator";
constexpr std::size_t kLongestValidator = 512;

/// The size of a regular file that holds something.
std::optional<std::uint64_t> size_of(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) return std::nullopt;
  return static_cast<std::uint64_t>(facts.st_size);
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace

PartialFile::~PartialFile() {
  if (fd_ < 0) return;
  struct stat facts {};
  const bool empty = !special_ && ::fstat(fd_, &facts) == 0 && facts.st_size == 0;
  if (empty) ::unlink(part().c_str());
  ::close(fd_);
}

FileResult PartialFile::fail(const std::string& what, const std::string& path) const {
  return unexpected(what + " " + path + ": " + std::strerror(errno));
}

std::optional<Leftover> PartialFile::leftover() const {
  const std::string target = resolved(name_);
  const std::string part = target + ".part";
  if (const auto size = size_of(part)) {
    std::array<char, kLongestValidator> value{};
    const ssize_t n = ::lgetxattr(part.c_str(), kValidatorAttribute, value.data(), value.size());
    return Leftover{*size, n > 0 ? std::string(value.data(), static_cast<std::size_t>(n)) : std::string(), false};
  }
  if (const auto size = size_of(target)) return Leftover{*size, {}, true};
  return std::nullopt;
}

FileResult PartialFile::find_target() {
  struct stat facts {};
  target_ = name_;
  special_ = false;
  mode_.reset();
  if (::stat(name_.c_str(), &facts) != 0) {
    if (errno != ENOENT) return fail("cannot open", name_);
    if (::lstat(name_.c_str(), &facts) == 0) return fail("cannot follow the link", name_);
    return {};
  }
  if (S_ISDIR(facts.st_mode)) {
    errno = EISDIR;
    return fail("cannot write to", name_);
  }
  special_ = !S_ISREG(facts.st_mode);
  target_ = resolved(name_);
  mode_ = facts.st_mode & 0777u;
  return {};
}

FileResult PartialFile::open_part() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (auto ok = find_target(); !ok) return ok;
  if (special_) {
    fd_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd_ < 0 ? fail("cannot open", name_) : FileResult{};
  }
  // Another process may rename its NAME.part between our open and our lock: then it is not NAME.part any more.
  for (int attempt = 0; attempt < 5; ++attempt) {
    const int fd = ::open(part().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (fd < 0) return fail("cannot open", part());
    struct stat opened {
    }, named{};
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return unexpected("another transfer is writing " + part());
    }
    if (::fstat(fd, &opened) == 0 && !S_ISREG(opened.st_mode)) {
      ::close(fd);
      return unexpected(part() + " is not a regular file");
    }
    if (::lstat(part().c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
      fd_ = fd;
      return {};
    }
    ::close(fd);
  }
  return unexpected("another transfer is writing " + part());
}

FileResult PartialFile::start() {
  if (auto ok = open_part(); !ok) return ok;
  if (!special_ && ::ftruncate(fd_, 0) != 0) return fail("cannot empty", part());
  remember({});
  return {};
}

FileResult PartialFile::resume(const Leftover& from) {
  if (auto ok = open_part(); !ok) return ok;
  if (from.complete_name) return copy_from_name(from.size);
  const off_t end = ::lseek(fd_, 0, SEEK_END);
  if (end < 0) return fail("cannot seek in", part());
  if (static_cast<std::uint64_t>(end) != from.size) return unexpected(part() + " has changed meanwhile");
  return {};
}

FileResult PartialFile::copy_from_name(std::uint64_t size) {
  if (::ftruncate(fd_, 0) != 0) return fail("cannot empty", part());
  remember({});
  const int source = ::open(target_.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return fail("cannot open", target_);
  const std::unique_ptr<const int, void (*)(const int*)> closer(&source, [](const int* fd) { ::close(*fd); });
  std::vector<std::uint8_t> block(256 * 1024);
  std::uint64_t copied = 0;
  for (;;) {
    const ssize_t n = ::read(source, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("cannot read", target_);
    if (n == 0) break;
    copied += static_cast<std::uint64_t>(n);
    if (auto ok = write(Bytes(block.data(), static_cast<std::size_t>(n))); !ok) return ok;
  }
  if (copied != size) return unexpected(target_ + " has changed meanwhile");
  return {};
}

void PartialFile::remember(const std::string& validator) {
  if (special_ || fd_ < 0) return;
  if (validator.empty() || validator.size() > kLongestValidator) {
    ::fremovexattr(fd_, kValidatorAttribute);
  } else {
    ::fsetxattr(fd_, kValidatorAttribute, validator.data(), validator.size(), 0);
  }
}

FileResult PartialFile::write(Bytes piece) {
  if (auto ok = write_fully(fd_, piece); !ok) return unexpected(ok.error() + " (" + name_ + ")");
  return {};
}

FileResult PartialFile::commit() {
  if (!special_) {
    remember({});
    if (mode_) ::fchmod(fd_, *mode_);  // a replaced file keeps its permissions, as if it had been overwritten
    if (::rename(part().c_str(), target_.c_str()) != 0) return fail("cannot rename to", target_);
  }
  const int fd = fd_;
  fd_ = -1;
  return ::close(fd) == 0 ? FileResult{} : fail("cannot close", name_);
}

}  // namespace leat::http
