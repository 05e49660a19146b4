// TAP: one frame in each read and write. With offloads it is a super-segment behind a header that describes it.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tap.h"
#include "virtio.h"

namespace leat::path_limit {

int attach_tap(const std::string& interface, bool virtio_headers) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("open /dev/net/tun");
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | (virtio_headers ? IFF_VNET_HDR : 0));
  if (::ioctl(fd, TUNSETIFF, &request) != 0) fail("attach to the TAP device");
  return fd;
}

namespace {

class Tap final : public Path {
 public:
  Tap(const std::string& interface, bool offloads) : offloads_(offloads), fd_(attach_tap(interface, offloads)) {
    int size = sizeof(VirtioHeader);
    if (offloads && ::ioctl(fd_, TUNSETVNETHDRSZ, &size) != 0) fail("have a header");
    if (::ioctl(fd_, TUNSETOFFLOAD, offloads ? TUN_F_CSUM | TUN_F_TSO4 : 0) != 0) fail("set offloads");
  }
  ~Tap() override { ::close(fd_); }

  std::size_t most_payload() const override { return offloads_ ? kSuperPayload : kMss; }

  std::span<const Frame> receive() override {
    ++receive_calls;
    const ssize_t n = ::read(fd_, start(in_), sizeof in_ - skipped());
    if (n <= static_cast<ssize_t>(sizeof(VirtioHeader))) return {};
    arrived_ = {in_.bytes, static_cast<std::size_t>(n) - (offloads_ ? sizeof in_.header : 0),
                offloads_ && vouches(in_.header)};
    return {&arrived_, 1};
  }

  std::uint8_t* room() override { return out_.bytes; }

  void queue(std::size_t size) override {
    out_.header = virtio_header(size);
    ++send_calls;
    // EAGAIN counts as a loss. The send buffer does not fill up, because the kernel takes packets at once.
    (void)!::write(fd_, start(out_), size + (offloads_ ? sizeof out_.header : 0));
  }

  int descriptor() const override { return fd_; }

 private:
  std::size_t skipped() const { return offloads_ ? 0 : sizeof(VirtioHeader); }
  std::uint8_t* start(SuperFrame& frame) const { return reinterpret_cast<std::uint8_t*>(&frame) + skipped(); }

  bool offloads_;
  int fd_;
  Frame arrived_{};
  SuperFrame in_, out_;
};

}  // namespace

std::unique_ptr<Path> open_tap_super(const std::string& interface) { return std::make_unique<Tap>(interface, true); }
std::unique_ptr<Path> open_tap_plain(const std::string& interface) { return std::make_unique<Tap>(interface, false); }

}  // namespace leat::path_limit
