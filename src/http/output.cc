#include "http/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace leat::http {

FileResult write_fully(int fd, Bytes piece) {
  while (!piece.empty()) {
    const ssize_t n = ::write(fd, piece.data(), piece.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return unexpected(std::string("cannot write: ") + std::strerror(errno));
    }
    piece = piece.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

bool DescriptorOutput::is_terminal(int fd) { return ::isatty(fd) == 1; }

FileResult DescriptorOutput::write(Bytes piece) {
  if (terminal_ && std::find(piece.begin(), piece.end(), 0) != piece.end()) {
    return unexpected(
        std::string("binary output can mess up your terminal; use \"-o FILE\" to save it, or pipe it elsewhere"));
  }
  return write_fully(fd_, piece);
}

}  // namespace leat::http
