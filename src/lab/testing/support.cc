#include "lab/testing/support.h"

#include <arpa/inet.h>
#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "lab/unique_fd.h"

namespace leat::lab::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLimit{20};
constexpr int kSkipped = 77;
constexpr uid_t kNobody = 65534;

struct Address {
  sockaddr_in value{};
  Address(const std::string& text, std::uint16_t port) {
    value.sin_family = AF_INET;
    value.sin_port = htons(port);
    ::inet_pton(AF_INET, text.c_str(), &value.sin_addr);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

int become_nobody() {
  const bool done = ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                    ::setresuid(kNobody, kNobody, kNobody) == 0;
  return done ? 0 : errno;
}

bool is_readable(int fd, std::chrono::milliseconds limit) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

void as_ordinary_user(const std::function<void()>& body) {
  if (::geteuid() != 0) return body();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (become_nobody() != 0) ::_exit(1);
    ::setenv("HOME", "/", 1);  // the home of root is closed to programs that read settings
    body();
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : ::testing::Test::IsSkipped() ? kSkipped : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "the reason is above";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "as an ordinary user, see above; status " << status;
}

std::set<std::string> interface_names() {
  std::set<std::string> names;
  struct if_nameindex* all = ::if_nameindex();
  for (auto* entry = all; entry != nullptr && entry->if_name != nullptr; ++entry) names.insert(entry->if_name);
  ::if_freenameindex(all);
  return names;
}

unsigned processes_in(const std::string& name_space) {
  const std::string kind = name_space.substr(0, name_space.find(':'));
  unsigned count = 0;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const auto target = std::filesystem::read_symlink(process.path() / "ns" / kind, error);
    if (!error && target == name_space) ++count;
  }
  return count;
}

int send_datagrams(const std::string& to, unsigned count) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));
  const Address address(to, 9);
  const std::array<char, 1000> payload{};
  for (unsigned i = 0; i < count; ++i) {
    // The socket is not connected, so ICMP errors do not fail later sends.
    if (::sendto(socket.get(), payload.data(), payload.size(), 0, address.get(), sizeof address.value) < 0)
      return errno;
  }
  return 0;
}

int answer_one_datagram() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));
  const Address here("0.0.0.0", 7);
  if (::bind(socket.get(), here.get(), sizeof here.value) != 0) return errno;
  if (!is_readable(socket.get(), kLimit)) return ETIMEDOUT;
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  char byte = 0;
  if (::recvfrom(socket.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &size) < 0) return errno;
  return ::sendto(socket.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&peer), size) == 1 ? 0 : errno;
}

int exchange_datagram(const std::string& with) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));
  const Address address(with, 7);
  const auto deadline = Clock::now() + kLimit;
  char byte = 'x';
  while (Clock::now() < deadline) {
    if (::sendto(socket.get(), &byte, 1, 0, address.get(), sizeof address.value) < 0) return errno;
    if (is_readable(socket.get(), std::chrono::milliseconds(20))) return 0;
  }
  return ETIMEDOUT;
}

int serve_bytes(std::size_t size) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  const Address here("0.0.0.0", 19);
  if (::bind(listener.get(), here.get(), sizeof here.value) != 0 || ::listen(listener.get(), 1) != 0) return errno;
  if (!is_readable(listener.get(), kLimit)) return ETIMEDOUT;
  const UniqueFd stream(::accept(listener.get(), nullptr, nullptr));
  const std::vector<char> bytes(65536, 'x');
  for (std::size_t left = size; left > 0;) {
    const ssize_t n = ::send(stream.get(), bytes.data(), std::min(left, bytes.size()), MSG_NOSIGNAL);
    if (n < 0) return errno;
    left -= static_cast<std::size_t>(n);
  }
  return 0;
}

int fetch_bytes(const std::string& from, std::size_t size) {
  const Address address(from, 19);
  const auto deadline = Clock::now() + kLimit;
  UniqueFd stream;
  do {
    if (Clock::now() > deadline) return ETIMEDOUT;
    stream.reset(::socket(AF_INET, SOCK_STREAM, 0));
  } while (::connect(stream.get(), address.get(), sizeof address.value) != 0);
  std::vector<char> bytes(65536);
  std::size_t got = 0;
  for (;;) {
    const ssize_t n = ::recv(stream.get(), bytes.data(), bytes.size(), 0);
    if (n < 0) return errno;
    if (n == 0) return got == size ? 0 : ERANGE;
    got += static_cast<std::size_t>(n);
  }
}

void expect_exchange(const Lab& lab, Place client_place, const std::function<int()>& client, Place server_place,
                     const std::function<int()>& server) {
  auto serving = lab.run_inside(server_place, server);
  ASSERT_TRUE(serving) << serving.error().message;
  auto asking = lab.run_inside(client_place, client);
  ASSERT_TRUE(asking) << asking.error().message;
  EXPECT_EQ(asking->wait().to_string(), "exit status 0") << "the client";
  EXPECT_EQ(serving->wait().to_string(), "exit status 0") << "the server";
}

}  // namespace leat::lab::testing
