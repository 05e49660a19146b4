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
  bool open(Hold hold) {
    opened_ = ::io_uring_queue_init(kMost, &ring_, 0) == 0;
    holds_ = opened_ && hold == Hold::yes && ::io_uring_register_files(&ring_, &fd_, 1) == 0;
    return opened_;
  }
  ~UringBatch() override {
    if (holds_) ::io_uring_unregister_files(&ring_);
    if (opened_) ::io_uring_queue_exit(&ring_);
  }
  UringBatch(const UringBatch&) = delete;
  UringBatch& operator=(const UringBatch&) = delete;

  // A single buffer costs the kernel less than a list of one.
  void read(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (count == 1) {
      ::io_uring_prep_read(entry, file(), parts->iov_base, static_cast<unsigned>(parts->iov_len), 0);
    } else {
      ::io_uring_prep_readv(entry, file(), parts, count, 0);
    }
    entry->rw_flags = RWF_NOWAIT;
    number(entry);
  }
  void write(const iovec* parts, unsigned count) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (count == 1) {
      ::io_uring_prep_write(entry, file(), parts->iov_base, static_cast<unsigned>(parts->iov_len), 0);
    } else {
      ::io_uring_prep_writev(entry, file(), parts, count, 0);
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
  int file() const { return holds_ ? 0 : fd_; }  // 0: the first of those that are held
  void number(io_uring_sqe* entry) {
    if (holds_) entry->flags |= IOSQE_FIXED_FILE;
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
  bool opened_ = false, holds_ = false;
  unsigned queued_ = 0;
  std::array<int, kMost> results_{};
};

}  // namespace

std::unique_ptr<IoBatch> IoBatch::create(int fd, Hold hold) {
  auto batch = std::make_unique<UringBatch>(fd);
  if (!batch->open(hold)) return nullptr;
  return batch;
}

}  // namespace leat

#else

namespace leat {
std::unique_ptr<IoBatch> IoBatch::create(int, Hold) { return nullptr; }
}  // namespace leat

#endif
