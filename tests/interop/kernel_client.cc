#include "kernel_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace leat::interop {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

KernelClient::KernelClient(const std::string& address, std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{kLimit.count(), 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
}

void KernelClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::size_t KernelClient::send_what_fits(std::string_view bytes, std::chrono::milliseconds pause) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    pollfd waiting{socket_.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(pause.count())) == 0) break;
    const ssize_t n = ::send(socket_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) break;
    done += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
  return done;
}

void KernelClient::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

void KernelClient::reset() {
  const linger none{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  socket_.reset();
}

std::string KernelClient::read_all(End& end) {
  std::string all;
  std::array<char, 65536> block;
  for (;;) {
    const ssize_t n = ::recv(socket_.get(), block.data(), block.size(), 0);
    if (n < 0 && errno != ECONNRESET) fail("recv");
    if (n <= 0) {
      end = n == 0 ? End::fin : End::reset;
      return all;
    }
    all.append(block.data(), static_cast<std::size_t>(n));
  }
}

std::string KernelClient::read_all() {
  End end = End::reset;
  std::string all = read_all(end);
  require(end == End::fin, "reset after " + std::to_string(all.size()) + " bytes");
  return all;
}

std::string KernelClient::read(std::size_t count) {
  std::string all(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t n = ::recv(socket_.get(), all.data() + done, count - done, 0);
    if (n < 0) fail("recv");
    require(n > 0, "the end after " + std::to_string(done) + " bytes of " + std::to_string(count));
    done += static_cast<std::size_t>(n);
  }
  return all;
}

void KernelClient::wait_for_reset() {
  pollfd waiting{socket_.get(), 0, 0};
  const int limit = static_cast<int>(std::chrono::milliseconds(kLimit).count());
  require(::poll(&waiting, 1, limit) == 1 && (waiting.revents & POLLERR) != 0, "it was not reset");
}

bool KernelClient::is_readable(std::chrono::milliseconds limit) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
}

lab::Process in_far(const lab::Lab& lab, const std::function<void()>& body) {
  auto process = lab.run_inside(lab::kFar, [&body] {
    try {
      body();
      return 0;
    } catch (const std::exception& e) {
      announce(e.what());
      return 1;
    }
  });
  if (process) return std::move(*process);
  ADD_FAILURE() << process.error().message;
  return {};
}

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

void dawdle(std::chrono::milliseconds pause) { static_cast<void>(::poll(nullptr, 0, static_cast<int>(pause.count()))); }

void announce(std::string_view text) {
  const std::string line = std::string(text) + "\n";
  static_cast<void>(::write(2, line.data(), line.size()) == 0);
}

}  // namespace leat::interop
