// DescriptorTable: small numbers for Files, the lowest free one first. Owns no File: it says when a number lets go.
#pragma once

#include <cerrno>
#include <set>
#include <vector>

#include "leat/expected.h"
#include "socket/file.h"

namespace leat {

class DescriptorTable {
 public:
  DescriptorTable(int first, std::size_t maximum) : first_(first), maximum_(maximum) {}

  File* find(int fd) const {
    const Entry* entry = entry_of(fd);
    return entry == nullptr ? nullptr : entry->file;
  }
  /// The lowest free number from `least` on. EMFILE when there is none, EINVAL when there never can be. A reference is
  /// the caller's to take.
  expected<int, int> add(File& file, bool close_on_exec, int least = 0);
  /// The File it stood for; null when it stood for none.
  File* remove(int fd);

  bool close_on_exec(int fd) const { return entry_of(fd)->close_on_exec; }
  void set_close_on_exec(int fd, bool on) { entries_[static_cast<std::size_t>(fd - first_)].close_on_exec = on; }
  std::size_t size() const { return open_; }
  /// One past the highest number there ever was.
  int end() const { return first_ + static_cast<int>(entries_.size()); }

 private:
  struct Entry {
    File* file = nullptr;
    bool close_on_exec = false;
  };
  const Entry* entry_of(int fd) const {
    const auto index = static_cast<std::size_t>(fd - first_);
    return fd < first_ || index >= entries_.size() ? nullptr : &entries_[index];
  }

  int first_;
  std::size_t maximum_;
  std::size_t open_ = 0;
  std::vector<Entry> entries_;
  std::set<int> free_;  ///< those below end()
};

}  // namespace leat
