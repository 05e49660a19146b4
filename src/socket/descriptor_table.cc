#include "socket/descriptor_table.h"

#include <algorithm>

namespace leat {

expected<int, int> DescriptorTable::add(File& file, bool close_on_exec, int least) {
  const std::int64_t limit = first_ + static_cast<std::int64_t>(maximum_);
  if (least >= limit) return unexpected(EINVAL);
  const auto lowest = free_.lower_bound(least);
  const int fd = lowest != free_.end() ? *lowest : std::max(least, end());
  if (fd >= limit) return unexpected(EMFILE);
  while (end() <= fd) {
    free_.insert(free_.end(), end());
    entries_.emplace_back();
  }
  free_.erase(fd);
  entries_[static_cast<std::size_t>(fd - first_)] = {&file, close_on_exec};
  ++open_;
  return fd;
}

File* DescriptorTable::remove(int fd) {
  File* file = find(fd);
  if (file == nullptr) return nullptr;
  entries_[static_cast<std::size_t>(fd - first_)] = {};
  free_.insert(fd);
  --open_;
  return file;
}

}  // namespace leat
