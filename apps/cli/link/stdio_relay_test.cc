// A relay between pipes and a connection of two hosts of this process.
#include "cli/link/stdio_relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

namespace leat::command {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSoon = 20s;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    out = UniqueFd(ends[0]);
    in = UniqueFd(ends[1]);
  }
  UniqueFd out, in;
};

Host relay_host(const std::string& address, std::size_t buffers) {
  HostConfig config;
  config.link = "memory:relay-test";
  config.addresses = {*IpPrefix::parse(address)};
  config.tcp.send_buffer = config.tcp.receive_buffer = buffers;
  auto host = Host::open(config);
  EXPECT_TRUE(host) << (host ? "" : host.error().message);
  return std::move(*host);
}

class RelayTest : public ::testing::Test {
 protected:
  explicit RelayTest(std::size_t buffers = 65536)
      : near_(relay_host("10.0.0.1/24", buffers)), far_(relay_host("10.0.0.2/24", buffers)) {
    auto listener = far_.listen({IpAddress::any_v4(), 0});
    auto near_end = near_.connect({IpAddress::v4(10, 0, 0, 2), listener->local().port}, {.timeout = kSoon});
    auto far_end = listener->accept(kSoon);
    EXPECT_TRUE(near_end && far_end);
    connection_.emplace(std::move(*near_end));
    peer_.emplace(std::move(*far_end));
  }
  /// Lets the relay run on a thread of its own.
  std::future<Relay::Result> start(std::optional<Duration> idle = {}) {
    relay_.emplace(*connection_, input_.out.get(), output_.in.get(), idle);
    return std::async(std::launch::async, [this] { return relay_->run(); });
  }
  void type(const std::string& text) {
    ASSERT_EQ(::write(input_.in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string printed(std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t n = ::read(output_.out.get(), text.data() + have, size - have);
      if (n <= 0) break;
      have += static_cast<std::size_t>(n);
    }
    text.resize(have);
    return text;
  }
  std::string peer_reads(std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const auto n = peer_->read({reinterpret_cast<std::uint8_t*>(text.data()) + have, size - have}, kSoon);
      if (!n || *n == 0) break;
      have += *n;
    }
    text.resize(have);
    return text;
  }
  void peer_says(const std::string& text) {
    ASSERT_TRUE(peer_->write_all({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, kSoon));
  }

  Host near_, far_;
  std::optional<Connection> connection_, peer_;
  Pipe input_, output_;
  std::optional<Relay> relay_;
};

TEST_F(RelayTest, BytesGoBothWaysAndTheInputsEndClosesOneDirectionAlone) {
  auto running = start();
  type("to the peer");
  EXPECT_EQ(peer_reads(11), "to the peer");
  peer_says("and back");
  EXPECT_EQ(printed(8), "and back");
  input_.in.reset();
  EXPECT_EQ(peer_reads(1), "") << "our FIN";
  peer_says("still there");
  EXPECT_EQ(printed(11), "still there");
  ASSERT_TRUE(peer_->shutdown());
  const Relay::Result result = running.get();
  EXPECT_EQ(result.end, Relay::End::finished) << result.why;
  EXPECT_EQ(result.sent, 11u);
  EXPECT_EQ(result.received, 19u);
}

TEST_F(RelayTest, ThePeersEndIsTheEndThoughTheInputIsOpen) {
  auto running = start();
  ASSERT_TRUE(peer_->shutdown());
  EXPECT_EQ(running.get().end, Relay::End::finished);
  EXPECT_EQ(peer_reads(1), "");
}

TEST_F(RelayTest, WhatIsReadyIsSentAlthoughThePeerHasClosedItsDirection) {
  const std::string much(3'000'000, 'x');
  ASSERT_TRUE(peer_->shutdown());
  auto running = start();
  std::thread typist([&] {
    std::size_t done = 0;
    while (done < much.size()) {
      const ssize_t n = ::write(input_.in.get(), much.data() + done, much.size() - done);
      ASSERT_GT(n, 0);
      done += static_cast<std::size_t>(n);
    }
    input_.in.reset();
  });
  EXPECT_EQ(peer_reads(much.size()), much);
  EXPECT_EQ(peer_reads(1), "");
  typist.join();
  EXPECT_EQ(running.get().end, Relay::End::finished);
}

TEST_F(RelayTest, AResetBreaksIt) {
  auto running = start();
  peer_->abort();
  const Relay::Result result = running.get();
  EXPECT_EQ(result.end, Relay::End::broken);
  EXPECT_EQ(result.why, "connection reset by peer");
}

TEST_F(RelayTest, WhenTheOutputIsClosedThePeerIsReset) {
  ::signal(SIGPIPE, SIG_IGN);
  auto running = start();
  output_.out.reset();
  peer_says("nobody reads this");
  EXPECT_EQ(running.get().end, Relay::End::output_failed);
  std::array<std::uint8_t, 8> byte;
  const auto end = peer_->read(byte, kSoon);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), Error::reset);
}

TEST_F(RelayTest, IdlenessEndsIt) {
  auto running = start(50ms);
  EXPECT_EQ(running.get().end, Relay::End::idle);
}

TEST_F(RelayTest, InterruptingResetsThePeer) {
  auto running = start();
  type("x");
  EXPECT_EQ(peer_reads(1), "x");
  relay_->interrupt();
  EXPECT_EQ(running.get().end, Relay::End::interrupted);
  std::array<std::uint8_t, 8> byte;
  const auto end = peer_->read(byte, kSoon);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), Error::reset);
}

TEST_F(RelayTest, ASlowOutputClosesTheWindow) {
  auto running = start();
  // More than the pipe, the relay's buffer and both TCP buffers hold: the peer has to wait.
  const std::string much(2'000'000, 'y');
  std::size_t taken = 0;
  for (;;) {
    const auto n =
        peer_->write({reinterpret_cast<const std::uint8_t*>(much.data()) + taken, much.size() - taken}, 500ms);
    if (!n) {
      EXPECT_EQ(n.error(), Error::timed_out);
      break;
    }
    taken += *n;
    ASSERT_LT(taken, much.size()) << "nothing held the peer back";
  }
  EXPECT_EQ(peer_->info().snd_wnd, 0u);
  std::thread peer([&] {
    peer_says(much.substr(taken));
    ASSERT_TRUE(peer_->shutdown());
  });
  EXPECT_EQ(printed(much.size()), much);
  peer.join();
  EXPECT_EQ(running.get().end, Relay::End::finished);
}

TEST_F(RelayTest, ASlowPeerStopsTheReadingOfTheInput) {
  auto running = start();
  ASSERT_EQ(::fcntl(input_.in.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string block(65536, 'z');
  std::size_t taken = 0;
  for (int silent = 0; silent < 10;) {
    const ssize_t n = ::write(input_.in.get(), block.data(), block.size());
    if (n > 0) {
      taken += static_cast<std::size_t>(n);
      silent = 0;
      ASSERT_LT(taken, 3'000'000u) << "the input is read although the peer takes nothing";
    } else {
      ++silent;
      pollfd room{input_.in.get(), POLLOUT, 0};
      ::poll(&room, 1, 30);
    }
  }
  input_.in.reset();
  EXPECT_EQ(peer_reads(taken), std::string(taken, 'z'));
  ASSERT_TRUE(peer_->shutdown());
  EXPECT_EQ(running.get().end, Relay::End::finished);
}

}  // namespace
}  // namespace leat::command
