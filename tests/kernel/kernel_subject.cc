// The kernel as a Subject: its sockets, and a TUN device at whose other end the scripted peer sits.
//
// Nothing is waited for: a datagram written to a TUN device is worked through before write() returns, and an answer can
// be read at once. Timers are kept from firing by the route: no delayed ACK, and a very long RTO.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "device/testing/in_namespace.h"
#include "kernel/subject.h"
#include "stack/testing/machine.h"

namespace leat::testing {
namespace {

constexpr const char* kTun = "script0";
constexpr std::uint16_t kFirstPort = 2000;

sockaddr_in address_of(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(endpoint.address.v4_value());
  return address;
}

class KernelSubject final : public Subject {
 public:
  KernelSubject(int tun, std::uint16_t port)
      : tun_(tun),
        ours_{Machine::our_address(), port},
        peers_{Machine::peer_address(), port},
        peer_(peers_, ours_, SeqNum(0xfffffffe)) {}
  ~KernelSubject() override {
    drop(connection_);
    drop(listener_);
  }

  void call(Call what) override;
  void peer(std::string_view segment) override {
    const std::vector<std::uint8_t> datagram = peer_.build(RawSegment::from_text(segment));
    EXPECT_EQ(::write(tun_, datagram.data(), datagram.size()), static_cast<ssize_t>(datagram.size()))
        << std::strerror(errno);
    accept_child();
  }
  std::vector<std::string> sent() override;

 private:
  int make_socket();
  void accept_child();
  static void drop(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }

  int tun_;
  Endpoint ours_, peers_;
  ScriptedPeer peer_;
  int connection_ = -1, listener_ = -1;
  std::int64_t written_ = 0;
};

int KernelSubject::make_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  EXPECT_GE(fd, 0) << std::strerror(errno);
  const sockaddr_in local = address_of(ours_);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local), 0) << std::strerror(errno);
  return fd;
}

void KernelSubject::call(Call what) {
  int& open = connection_ >= 0 ? connection_ : listener_;
  std::array<std::uint8_t, 4096> buffer{};
  switch (what) {
    case Call::connect: {
      connection_ = make_socket();
      const sockaddr_in remote = address_of(peers_);
      EXPECT_EQ(::connect(connection_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote), -1);
      EXPECT_EQ(errno, EINPROGRESS) << std::strerror(errno);
      break;
    }
    case Call::listen:
      listener_ = make_socket();
      EXPECT_EQ(::listen(listener_, 4), 0);
      break;
    case Call::write: {
      for (std::size_t i = 0; i < kWriteSize; ++i) {
        buffer[i] = ScriptedPeer::pattern(written_ + 1 + static_cast<std::int64_t>(i));
      }
      const ssize_t n = ::send(connection_, buffer.data(), kWriteSize, MSG_NOSIGNAL);
      if (n > 0) written_ += n;
      break;
    }
    case Call::read: static_cast<void>(::recv(connection_, buffer.data(), buffer.size(), 0)); break;
    case Call::shutdown: ::shutdown(connection_, SHUT_WR); break;
    case Call::close: drop(open); break;
    case Call::abort: {
      const linger none{1, 0};
      ::setsockopt(open, SOL_SOCKET, SO_LINGER, &none, sizeof none);
      drop(open);
      break;
    }
  }
}

void KernelSubject::accept_child() {
  if (listener_ >= 0 && connection_ < 0) connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
}

std::vector<std::string> KernelSubject::sent() {
  std::vector<std::string> lines;
  std::array<std::uint8_t, 2048> datagram;
  for (;;) {
    const ssize_t n = ::read(tun_, datagram.data(), datagram.size());
    if (n <= 0) return lines;
    const auto segment = peer_.parse(Bytes(datagram).first(static_cast<std::size_t>(n)));
    if (segment) lines.push_back(segment->to_text());
  }
}

}  // namespace

KernelSide::KernelSide() {
  tun_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  std::strcpy(request.ifr_name, kTun);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (tun_ < 0 || ::ioctl(tun_, TUNSETIFF, &request) != 0) {
    trouble_ = std::string("no TUN device: ") + std::strerror(errno) +
               "; run the test as root, or `sudo modprobe tun && sudo chmod 0666 /dev/net/tun`";
    return;
  }
  // Timers must not fire within a script, and what Leat has not is off. The peer offers no options anyway.
  const char* settings[] = {
      "tcp_timestamps=0", "tcp_sack=0",     "tcp_early_retrans=0",   "tcp_recovery=0",
      "tcp_ecn=0",        "tcp_fastopen=0", "tcp_no_metrics_save=1", "tcp_invalid_ratelimit=60000"};
  for (const char* setting : settings) {
    if (!shell_succeeds(std::string("sysctl -q -w net.ipv4.") + setting)) {
      trouble_ = std::string("the kernel's TCP cannot be set up here: sysctl -w net.ipv4.") + setting +
                 " fails; run the test where /proc/sys is writable";
      return;
    }
  }
  const std::string name = kTun;
  shell("ip address add 192.0.2.1/32 dev " + name + " && ip link set " + name + " up");
  shell("ip route add 192.0.2.2/32 dev " + name + " src 192.0.2.1 quickack 1 rto_min 60s");
}

KernelSide::~KernelSide() {
  if (tun_ >= 0) ::close(tun_);
}

std::unique_ptr<Subject> KernelSide::make_subject() {
  return std::make_unique<KernelSubject>(tun_, static_cast<std::uint16_t>(kFirstPort + scripts_++));
}

}  // namespace leat::testing
