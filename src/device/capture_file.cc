#include "device/capture_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace leat {

expected<CaptureFile, DeviceError> CaptureFile::open(const std::string& name, OnFailure on_failure) {
  const bool to_output = name == "-";
  UniqueFd file(to_output ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                          : ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) {
    const std::string reason = std::strerror(errno);
    return unexpected(DeviceError{Error::system, "cannot write the capture " + name + ": " + reason});
  }
  return CaptureFile(to_output ? "standard output" : name, std::move(file), std::move(on_failure));
}

void CaptureFile::flush() {
  const std::uint8_t* next = buffer_.data();
  std::size_t left = is_open() ? buffer_.size() : 0;
  while (left > 0) {
    const ssize_t n = ::write(file_.get(), next, left);
    if (n > 0) {
      next += n;
      left -= static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {  // another process has made the pipe non-blocking
      pollfd room{file_.get(), POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (n == 0 || errno != EINTR) {
      return fail(n == 0 ? ENOSPC : errno);
    }
  }
  written_ += buffer_.size();
  buffer_.clear();
}

void CaptureFile::fail(int reason) {
  // A reader would report a partial block as an error. A pipe cannot be truncated, so the result is ignored.
  static_cast<void>(::ftruncate(file_.get(), static_cast<off_t>(written_)) == 0);
  file_ = UniqueFd();
  buffer_ = {};
  if (on_failure_) on_failure_("cannot write the capture " + name_ + ": " + std::strerror(reason) + "; it ends here");
}

}  // namespace leat
