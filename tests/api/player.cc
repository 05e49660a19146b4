#include "api/player.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "leat/posix.h"

namespace leat::testing {

const Calls kKernelCalls = {
    "the kernel",
    ::socket,
    ::bind,
    ::listen,
    ::accept4,
    ::connect,
    ::shutdown,
    ::close,
    ::dup,
    ::getsockname,
    ::getpeername,
    ::read,
    ::readv,
    ::recv,
    ::recvfrom,
    ::recvmsg,
    ::write,
    ::writev,
    ::send,
    ::sendto,
    ::sendmsg,
    ::setsockopt,
    ::getsockopt,
    [](int fd, int command, long argument) { return ::fcntl(fd, command, argument); },
    [](int fd, unsigned long request, void* value) { return ::ioctl(fd, request, value); },
    ::poll,
    ::select,
    ::epoll_create1,
    ::epoll_ctl,
    ::epoll_wait,
};

const Calls kLeatCalls = {
    "Leat",
    leat_socket,
    leat_bind,
    leat_listen,
    leat_accept4,
    leat_connect,
    leat_shutdown,
    leat_close,
    leat_dup,
    leat_getsockname,
    leat_getpeername,
    leat_read,
    leat_readv,
    leat_recv,
    leat_recvfrom,
    leat_recvmsg,
    leat_write,
    leat_writev,
    leat_send,
    leat_sendto,
    leat_sendmsg,
    leat_setsockopt,
    leat_getsockopt,
    [](int fd, int command, long argument) { return leat_fcntl(fd, command, argument); },
    [](int fd, unsigned long request, void* value) { return leat_ioctl(fd, request, value); },
    leat_poll,
    leat_select,
    leat_epoll_create1,
    leat_epoll_ctl,
    leat_epoll_wait,
};

Player::~Player() {
  for (const int fd : open_) c.close(fd);
}

long Player::say(std::string_view what, long result) {
  const int error = errno;
  say(what, result < 0 ? std::string(strerrorname_np(error)) : std::to_string(result));
  return result;
}

void Player::say(std::string_view what, const std::string& text) {
  log_ += (log_.empty() ? "" : " ") + std::string(what) + "=" + text;
}

int Player::descriptor(std::string_view what, int fd) {
  const int error = errno;
  say(what, fd < 0 ? std::string(strerrorname_np(error)) : "fd");
  return keep(fd);
}

int Player::keep(int fd) {
  if (fd >= 0) open_.push_back(fd);
  return fd;
}

// Preparations.

int Player::tcp(int flags) {
  const int fd = c.socket(AF_INET, SOCK_STREAM | flags, 0);
  if (fd < 0) say("socket", fd);
  return keep(fd);
}

sockaddr_in Player::here(std::uint16_t port) const {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(port);
  return in;
}

sockaddr_in Player::name(int fd) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  if (c.getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size) != 0) say("getsockname", -1);
  return in;
}

int Player::listener(int backlog) {
  const int fd = tcp();
  const sockaddr_in in = here();
  if (c.bind(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0) say("bind", -1);
  if (c.listen(fd, backlog) != 0) say("listen", -1);
  return fd;
}

Player::Pair Player::pair() {
  Pair p{};
  p.listener = listener();
  p.client = tcp();
  const sockaddr_in in = name(p.listener);
  if (c.connect(p.client, reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0) say("connect", -1);
  p.server = keep(c.accept4(p.listener, nullptr, nullptr, 0));
  if (p.server < 0) say("accept", -1);
  return p;
}

Player::Pair Player::half_closed() {
  Pair p = pair();
  c.shutdown(p.client, SHUT_WR);
  until(p.server, POLLRDHUP);
  return p;
}

Player::Pair Player::reset() {
  Pair p = pair();
  const linger now{1, 0};
  c.setsockopt(p.client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  c.close(p.client);
  std::erase(open_, p.client);
  until(p.server, POLLHUP);
  return p;
}

// Calls.

long Player::bind(int fd, const sockaddr_in& in) {
  return say("bind", c.bind(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in));
}

long Player::connect(int fd, const sockaddr_in& in) {
  return say("connect", c.connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in));
}

long Player::close(int fd) {
  std::erase(open_, fd);
  return say("close", c.close(fd));
}

long Player::set(int fd, int level, int option, int value) {
  return say("set", c.setsockopt(fd, level, option, &value, sizeof value));
}

long Player::get(int fd, int level, int option) {
  int value = -7;
  socklen_t size = sizeof value;
  const int result = c.getsockopt(fd, level, option, &value, &size);
  if (result < 0) return say("get", result);
  say("get", std::to_string(value) + (size == sizeof value ? "" : "/" + std::to_string(size)));
  return value;
}

void Player::set_get(int fd, int level, int option, int value) {
  set(fd, level, option, value);
  get(fd, level, option);
}

long Player::send(int fd, std::string_view data, int flags) {
  return say("send", c.send(fd, data.data(), data.size(), flags));
}

void Player::recv(int fd, std::size_t size, int flags) {
  std::string data(size, '?');
  const ssize_t n = c.recv(fd, data.data(), size, flags);
  if (n < 0) {
    say("recv", n);
  } else {
    say("recv", "\"" + data.substr(0, static_cast<std::size_t>(n)) + "\"");
  }
}

void Player::events(int fd) {
  pollfd p{fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  const int n = c.poll(&p, 1, 0);
  if (n < 0) {
    say("poll", n);
  } else {
    say("poll", poll_words(static_cast<unsigned short>(p.revents)));
  }
}

void Player::ioctl(int fd, unsigned long request) {
  int value = -7;
  const int result = c.ioctl(fd, request, &value);
  say("ioctl", result < 0 ? result : static_cast<long>(value));
}

long Player::ctl(int epoll, int operation, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = events;
  return say("ctl", c.epoll_ctl(epoll, operation, fd, &event));
}

void Player::epoll_events(int epoll, int most) {
  std::vector<epoll_event> events(static_cast<std::size_t>(most));
  const int n = c.epoll_wait(epoll, events.data(), most, 0);
  if (n < 0) {
    say("wait", n);
    return;
  }
  std::string text = std::to_string(n);
  for (int i = 0; i < n; ++i) text += ":" + poll_words(events[static_cast<std::size_t>(i)].events);
  say("wait", text);
}

void Player::until(int fd, short events) {
  pollfd p{fd, events, 0};
  if (c.poll(&p, 1, 2000) != 1 || (p.revents & events) == 0) say("until", "never");
}

std::string poll_words(unsigned events) {
  static constexpr struct {
    unsigned bit;
    const char* word;
  } kBits[] = {{POLLIN, "IN"},   {POLLPRI, "PRI"}, {POLLOUT, "OUT"},  {POLLRDHUP, "RDHUP"},
               {POLLERR, "ERR"}, {POLLHUP, "HUP"}, {POLLNVAL, "NVAL"}};
  std::string text;
  for (const auto& b : kBits) {
    if ((events & b.bit) != 0) text += (text.empty() ? "" : "|") + std::string(b.word);
  }
  return text.empty() ? "-" : text;
}

}  // namespace leat::testing
