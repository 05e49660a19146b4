// Where a body goes: standard output or a file. Errors are sentences for people; each means exit code 23.
#pragma once

#include <string>

#include "base/bytes.h"
#include "leat/expected.h"

namespace leat::http {

using FileResult = expected<void, std::string>;

class Output {
 public:
  virtual ~Output() = default;
  virtual FileResult write(Bytes piece) = 0;
  /// All was written: makes it final.
  virtual FileResult commit() = 0;
};

/// Writes all of `piece` to a descriptor, however often that takes.
FileResult write_fully(int fd, Bytes piece);

/// Standard output, or another descriptor that is not closed. A terminal gets no binary data.
class DescriptorOutput final : public Output {
 public:
  explicit DescriptorOutput(int fd) : DescriptorOutput(fd, is_terminal(fd)) {}
  DescriptorOutput(int fd, bool terminal) : fd_(fd), terminal_(terminal) {}

  FileResult write(Bytes piece) override;
  FileResult commit() override { return {}; }

 private:
  static bool is_terminal(int fd);
  int fd_;
  bool terminal_;
};

}  // namespace leat::http
