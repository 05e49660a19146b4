// Sockets: poll, select and epoll.
#include <fcntl.h>

#include "socket/testing/two_hosts.h"

namespace leat {
namespace {

using testing::TwoHosts;
using namespace std::chrono_literals;

class SocketReadiness : public ::testing::Test {
 protected:
  Result failure(int error) { return Result::failure(error); }
  Result ctl(int operation, int fd, std::uint32_t events = 0, int on = -1) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return server.epoll_ctl(on < 0 ? epoll : on, operation, fd, &event);
  }
  /// "FD:EVENTS …" of a wait that does not wait.
  std::string wait(int on = -1, std::size_t most = 8) {
    std::vector<epoll_event> events(most);
    const Result n = server.epoll_wait(on < 0 ? epoll : on, events, Duration::zero(), nullptr, hosts.now());
    std::string text;
    for (std::int64_t i = 0; i < n.value; ++i) {
      const epoll_event& e = events[static_cast<std::size_t>(i)];
      text += (i > 0 ? " " : "") + std::to_string(e.data.fd) + ":" + std::to_string(e.events);
    }
    return text;
  }
  std::string told(std::uint32_t events, int fd) const { return std::to_string(fd) + ":" + std::to_string(events); }
  void write(std::string_view data) {
    EXPECT_TRUE(hosts.send(hosts.client(), pair.client, data));
    hosts.settle();
  }
  std::string read(std::size_t size = 100) { return hosts.receive(server, pair.server, size); }
  int open_epoll() {
    const Result made = server.epoll_create(0);
    EXPECT_TRUE(made);
    return static_cast<int>(made.value);
  }

  TwoHosts hosts;
  TwoHosts::Pair pair = hosts.connected();
  Sockets& server = hosts.server();
  int epoll = open_epoll();
};

TEST_F(SocketReadiness, PollWaitsForOneOfMany) {
  pollfd fds[] = {{pair.listener, POLLIN, 0}, {pair.server, POLLIN, 0}, {-1, POLLIN, 7}};
  PendingCall call;
  EXPECT_TRUE(server.poll(fds, std::nullopt, &call, hosts.now()).is_pending());
  write("x");
  EXPECT_EQ(server.next_completed(), &call);
  EXPECT_EQ(call.result(), Result{1});
  EXPECT_EQ(fds[0].revents, 0);
  EXPECT_EQ(fds[1].revents, POLLIN);
  EXPECT_EQ(fds[2].revents, 0);
  pollfd bad{99, POLLIN, 0};
  EXPECT_EQ(server.poll({&bad, 1}, std::nullopt, &call, hosts.now()), Result{1});
  EXPECT_EQ(bad.revents, POLLNVAL);
}

TEST_F(SocketReadiness, PollTimesOut) {
  pollfd fds[] = {{pair.server, POLLIN, 0}};
  PendingCall call;
  EXPECT_TRUE(server.poll(fds, 100ms, &call, hosts.now()).is_pending());
  hosts.run(99ms);
  EXPECT_TRUE(call.is_pending());
  hosts.run(1ms);
  EXPECT_EQ(call.result(), Result{0});
  EXPECT_TRUE(server.poll({}, 50ms, &call, hosts.now()).is_pending()) << "a way to sleep";
  hosts.run(50ms);
  EXPECT_EQ(call.result(), Result{0});
}

TEST_F(SocketReadiness, SelectKeepsWhatIsReady) {
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(pair.server, &in);
  FD_SET(pair.listener, &in);
  PendingCall call;
  EXPECT_TRUE(server.select(pair.server + 1, {&in, nullptr, nullptr}, 1s, &call, hosts.now()).is_pending());
  write("x");
  EXPECT_EQ(call.result(), Result{1});
  EXPECT_TRUE(FD_ISSET(pair.server, &in));
  EXPECT_FALSE(FD_ISSET(pair.listener, &in));
  FD_SET(pair.server, &out);
  EXPECT_EQ(server.select(pair.server + 1, {&in, &out, nullptr}, 0s, &call, hosts.now()), Result{2});
  EXPECT_EQ(read(), "x");
  EXPECT_EQ(server.select(pair.server + 1, {&in, nullptr, nullptr}, 0s, &call, hosts.now()), Result{0});
  EXPECT_FALSE(FD_ISSET(pair.server, &in));
  FD_SET(99, &in);
  EXPECT_EQ(server.select(100, {&in, nullptr, nullptr}, 0s, &call, hosts.now()), failure(EBADF));
  EXPECT_EQ(server.select(-1, {}, 0s, &call, hosts.now()), failure(EINVAL));
}

TEST_F(SocketReadiness, LevelTriggeredTellsAsLongAsItHolds) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN));
  EXPECT_EQ(wait(), "");
  write("ab");
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server));
  EXPECT_EQ(read(1), "a");
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server));
  EXPECT_EQ(read(1), "b");
  EXPECT_EQ(wait(), "");
}

TEST_F(SocketReadiness, EdgeTriggeredTellsOfEachArrivalOnce) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN | EPOLLET | EPOLLRDHUP));
  write("a");
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server));
  EXPECT_EQ(wait(), "");
  write("b");
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server)) << "more has come";
  EXPECT_EQ(wait(), "");
  hosts.client().shutdown(pair.client, SHUT_WR, hosts.now());
  hosts.settle();
  EXPECT_EQ(wait(), told(EPOLLIN | EPOLLRDHUP, pair.server));
  EXPECT_EQ(wait(), "");
}

TEST_F(SocketReadiness, OneShotIsArmedAgainByMod) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN | EPOLLONESHOT));
  write("a");
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server));
  write("b");
  EXPECT_EQ(wait(), "");
  EXPECT_TRUE(ctl(EPOLL_CTL_MOD, pair.server, EPOLLIN | EPOLLONESHOT));
  EXPECT_EQ(wait(), told(EPOLLIN, pair.server));
  EXPECT_EQ(wait(), "");
}

TEST_F(SocketReadiness, AWaitEndsWithTheFirstEvent) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.listener, EPOLLIN));
  epoll_event events[4];
  PendingCall call;
  EXPECT_TRUE(server.epoll_wait(epoll, events, std::nullopt, &call, hosts.now()).is_pending());
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLOUT)) << "what is ready when it is added counts";
  EXPECT_EQ(server.next_completed(), &call);
  EXPECT_EQ(call.result(), Result{1});
  EXPECT_EQ(events[0].data.fd, pair.server);
  EXPECT_TRUE(ctl(EPOLL_CTL_DEL, pair.server));
  EXPECT_TRUE(server.epoll_wait(epoll, events, 30ms, &call, hosts.now()).is_pending());
  hosts.run(30ms);
  EXPECT_EQ(call.result(), Result{0});
}

TEST_F(SocketReadiness, ReadyOnesTakeTurns) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLOUT));
  const int other = hosts.stream(server);
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, other, EPOLLOUT));
  EXPECT_EQ(wait(-1, 1), told(EPOLLOUT, pair.server));
  EXPECT_EQ(wait(-1, 1), told(EPOLLOUT | EPOLLHUP, other));
  EXPECT_EQ(wait(-1, 1), told(EPOLLOUT, pair.server));
}

TEST_F(SocketReadiness, ClosingTheLastDescriptorEndsTheEntry) {
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLOUT));
  const int copy = static_cast<int>(server.fcntl(pair.server, F_DUPFD, 0).value);
  EXPECT_TRUE(server.close(pair.server, nullptr, hosts.now()));
  EXPECT_EQ(wait(), told(EPOLLOUT, pair.server)) << "the socket is still open";
  EXPECT_TRUE(server.close(copy, nullptr, hosts.now()));
  EXPECT_EQ(wait(), "");
}

TEST_F(SocketReadiness, InstancesNest) {
  const int outer = open_epoll();
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN));
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, epoll, EPOLLIN, outer));
  EXPECT_EQ(wait(outer), "");
  write("x");
  EXPECT_EQ(wait(outer), told(EPOLLIN, epoll));
  EXPECT_EQ(hosts.poll(server, epoll), POLLIN);
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, outer, EPOLLIN, epoll), failure(ELOOP));
  EXPECT_EQ(read(), "x");
  EXPECT_EQ(wait(outer), "");
}

TEST_F(SocketReadiness, InstancesNestFiveDeepInWhateverOrderTheyAreBuilt) {
  for (const bool from_the_top : {false, true}) {
    std::vector<int> chain{open_epoll()};
    const auto grow = [&] {
      chain.push_back(open_epoll());
      const int old = chain[chain.size() - 2];
      return from_the_top ? ctl(EPOLL_CTL_ADD, chain.back(), EPOLLIN, old)
                          : ctl(EPOLL_CTL_ADD, old, EPOLLIN, chain.back());
    };
    while (chain.size() < 5) EXPECT_TRUE(grow()) << chain.size();
    EXPECT_EQ(grow(), failure(ELOOP)) << (from_the_top ? "from the top" : "from the bottom");
  }
  std::vector<int> upper{open_epoll(), open_epoll(), open_epoll()}, lower{open_epoll(), open_epoll(), open_epoll()};
  for (const std::vector<int>& half : {upper, lower}) {
    EXPECT_TRUE(ctl(EPOLL_CTL_ADD, half[1], EPOLLIN, half[0]));
    EXPECT_TRUE(ctl(EPOLL_CTL_ADD, half[2], EPOLLIN, half[1]));
  }
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, lower[0], EPOLLIN, upper[2]), failure(ELOOP)) << "two chains of three";
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, lower[1], EPOLLIN, upper[2])) << "three and two";
}

TEST_F(SocketReadiness, ExclusiveWakesOneOfThoseWhoWait) {
  const int second = open_epoll();
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.listener, EPOLLIN | EPOLLEXCLUSIVE));
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.listener, EPOLLIN | EPOLLEXCLUSIVE, second));
  epoll_event one, two;
  PendingCall first_call, second_call;
  EXPECT_TRUE(server.epoll_wait(epoll, {&one, 1}, std::nullopt, &first_call, hosts.now()).is_pending());
  EXPECT_TRUE(server.epoll_wait(second, {&two, 1}, std::nullopt, &second_call, hosts.now()).is_pending());
  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  hosts.connect(fd);
  hosts.settle();
  EXPECT_FALSE(first_call.is_pending());
  EXPECT_TRUE(second_call.is_pending());
  server.abandon(second_call);
  EXPECT_EQ(ctl(EPOLL_CTL_MOD, pair.listener, EPOLLIN), failure(EINVAL));
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, pair.server, EPOLLEXCLUSIVE | EPOLLONESHOT), failure(EINVAL));
}

TEST_F(SocketReadiness, Errnos) {
  EXPECT_EQ(ctl(EPOLL_CTL_MOD, pair.server, EPOLLIN), failure(ENOENT));
  EXPECT_EQ(ctl(EPOLL_CTL_DEL, pair.server), failure(ENOENT));
  EXPECT_TRUE(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN));
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, pair.server, EPOLLIN), failure(EEXIST));
  EXPECT_EQ(ctl(7, pair.server, EPOLLIN), failure(EINVAL));
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, 99, EPOLLIN), failure(EBADF));
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, epoll, EPOLLIN), failure(EINVAL));
  EXPECT_EQ(ctl(EPOLL_CTL_ADD, pair.listener, EPOLLIN, pair.server), failure(EINVAL));
  epoll_event event;
  EXPECT_EQ(server.epoll_wait(pair.server, {&event, 1}, 0s, nullptr, hosts.now()), failure(EINVAL));
  EXPECT_EQ(server.epoll_wait(epoll, {}, 0s, nullptr, hosts.now()), failure(EINVAL));
  EXPECT_EQ(server.epoll_create(1), failure(EINVAL));
  EXPECT_EQ(server.listen(epoll, 1, hosts.now()), failure(ENOTSOCK));
}

}  // namespace
}  // namespace leat
