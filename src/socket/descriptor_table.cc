#include "socket/descriptor_table.h"

#include <functional>

namespace leat {

expected<int, int> DescriptorTable::add(File& file, bool close_on_exec, int least) {
  if (open_ >= maximum_) return unexpected(EMFILE);
  int fd = -1;
  if (least <= first_) {
    while (!free_.empty() && fd < 0) {
      if (find(free_.top()) == nullptr) fd = free_.top();
      free_.pop();
    }
  } else {
    // F_DUPFD alone; what it takes out of the middle stays in the queue, and is skipped there.
    for (fd = least; fd < end() && find(fd) != nullptr;) ++fd;
    if (static_cast<std::size_t>(fd - first_) >= maximum_) return unexpected(EMFILE);
    while (end() < fd) {
      free_.push(end());
      entries_.emplace_back();
    }
  }
  if (fd < 0 || fd == end()) {
    fd = end();
    entries_.emplace_back();
  }
  entries_[static_cast<std::size_t>(fd - first_)] = {&file, close_on_exec};
  ++open_;
  return fd;
}

File* DescriptorTable::remove(int fd) {
  File* file = find(fd);
  if (file == nullptr) return nullptr;
  entries_[static_cast<std::size_t>(fd - first_)] = {};
  free_.push(fd);
  --open_;
  return file;
}

}  // namespace leat
