// A packet socket with offloads: one super-segment in each recv and send.
#include <sys/socket.h>
#include <unistd.h>

#include "packet_socket.h"
#include "path.h"
#include "virtio.h"

namespace leat::path_limit {
namespace {

class PacketSuper final : public Path {
 public:
  explicit PacketSuper(const std::string& interface) : fd_(packet_socket(interface, true)) {}
  ~PacketSuper() override { ::close(fd_); }

  std::size_t most_payload() const override { return kSuperPayload; }

  std::span<const Frame> receive() override {
    ++receive_calls;
    const ssize_t n = ::recv(fd_, &in_, sizeof in_, MSG_DONTWAIT);
    if (n <= static_cast<ssize_t>(sizeof in_.header)) return {};
    arrived_ = {in_.bytes, static_cast<std::size_t>(n) - sizeof in_.header, vouches(in_.header)};
    return {&arrived_, 1};
  }

  std::uint8_t* room() override { return out_.bytes; }

  void queue(std::size_t size) override {
    out_.header = virtio_header(size);
    ++send_calls;
    (void)!::send(fd_, &out_, sizeof out_.header + size, 0);
  }

  int descriptor() const override { return fd_; }

 private:
  int fd_;
  Frame arrived_{};
  SuperFrame in_, out_;
};

}  // namespace

std::unique_ptr<Path> open_packet_super(const std::string& interface) {
  return std::make_unique<PacketSuper>(interface);
}

}  // namespace leat::path_limit
