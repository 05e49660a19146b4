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
  // The descriptor is not registered: the kernel would hold it for a while when the process is gone, and an interface
  // with it.
  bool open() { return opened_ = ::io_uring_queue_init(kMost, &ring_, 0) == 0; }
  ~UringBatch() override {
    if (opened_) ::io_uring_queue_exit(&ring_);
  }
  UringBatch(const UringBatch&) = delete;
  UringBatch& operator=(const UringBatch&) = delete;

  void read(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (count == 1) {
      // Less work for the kernel than a list of one.
      ::io_uring_prep_read(entry, fd_, parts->iov_base, static_cast<unsigned>(parts->iov_len), 0);
    } else {
      ::io_uring_prep_readv(entry, fd_, parts, count, 0);
    }
    entry->rw_flags = RWF_NOWAIT;
    ::io_uring_sqe_set_data64(entry, queued_++);
  }
  void write(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    ::io_uring_prep_writev(entry, fd_, parts, count, 0);
    ::io_uring_sqe_set_data64(entry, queued_++);
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
