// The effects that ICMP may and may not have on a connection: RFC 9293 §3.9.2.2, RFC 5927.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

constexpr std::uint32_t kIsn = 1000;

StoryConfig known_numbers() {
  StoryConfig config;
  config.our_isn = kIsn;
  return config;
}

PathError about(std::uint32_t seq, Error error) { return {.seq = SeqNum(kIsn + seq), .error = error}; }

TEST(PathErrors, AnyEndsAnAttemptToConnect) {
  for (const Error error : {Error::refused, Error::host_unreachable, Error::network_unreachable}) {
    Story c(known_numbers());
    c.open_active();
    c.sent();
    EXPECT_TRUE(c.connection().on_path_error(about(0, error), c.now()));
    EXPECT_EQ(c.state(), TcpState::closed);
    EXPECT_EQ(c.connection().error(), error);
    c.advance(10min);
    EXPECT_TRUE(c.all_sent().empty());
  }
}

TEST(PathErrors, AnEstablishedConnectionTellsTheLastOneWhenItGivesUp) {
  Story c(known_numbers());
  c.connect();
  c.write(100);
  c.sent();
  EXPECT_TRUE(c.connection().on_path_error(about(1, Error::host_unreachable), c.now()));
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(1h);
  c.all_sent();
  EXPECT_EQ(c.connection().error(), Error::host_unreachable);
}

TEST(PathErrors, NoneEndsAnEstablishedConnection) {
  Story c(known_numbers());
  c.connect();
  c.write(100);
  c.sent();
  EXPECT_TRUE(c.connection().on_path_error(about(1, Error::refused), c.now()));
  EXPECT_EQ(c.state(), TcpState::established);
  c.recv({.seq = 1, .ack = 101});
  c.write(100);
  c.advance(1h);
  c.all_sent();
  EXPECT_EQ(c.connection().error(), Error::timed_out) << "it is forgotten once data gets through";
}

TEST(PathErrors, AboutWhatIsNotInFlightAreForged) {
  Story c(known_numbers());
  c.connect();
  c.write(100);
  c.sent();
  EXPECT_FALSE(c.connection().on_path_error(about(0, Error::refused), c.now()));
  EXPECT_FALSE(c.connection().on_path_error(about(102, Error::refused), c.now()));
  EXPECT_FALSE(c.connection().on_path_error(about(0x80000000u, Error::refused), c.now()));
  c.recv({.seq = 1, .ack = 101});
}

TEST(PathErrors, ASmallerPathMeansSmallerSegmentsAtOnceAndNoCongestion) {
  StoryConfig config = known_numbers();
  config.connection.max_burst = 64000;
  Story c(config);
  c.connect();
  c.write(4000);
  c.all_sent();
  const std::uint32_t cwnd = c.connection().info().snd_cwnd;
  EXPECT_TRUE(c.connection().on_path_error({.seq = SeqNum(kIsn + 1), .mss_limit = 1000}, c.now()));
  c.transmit();
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 4000, .flags = "P"}}));
  EXPECT_EQ(c.connection().info().snd_mss, 1000u);
  EXPECT_EQ(c.connection().info().snd_cwnd, cwnd);
  EXPECT_TRUE(c.connection().on_path_error({.seq = SeqNum(kIsn + 1), .mss_limit = 1400}, c.now()));
  EXPECT_EQ(c.connection().info().snd_mss, 1000u) << "a report never makes segments larger";
  c.recv({.seq = 1, .ack = 4001});
}

TEST(PathErrors, NobodyCanMakeSegmentsTiny) {
  Story c(known_numbers());
  c.connect();
  c.write(1000);
  c.all_sent();
  EXPECT_TRUE(c.connection().on_path_error({.seq = SeqNum(kIsn + 1), .mss_limit = 8}, c.now()));
  c.transmit();
  EXPECT_EQ(c.connection().info().snd_mss, 512u);
  c.all_sent();
  c.recv({.seq = 1, .ack = 1001});
}

TEST(PathErrors, ASmallerPathLearntWhileOpeningCountsFromTheFirstData) {
  Story c(known_numbers());
  c.open_active();
  c.sent();
  EXPECT_TRUE(c.connection().on_path_error({.seq = SeqNum(kIsn), .mss_limit = 1200}, c.now()));
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  c.all_sent();
  EXPECT_EQ(c.connection().info().snd_mss, 1200u);
}

}  // namespace
}  // namespace leat::testing
