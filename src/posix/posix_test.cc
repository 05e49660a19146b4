// leat/posix.h with one host and many threads: waiting, waking up, the end of the host, and forked children. tests/api
// checks the results of the calls.
#include "leat/posix.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "posix/host_words.h"

namespace leat {
namespace {

sockaddr_in loopback_name(std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(port);
  return in;
}

class PosixTest : public ::testing::Test {
 protected:
  PosixTest() { EXPECT_EQ(leat_host_open("loopback"), 0) << leat_host_trouble(); }
  ~PosixTest() override { leat_host_close(); }

  static int stream() { return leat_socket(AF_INET, SOCK_STREAM, 0); }
  static int listener(std::uint16_t port, int backlog = 64) {
    const int fd = stream();
    const sockaddr_in in = loopback_name(port);
    EXPECT_EQ(leat_bind(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in), 0);
    EXPECT_EQ(leat_listen(fd, backlog), 0);
    return fd;
  }
  static int connected(std::uint16_t port) {
    const int fd = stream();
    const sockaddr_in in = loopback_name(port);
    EXPECT_EQ(leat_connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in), 0) << strerror(errno);
    return fd;
  }
  static void write_all(int fd, const std::string& data) {
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t n = leat_write(fd, data.data() + done, data.size() - done);
      ASSERT_GT(n, 0) << strerror(errno);
      done += static_cast<std::size_t>(n);
    }
  }
  static std::string read_all(int fd) {
    std::string all;
    char room[4096];
    for (ssize_t n; (n = leat_read(fd, room, sizeof room)) > 0;) all.append(room, static_cast<std::size_t>(n));
    return all;
  }
};

std::string posix_pattern(std::size_t size, int seed) {
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>((i * 31 + i / 251 + seed) & 0x7f);
  return data;
}

TEST_F(PosixTest, ABlockingClientAndAServerInOneProcess) {
  const int l = listener(7000);
  const std::string data = posix_pattern(3'000'000, 1);
  std::thread server([&] {
    const int fd = leat_accept(l, nullptr, nullptr);
    ASSERT_GE(fd, 0);
    const std::string got = read_all(fd);
    EXPECT_EQ(got.size(), data.size());
    write_all(fd, got);
    EXPECT_EQ(leat_close(fd), 0);
  });
  const int fd = connected(7000);
  write_all(fd, data);
  EXPECT_EQ(leat_shutdown(fd, SHUT_WR), 0);
  EXPECT_TRUE(read_all(fd) == data);
  server.join();
  EXPECT_EQ(leat_close(fd), 0);
}

TEST_F(PosixTest, FourThreadsCallAtOnce) {
  constexpr int kThreads = 4, kRounds = 20;
  const int l = listener(7001);
  const int epoll = leat_epoll_create1(0);
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = l;
  ASSERT_EQ(leat_epoll_ctl(epoll, EPOLL_CTL_ADD, l, &interest), 0);
  leat_fcntl(l, 4, 2048);
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const int fd = connected(7001);
        const std::string word = "hello " + std::to_string(t) + " " + std::to_string(round);
        write_all(fd, word);
        leat_shutdown(fd, SHUT_WR);
        EXPECT_EQ(read_all(fd), word);
        EXPECT_EQ(leat_close(fd), 0);
      }
    });
    threads.emplace_back([&] {  // all threads wait on one epoll instance
      while (served < kThreads * kRounds) {
        epoll_event event;
        if (leat_epoll_wait(epoll, &event, 1, 10) != 1) continue;
        const int fd = leat_accept4(event.data.fd, nullptr, nullptr, 0);
        if (fd < 0) continue;
        write_all(fd, read_all(fd));
        EXPECT_EQ(leat_close(fd), 0);
        ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, kThreads * kRounds);
}

TEST_F(PosixTest, ThreadsShareOneSocket) {
  const int l = listener(7002);
  const int out = connected(7002), in = leat_accept(l, nullptr, nullptr);
  std::atomic<std::size_t> got{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { got += read_all(in).size(); });
    threads.emplace_back([&] { write_all(out, posix_pattern(200'000, 2)); });
  }
  threads[1].join();
  threads[3].join();
  leat_shutdown(out, SHUT_WR);
  threads[0].join();
  threads[2].join();
  EXPECT_EQ(got, 400'000u);
}

TEST_F(PosixTest, ClosingTheHostEndsCallsThatWait) {
  const int l = listener(7003);
  std::atomic<bool> waits{false};
  std::thread waiting([&] {
    waits = true;
    EXPECT_EQ(leat_accept(l, nullptr, nullptr), -1);
    EXPECT_TRUE(errno == ENETDOWN || errno == EBADF) << strerror(errno);
  });
  while (!waits) std::this_thread::yield();
  EXPECT_EQ(leat_host_close(), 0);
  waiting.join();
  EXPECT_EQ(leat_host_close(), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(stream(), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(leat_host_open("loopback"), 0) << "there may be another";
  EXPECT_EQ(leat_host_open("loopback"), -1);
  EXPECT_EQ(errno, EBUSY);
}

TEST_F(PosixTest, ASignalEndsACallThatWaits) {
  struct sigaction before, quiet{};
  quiet.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &quiet, &before), 0);
  const int l = listener(7004);
  std::atomic<bool> done{false};
  std::atomic<int> error{0};
  std::thread waiting([&] {
    if (leat_accept(l, nullptr, nullptr) < 0) error = errno;
    done = true;
  });
  // A signal before the call waits has no effect, so the test repeats it.
  while (!done) {
    ::pthread_kill(waiting.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  waiting.join();
  EXPECT_EQ(error, EINTR);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(PosixTest, AForkedChildHasNoHost) {
  const int l = listener(7005);
  const int out = connected(7005), in = leat_accept(l, nullptr, nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int wrong = 0;
    char byte;
    const auto is_bad = [&](long result) { wrong += !(result == -1 && errno == EBADF); };
    is_bad(leat_write(out, "x", 1));
    is_bad(leat_read(in, &byte, 1));
    is_bad(leat_close(out));
    is_bad(stream());
    is_bad(leat_host_close());
    ::_exit(wrong);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(leat_write(out, "ab", 2), 2);
  leat_close(out);
  EXPECT_EQ(read_all(in), "ab") << "nothing came of what the child did";
}

TEST(HostWords, SayWhatIsWrong) {
  const auto trouble = [](const char* words) { return parse_host_words(words).error(); };
  EXPECT_NE(trouble("").find("no link"), std::string::npos);
  EXPECT_NE(trouble("tap:x 10.0.0.2").find("\"10.0.0.2\" is neither"), std::string::npos);
  EXPECT_NE(trouble("tap:x gateway").find("wants a value"), std::string::npos);
  EXPECT_NE(trouble("tap:x mtu many").find("no MTU"), std::string::npos);
  EXPECT_NE(trouble("tap:x mac 1").find("no MAC"), std::string::npos);
  const auto config = parse_host_words(" tap:x 10.0.0.2/24\tgateway 10.0.0.1 mtu 1400  congestion reno ");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->link, "tap:x");
  EXPECT_EQ(config->addresses.size(), 1u);
  EXPECT_EQ(config->mtu, 1400u);
  EXPECT_EQ(leat_host_open("nonsense"), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_NE(std::string(leat_host_trouble()), "");
}

}  // namespace
}  // namespace leat
