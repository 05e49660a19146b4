#include "socket/testing/two_hosts.h"

#include <algorithm>
#include <cstring>

namespace leat::testing {

TwoHosts::TwoHosts(const SocketsConfig& config) {
  for (int i = 0; i < 2; ++i) {
    StackConfig stack;
    stack.seed = {0x50c, static_cast<std::uint64_t>(i) + 3};
    stack.tcp = config.tcp;
    hosts_[i].machine = std::make_unique<QueueHost>(stack, pool_);
    InterfaceConfig interface;
    interface.caps.has_link_layer = false;
    interface.addresses = {{IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i + 1)), 24}};
    EXPECT_TRUE(hosts_[i].machine->attach(interface).has_value());
    hosts_[i].sockets = std::make_unique<Sockets>(hosts_[i].machine->stack(), config);
  }
}

TwoHosts::~TwoHosts() {
  for (Host& host : hosts_) {
    host.sockets.reset();
    host.machine.reset();
  }
  EXPECT_EQ(pool_.blocks_in_use(), 0u) << "leaked buffers";
}

/// True when something happened.
bool TwoHosts::pump() {
  bool any = false;
  for (int i = 0; i < 2; ++i) {
    Host& host = hosts_[i];
    host.sockets->run_timers(now_);
    any |= host.machine->transmit(now_, [&](const Packet& packet) {
      InFlight item{now_ + kDelay, 1 - i, std::vector<std::uint8_t>(packet.size())};
      EXPECT_TRUE(packet.copy_out(0, item.packet));
      if (!filter_ || filter_(item.to, item.packet)) wire_.push_back(std::move(item));
    });
    any |= host.machine->dispatch(now_, [&](const Event& event) { host.sockets->on_event(event, now_); });
  }
  return any;
}

Instant TwoHosts::next_time() const {
  Instant next = wire_.empty() ? kNever : wire_.front().at;
  for (const Host& host : hosts_) {
    next = std::min({next, host.machine->next_deadline(), host.sockets->next_deadline()});
  }
  return next;
}

void TwoHosts::run(Duration d) {
  const Instant end = now_ + d;
  while (pump()) {
  }
  while (next_time() <= end) {
    now_ = std::max(now_, next_time());
    while (!wire_.empty() && wire_.front().at <= now_) {
      const InFlight arrived = std::move(wire_.front());
      wire_.pop_front();
      hosts_[arrived.to].machine->receive(Packet(pool_.copy_of(arrived.packet)), now_);
    }
    while (pump()) {
    }
  }
  now_ = end;
}

sockaddr_in TwoHosts::address(int last_byte, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(last_byte == 0 ? INADDR_ANY : 0x0a000000u + static_cast<std::uint32_t>(last_byte));
  return in;
}

int TwoHosts::port_of(const SocketName& name) {
  sockaddr_in in;
  std::memcpy(&in, &name.address, sizeof in);
  return ntohs(in.sin_port);
}

int TwoHosts::stream(Sockets& host, int flags) {
  const Result made = host.socket(AF_INET, SOCK_STREAM | flags, 0);
  EXPECT_TRUE(made);
  return static_cast<int>(made.value);
}

Result TwoHosts::bind(Sockets& host, int fd, int last_byte, std::uint16_t port) {
  const sockaddr_in in = address(last_byte, port);
  return host.bind(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in);
}

Result TwoHosts::connect(int fd, std::uint16_t port, PendingCall* call) {
  const sockaddr_in in = address(2, port);
  return client().connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in, call, now_);
}

int TwoHosts::listener(std::uint16_t port, int backlog) {
  const int fd = stream(server());
  EXPECT_TRUE(bind(server(), fd, 0, port));
  EXPECT_TRUE(server().listen(fd, backlog, now_));
  return fd;
}

TwoHosts::Pair TwoHosts::connected() {
  Pair pair{};
  pair.listener = listener();
  pair.client = stream(client(), SOCK_NONBLOCK);
  EXPECT_EQ(connect(pair.client), Result::failure(EINPROGRESS));
  settle();
  EXPECT_EQ(connect(pair.client), Result{});
  const Result accepted = server().accept(pair.listener, SOCK_NONBLOCK, nullptr, now_);
  EXPECT_TRUE(accepted);
  pair.server = static_cast<int>(accepted.value);
  return pair;
}

Result TwoHosts::send(Sockets& host, int fd, std::string_view data, int flags) {
  const iovec v{const_cast<char*>(data.data()), data.size()};
  return host.send(fd, {&v, 1}, flags, nullptr, now_);
}

Result TwoHosts::set(Sockets& host, int fd, int level, int name, int value) {
  return host.setsockopt(fd, level, name, &value, sizeof value, now_);
}

Result TwoHosts::get(Sockets& host, int fd, int level, int name, int& value) {
  socklen_t size = sizeof value;
  return host.getsockopt(fd, level, name, &value, &size, now_);
}

std::string TwoHosts::receive(Sockets& host, int fd, std::size_t size, int flags) {
  std::string data(size, '?');
  const iovec v{data.data(), size};
  const Result result = host.receive(fd, {&v, 1}, flags, nullptr, now_);
  if (!result) return std::string("-") + strerrorname_np(result.error);
  return data.substr(0, static_cast<std::size_t>(result.value));
}

int TwoHosts::poll(Sockets& host, int fd) {
  pollfd p{fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  host.poll({&p, 1}, Duration::zero(), nullptr, now_);
  return p.revents;
}

}  // namespace leat::testing
