#include "device/io_batch.h"

#ifdef LEAT_HAS_URING

#include <liburing.h>

#include <array>
#include <cerrno>
#include <utility>

namespace leat {
namespace {

class UringBatch final : public IoBatch {
 public:
  explicit UringBatch(int fd) : fd_(fd) {}
  // The descriptor is registered, which saves a twelfth of what a frame costs. It is given back at once here; of a
  // process that was killed the kernel keeps it, and an interface with it, for some 30 ms.
  bool open() {
    opened_ = ::io_uring_queue_init(kMost, &ring_, 0) == 0;
    return opened_ && ::io_uring_register_files(&ring_, &fd_, 1) == 0;
  }
  ~UringBatch() override {
    if (!opened_) return;
    ::io_uring_unregister_files(&ring_);
    ::io_uring_queue_exit(&ring_);
  }
  UringBatch(const UringBatch&) = delete;
  UringBatch& operator=(const UringBatch&) = delete;

  // One part alone is less work for the kernel than a list of one.
  void read(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (count == 1) {
      ::io_uring_prep_read(entry, kRegistered, parts->iov_base, static_cast<unsigned>(parts->iov_len), 0);
    } else {
      ::io_uring_prep_readv(entry, kRegistered, parts, count, 0);
    }
    entry->rw_flags = RWF_NOWAIT;
    number(entry);
  }
  void write(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (count == 1) {
      ::io_uring_prep_write(entry, kRegistered, parts->iov_base, static_cast<unsigned>(parts->iov_len), 0);
    } else {
      ::io_uring_prep_writev(entry, kRegistered, parts, count, 0);
    }
    number(entry);
  }

  std::span<const int> run() override {
    const unsigned count = std::exchange(queued_, 0);
    for (unsigned done = 0; done < count; done += collect()) {
      const int n = ::io_uring_submit_and_wait(&ring_, count - done);
      if (n < 0 && n != -EINTR) return {};
    }
    return {results_.data(), count};
  }

 private:
  static constexpr int kRegistered = 0;  // the descriptor's number among those that are

  void number(io_uring_sqe* entry) {
    entry->flags |= IOSQE_FIXED_FILE;
    ::io_uring_sqe_set_data64(entry, queued_++);
  }
  unsigned collect() {
    unsigned head = 0, count = 0;
    io_uring_cqe* done = nullptr;
    io_uring_for_each_cqe(&ring_, head, done) {
      results_[::io_uring_cqe_get_data64(done)] = done->res;
      ++count;
    }
    ::io_uring_cq_advance(&ring_, count);
    return count;
  }

  const int fd_;
  io_uring ring_{};
  bool opened_ = false;
  unsigned queued_ = 0;
  std::array<int, kMost> results_{};
};

}  // namespace

std::unique_ptr<IoBatch> IoBatch::create(int fd) {
  auto batch = std::make_unique<UringBatch>(fd);
  if (!batch->open()) return nullptr;
  return batch;
}

}  // namespace leat

#else

namespace leat {
std::unique_ptr<IoBatch> IoBatch::create(int) { return nullptr; }
}  // namespace leat

#endif
