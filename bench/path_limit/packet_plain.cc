// A packet socket with plain frames: many frames in each recvmmsg and sendmmsg.
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "packet_socket.h"
#include "path.h"

namespace leat::path_limit {
namespace {

class PacketPlain final : public Path {
 public:
  explicit PacketPlain(const std::string& interface) : fd_(packet_socket(interface, false)) {
    in_.prepare();
    out_.prepare();
  }
  ~PacketPlain() override { ::close(fd_); }

  std::size_t most_payload() const override { return kMss; }

  std::span<const Frame> receive() override {
    ++receive_calls;
    const int n = ::recvmmsg(fd_, in_.messages.data(), kBurst, MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; static_cast<int>(i) < n; ++i) {
      frames_[i] = {in_.bytes[i].data(), in_.messages[i].msg_len, false};
    }
    return {frames_.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }

  std::uint8_t* room() override {
    if (queued_ == kBurst) flush();
    return out_.bytes[queued_].data();
  }
  void queue(std::size_t size) override { out_.parts[queued_++].iov_len = size; }

  void flush() override {
    for (std::size_t done = 0; done < queued_;) {
      ++send_calls;
      const int n = ::sendmmsg(fd_, &out_.messages[done], static_cast<unsigned>(queued_ - done), 0);
      done += n > 0 ? static_cast<std::size_t>(n) : 1;  // a refused frame is lost
    }
    queued_ = 0;
  }

  int descriptor() const override { return fd_; }

 private:
  struct Burst {
    std::array<std::array<std::uint8_t, 2048>, kBurst> bytes;
    std::array<iovec, kBurst> parts;
    std::array<mmsghdr, kBurst> messages;

    void prepare() {
      for (std::size_t i = 0; i < kBurst; ++i) {
        parts[i] = {bytes[i].data(), bytes[i].size()};
        messages[i] = {};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
      }
    }
  };

  int fd_;
  std::size_t queued_ = 0;
  std::array<Frame, kBurst> frames_{};
  Burst in_, out_;
};

}  // namespace

std::unique_ptr<Path> open_packet_plain(const std::string& interface) {
  return std::make_unique<PacketPlain>(interface);
}

}  // namespace leat::path_limit
