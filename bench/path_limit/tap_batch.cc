// TAP with plain frames, many in each system call, by io_uring.
#include <liburing.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "path.h"
#include "tap.h"

namespace leat::path_limit {
namespace {

class TapBatch final : public Path {
 public:
  explicit TapBatch(const std::string& interface) : fd_(attach_tap(interface, false)) {
    if (::io_uring_queue_init(kBurst, &ring_, 0) != 0) fail("use io_uring");
    if (::io_uring_register_files(&ring_, &fd_, 1) != 0) fail("register the TAP device");
  }
  ~TapBatch() override {
    ::io_uring_unregister_files(&ring_);
    ::io_uring_queue_exit(&ring_);
    ::close(fd_);
  }

  std::size_t most_payload() const override { return kMss; }

  std::span<const Frame> receive() override {
    ++receive_calls;
    for (std::size_t i = 0; i < ahead_; ++i) {
      io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
      ::io_uring_prep_read(entry, 0, in_[i].data(), static_cast<unsigned>(in_[i].size()), 0);
      entry->flags |= IOSQE_FIXED_FILE;
      entry->rw_flags = RWF_NOWAIT;
      ::io_uring_sqe_set_data64(entry, i);
    }
    std::size_t got = 0;
    for_each_done(ahead_, [&](std::size_t i, int result) {
      if (result > 0) frames_[got++] = {in_[i].data(), static_cast<std::size_t>(result), false};
    });
    ahead_ = std::clamp<std::size_t>(got == ahead_ ? 2 * got : got, 1, kBurst);
    return {frames_.data(), got};
  }

  std::uint8_t* room() override {
    if (queued_ == kBurst) flush();
    return out_[queued_].data();
  }
  void queue(std::size_t size) override {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    ::io_uring_prep_write(entry, 0, out_[queued_].data(), static_cast<unsigned>(size), 0);
    entry->flags |= IOSQE_FIXED_FILE;
    ::io_uring_sqe_set_data64(entry, queued_++);
  }
  void flush() override {
    if (queued_ == 0) return;
    ++send_calls;
    for_each_done(std::exchange(queued_, 0), [](std::size_t, int) {});  // a refused frame is lost
  }

  int descriptor() const override { return fd_; }

 private:
  template <class Done>
  void for_each_done(std::size_t count, Done done) {
    for (std::size_t seen = 0; seen < count;) {
      const int n = ::io_uring_submit_and_wait(&ring_, static_cast<unsigned>(count - seen));
      if (n < 0 && n != -EINTR) fail("submit to io_uring");
      unsigned head = 0, found = 0;
      io_uring_cqe* entry = nullptr;
      io_uring_for_each_cqe(&ring_, head, entry) {
        done(::io_uring_cqe_get_data64(entry), entry->res);
        ++found;
      }
      ::io_uring_cq_advance(&ring_, found);
      seen += found;
    }
  }

  int fd_;
  io_uring ring_{};
  std::size_t ahead_ = 1, queued_ = 0;
  std::array<Frame, kBurst> frames_{};
  std::array<std::array<std::uint8_t, 2048>, kBurst> in_, out_;
};

}  // namespace

std::unique_ptr<Path> open_tap_batch(const std::string& interface) { return std::make_unique<TapBatch>(interface); }

}  // namespace leat::path_limit
