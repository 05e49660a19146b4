#include "http/testing/kernel_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace leat::http {
namespace {

sockaddr_in to_system(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(endpoint.address.v4_value());
  return address;
}

Error error_of(int number) {
  switch (number) {
    case ECONNREFUSED: return Error::refused;
    case ECONNRESET:
    case EPIPE: return Error::reset;
    default: return Error::system;
  }
}

class KernelStream final : public ByteStream {
 public:
  KernelStream(int fd, const Endpoint& remote) : fd_(fd), remote_(remote) {}
  ~KernelStream() override { ::close(fd_); }

  expected<std::size_t, Error> read_some(MutableBytes buffer, Duration timeout) override {
    pollfd waiting{fd_, POLLIN, 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    if (::poll(&waiting, 1, static_cast<int>(ms)) == 0) return unexpected(Error::timed_out);
    if (aborted_) return unexpected(Error::aborted);
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0) return unexpected(error_of(errno));
    return static_cast<std::size_t>(n);
  }
  expected<void, Error> write_all(Bytes data, Duration) override {
    while (!data.empty()) {
      const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n < 0) return unexpected(error_of(errno));
      data = data.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }
  void close() override { ::shutdown(fd_, SHUT_WR); }
  void abort() override {
    aborted_ = true;
    ::shutdown(fd_, SHUT_RDWR);
  }
  Endpoint remote() const override { return remote_; }

 private:
  int fd_;
  Endpoint remote_;
  std::atomic<bool> aborted_{false};
};

bool read_head(int fd, std::string& request) {
  char c = 0;
  while (request.find("\r\n\r\n") == std::string::npos) {
    if (::recv(fd, &c, 1, 0) != 1) return false;
    request += c;
  }
  return true;
}

void await_end(int fd) {
  char block[4096];
  while (::recv(fd, block, sizeof block, 0) > 0) {
  }
}

}  // namespace

expected<std::unique_ptr<ByteStream>, Error> KernelTransport::connect(const Endpoint& remote, std::optional<Duration>,
                                                                      Bytes first_data) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto stream = std::make_unique<KernelStream>(fd, remote);
  const sockaddr_in address = to_system(remote);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return unexpected(error_of(errno));
  }
  if (auto ok = stream->write_all(first_data, {}); !ok) return unexpected(ok.error());
  return std::unique_ptr<ByteStream>(std::move(stream));
}

ScriptedServer::ScriptedServer(std::vector<std::vector<Step>> connections) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = to_system({IpAddress::v4(127, 0, 0, 1), 0});
  socklen_t size = sizeof address;
  (void)::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::listen(listener_, 16);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, script = std::move(connections)] { serve(script); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends a pending accept
  thread_.join();
  ::close(listener_);
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::serve(const std::vector<std::vector<Step>>& connections) {
  for (const auto& steps : connections) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++accepted_;
    play(fd, steps);
    ::close(fd);
  }
}

void ScriptedServer::play(int fd, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    std::string request;
    if (!read_head(fd, request)) return;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    ::send(fd, step.response.data(), step.response.size(), MSG_NOSIGNAL);
    if (step.then == Step::Then::close) return;
    if (step.then == Step::Then::hang) return await_end(fd);
  }
  await_end(fd);
}

}  // namespace leat::http
