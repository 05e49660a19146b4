// A file that appears under its name only when it is complete.
//
// Bytes go to NAME.part; commit() renames it. A transfer that fails or is killed leaves NAME.part, from which a
// later one may go on, and NAME as it was. What the bytes were a part of (an entity tag or a date) is kept in an
// extended attribute of NAME.part where the file system has them. NAME.part is locked while it is written.
// When NAME is a device, a pipe or a socket (/dev/null), bytes go straight to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/output.h"

namespace leat::http {

/// What an earlier transfer left.
struct Leftover {
  std::uint64_t size = 0;      ///< more than 0
  std::string validator;       ///< as given to remember(), or ""
  bool complete_name = false;  ///< it is NAME itself; else NAME.part
};

class PartialFile final : public Output {
 public:
  explicit PartialFile(std::string name) : name_(std::move(name)) {}
  ~PartialFile() override;
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return name_; }

  /// NAME.part, else NAME, if it holds anything.
  std::optional<Leftover> leftover() const;
  /// Begins anew, with an empty NAME.part.
  FileResult start();
  /// Goes on after what leftover() gave; NAME itself is copied to NAME.part first. Fails when it has changed.
  FileResult resume(const Leftover& from);
  /// What the bytes to come are a part of; "" forgets. Best effort.
  void remember(const std::string& validator);

  FileResult write(Bytes piece) override;
  FileResult commit() override;

 private:
  FileResult open_part();
  FileResult copy_from_name(std::uint64_t size);
  FileResult fail(const std::string& what, const std::string& path) const;
  std::string part() const { return target_ + ".part"; }
  FileResult find_target();

  std::string name_;
  std::string target_;            ///< name_, or what it links to
  bool special_ = false;          ///< written directly
  std::optional<unsigned> mode_;  ///< permissions of the file that commit() replaces
  int fd_ = -1;
};

}  // namespace leat::http
