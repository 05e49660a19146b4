// bench/loss: the senders and receivers, on kernel sockets and on Leat's event loop. See loss.h.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <future>
#include <optional>
#include <span>
#include <sstream>
#include <vector>

#include "base/random.h"
#include "leat/event_loop.h"
#include "leat/host.h"
#include "loss.h"

namespace loss_bench {
namespace {

using Clock = std::chrono::steady_clock;
using leat::Event;
using leat::EventLoop;
using leat::SocketHandle;

constexpr std::size_t kChunk = 65536, kPeriod = std::size_t{1} << 20;
/// The time that a source sends after the window, so that the window of the sink is full to its end.
constexpr double kOvertime = 0.3;

Clock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

int complain(const char* what, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", what, why.c_str());
  return 1;
}

void print(const Figures& figures) {
  for (const auto& [name, value] : figures)
    std::printf("%s %llu\n", name.c_str(), static_cast<unsigned long long>(value));
  std::fflush(stdout);
}

/// The stream: noise that repeats, so that a piece at any position needs no copy.
class Stream {
 public:
  Stream() : bytes_(kPeriod + kChunk) {
    leat::Random random({7, 7});
    std::generate_n(bytes_.begin(), kPeriod, [&] { return static_cast<std::uint8_t>(random.next()); });
    std::copy_n(bytes_.begin(), kChunk, bytes_.begin() + kPeriod);
  }
  std::span<const std::uint8_t> at(std::uint64_t position) const { return {&bytes_[position % kPeriod], kChunk}; }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// The data that a sink has received.
class Tally {
 public:
  /// `data` has at most kChunk bytes.
  void add(std::span<const std::uint8_t> data) {
    const auto now = Clock::now();
    longest_gap_ = std::max(longest_gap_, now - last_);
    last_ = now;
    correct_ = correct_ && std::memcmp(data.data(), stream_.at(bytes_).data(), data.size()) == 0;
    bytes_ += data.size();
  }
  void begin() { last_ = Clock::now(); }
  int report() const {
    const auto gap = std::max(longest_gap_, Clock::now() - last_);
    print({{"bytes", bytes_}, {"longest_gap_us", static_cast<std::uint64_t>(gap / std::chrono::microseconds(1))}});
    return correct_ ? 0 : complain("sink", "a byte is not the one that was sent");
  }

 private:
  Stream stream_;
  std::uint64_t bytes_ = 0;
  bool correct_ = true;
  Clock::time_point last_{};
  Clock::duration longest_gap_{};
};

// ---- ends on the kernel's TCP

sockaddr_in address_of(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

/// Time limit of a call, after which the clock is read.
void set_patience(int fd, int option) {
  const timeval patience{0, 10'000};
  ::setsockopt(fd, SOL_SOCKET, option, &patience, sizeof patience);
}

bool set_controller(int fd, const char* name) {
  return ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, static_cast<socklen_t>(std::strlen(name))) == 0;
}

/// The TCP counters of this network by the names of nstat. The file has pairs of lines: "TcpExt: name ..." and
/// "TcpExt: number ...".
Figures kernel_counters() {
  Figures figures;
  for (const char* path : {"/proc/self/net/snmp", "/proc/self/net/netstat"}) {
    std::ifstream file(path);
    for (std::string names, values; std::getline(file, names) && std::getline(file, values);) {
      std::istringstream name(names), value(values);
      std::string group, one;
      long long number = 0;
      name >> group, value >> one;
      group.pop_back();
      if (group != "Tcp" && group != "TcpExt") continue;
      while (name >> one && value >> number) figures[group + one] = static_cast<std::uint64_t>(number);
    }
  }
  return figures;
}

Figures growth(const Figures& before, Figures after) {
  for (auto& [name, value] : after) value -= before.at(name);
  std::erase_if(after, [](const auto& figure) { return figure.second == 0; });
  return after;
}

// ---- ends on Leat

std::uint64_t largest_buffer(const char* setting) {
  std::ifstream file(std::string("/proc/sys/net/ipv4/") + setting);
  std::uint64_t least = 0, usual = 0, most = 0;
  file >> least >> usual >> most;
  return most;
}

/// Buffers as large as the largest of the kernel. Half of a receive buffer of the kernel is window.
leat::HostConfig config_of(const leat::lab::LeatHost& host, const Window& window) {
  leat::HostConfig config;
  config.link = host.link;
  config.addresses = {*leat::IpPrefix::parse(host.address)};
  config.mac = leat::MacAddress{{2, 0, 0, 0, 0, 2}};  // constant, because the far kernel remembers it
  config.polling = window.polling;
  config.tcp.congestion_control = window.controller;
  config.tcp.send_buffer = largest_buffer("tcp_wmem");
  config.tcp.receive_buffer = largest_buffer("tcp_rmem") / 2;
  return config;
}

Figures leat_counters(const leat::Host& host) {
  Figures figures;
  const leat::Counters counters = host.counters();
  for (std::size_t i = 0; i < counters.values.size(); ++i) {
    if (counters.values[i] > 0) figures[std::string(to_string(static_cast<leat::Counter>(i)))] = counters.values[i];
  }
  for (std::size_t i = 0; i < counters.drops.size(); ++i) {
    const auto reason = static_cast<leat::DropReason>(i);
    if (counters.drops[i] > 0) figures["Drop" + std::string(to_string(reason))] = counters.drops[i];
  }
  return figures;
}

/// Keeps the send buffer full.
class LeatSender {
 public:
  void operator()(EventLoop& loop, const Event& event) {
    while (const auto taken = loop.write(event.socket, stream_->at(sent_))) sent_ += *taken;
  }

 private:
  std::shared_ptr<Stream> stream_ = std::make_shared<Stream>();
  std::uint64_t sent_ = 0;
};

}  // namespace

int kernel_sink(const char* address, double seconds) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in at = address_of(address, kPort);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 1) != 0) {
    return complain("kernel sink", std::strerror(errno));
  }
  std::fputs("ready\n", stderr);
  const int fd = ::accept(listener, nullptr, nullptr);
  if (fd < 0) return complain("kernel sink", std::strerror(errno));
  set_patience(fd, SO_RCVTIMEO);
  Tally tally;
  tally.begin();
  std::vector<std::uint8_t> room(kChunk);
  for (const auto end = Clock::now() + seconds_of(seconds); Clock::now() < end;) {
    const ssize_t n = ::recv(fd, room.data(), room.size(), 0);
    if (n > 0) tally.add({room.data(), static_cast<std::size_t>(n)});
    else if (n == 0 || errno != EAGAIN) return complain("kernel sink", "the connection has ended");
  }
  return tally.report();
}

int kernel_source(const char* from, const char* to, const char* controller, double seconds) {
  const Figures before = kernel_counters();
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in local = address_of(from, 0), remote = address_of(to, kPort);
  if (!set_controller(fd, controller) || ::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
      ::connect(fd, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0) {
    return complain("kernel source", std::strerror(errno));
  }
  set_patience(fd, SO_SNDTIMEO);
  const Stream stream;
  std::uint64_t sent = 0;
  for (const auto end = Clock::now() + seconds_of(seconds + kOvertime); Clock::now() < end;) {
    const ssize_t n = ::send(fd, stream.at(sent).data(), kChunk, MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::uint64_t>(n);
    else if (errno != EAGAIN) break;  // the sink has closed
  }
  print(growth(before, kernel_counters()));
  return 0;
}

int leat_sink(const leat::lab::LeatHost& where, const Window& window) {
  auto host = leat::Host::open(config_of(where, window));
  if (!host) return complain("leat sink", host.error().message);
  Tally tally;
  std::vector<std::uint8_t> room(kChunk);
  std::promise<int> done;
  const auto read = [&](EventLoop& loop, const Event& event) {
    for (;;) {
      const auto n = loop.read(event.socket, room);
      if (!n || *n == 0) return;
      tally.add(std::span(room).first(*n));
    }
  };
  const auto accept = [&](EventLoop& loop, const Event& event) {
    const auto socket = loop.accept(event.socket);
    if (!socket) return;
    tally.begin();
    loop.set_handler(*socket, read);
    loop.call_after(seconds_of(window.seconds), [&, s = *socket](EventLoop& l) {
      done.set_value(tally.report());
      (void)l.abort(s);
    });
  };
  host->post([&](EventLoop& loop) {
    const auto listener = loop.listen({leat::IpAddress::any_v4(), kPort});
    if (!listener) return done.set_value(complain("leat sink", "cannot listen"));
    loop.set_handler(*listener, accept);
    std::fputs("ready\n", stderr);
  });
  return done.get_future().get();
}

int leat_source(const leat::lab::LeatHost& where, const char* to, const Window& window) {
  auto host = leat::Host::open(config_of(where, window));
  if (!host) return complain("leat source", host.error().message);
  std::promise<int> done;
  const auto remote = leat::Endpoint{*leat::IpAddress::parse(to), kPort};
  std::optional<Clock::time_point> end;
  host->post([&](EventLoop& loop) {
    const auto socket = loop.connect(remote);
    if (!socket) return done.set_value(complain("leat source", std::string(to_string(socket.error()))));
    loop.set_handler(*socket, [&, sender = LeatSender()](EventLoop& l, const Event& event) mutable {
      if (!end && (event.bits & leat::kEventConnected) != 0) {
        end = Clock::now() + seconds_of(window.seconds + kOvertime);
        l.call_after(seconds_of(window.seconds + kOvertime), [&](EventLoop&) { done.set_value(0); });
      }
      if (!end && (event.bits & leat::kEventError) != 0)
        return done.set_value(complain("leat source", "no connection"));
      sender(l, event);
    });
  });
  const int status = done.get_future().get();
  print(leat_counters(*host));
  return status;
}

}  // namespace loss_bench
