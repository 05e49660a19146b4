// The effects of a connection's settings: keep-alive, the user time-out, retries, delayed ACKs, PSH.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

StoryConfig with_keep_alive() {
  StoryConfig config;
  config.options.keep_alive = KeepAlive{.idle = 60s, .interval = 10s, .probes = 3};
  return config;
}

TEST(KeepAlive, IsOffByDefault) {
  Story c;
  c.connect();
  c.advance(100h);
  c.sent_nothing();
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(KeepAlive, ProbesASilentPeerAndIsContentWithAnAnswer) {
  Story c(with_keep_alive());
  c.connect();
  for (int i = 0; i < 20; ++i) {
    c.advance(59999ms);
    c.sent_nothing();
    c.advance(1ms);
    EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1})) << "a number before SND.NXT, that whoever is alive must answer";
    c.recv({.seq = 1, .ack = 1});
  }
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(KeepAlive, GivesUpAfterSeveralProbesNotAfterOne) {
  Story c(with_keep_alive());
  c.connect();
  c.advance(60s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  for (int i = 0; i < 2; ++i) {
    c.advance(10s);
    EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  }
  c.advance(9999ms);
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(1ms);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "R"}));
}

TEST(KeepAlive, DataFromThePeerPutsItOff) {
  Story c(with_keep_alive());
  c.connect();
  for (int i = 0; i < 10; ++i) {
    c.advance(40s);
    c.recv({.seq = 1 + i, .ack = 1, .len = 1});
    EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 2 + i}));
  }
  c.advance(60s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 11}));
  c.recv({.seq = 11, .ack = 1, .flags = "R"});
}

TEST(KeepAlive, IsSilentWhileDataIsOutstanding) {
  Story c(with_keep_alive());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(100);
  for (int i = 0; i < 30; ++i) {
    c.advance(30s);
    for (const Seg& s : c.all_sent()) EXPECT_EQ(s, (Seg{.seq = 0, .ack = 1})) << "the persist timer's";
    c.recv({.seq = 1, .ack = 1, .win = 0});
  }
  EXPECT_EQ(c.state(), TcpState::established);
  c.abort();
  c.all_sent();
}

TEST(KeepAlive, WithAUserTimeoutThatDecides) {
  StoryConfig config = with_keep_alive();
  config.options.user_timeout = 75s;
  Story c(config);
  c.connect();
  c.advance(60s);
  c.advance(10s);
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(10s);
  EXPECT_EQ(c.state(), TcpState::closed) << "heard of 80 s ago";
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(UserTimeout, EndsAConnectionWhoseDataIsNotAcknowledgedInTime) {
  StoryConfig config;
  config.options.user_timeout = 10s;
  Story c(config);
  c.connect();
  c.advance(1h);
  EXPECT_EQ(c.state(), TcpState::established) << "idleness is no reason";
  c.write(100);
  c.advance(9999ms);
  EXPECT_EQ(c.state(), TcpState::established);
  EXPECT_GT(c.all_sent().size(), 3u);
  c.advance(1ms);
  EXPECT_EQ(c.state(), TcpState::closed) << "punctually, not at the next time-out";
  EXPECT_EQ(c.connection().error(), Error::timed_out);
}

TEST(UserTimeout, StartsAnewWithEachProgress) {
  StoryConfig config;
  config.options.user_timeout = 10s;
  Story c(config);
  c.connect();
  c.write(2000);
  c.advance(9s);
  c.recv({.seq = 1, .ack = 1001});
  c.advance(9s);
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(1s);
  EXPECT_EQ(c.state(), TcpState::closed);
  c.all_sent();
}

TEST(UserTimeout, BoundsAConnectionThatWaitsForWindow) {
  StoryConfig config;
  config.options.user_timeout = 30s;
  Story c(config);
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(100);
  for (int i = 0; i < 29; ++i) {
    c.advance(1s);
    c.recv({.seq = 1, .ack = 1, .win = 0});
  }
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(1s);
  EXPECT_EQ(c.state(), TcpState::closed) << "although the peer answers: the data does not get there";
  c.all_sent();
}

TEST(UserTimeout, BoundsOpening) {
  StoryConfig config;
  config.options.user_timeout = 5s;
  Story c(config);
  c.open_active();
  c.advance(4999ms);
  EXPECT_EQ(c.state(), TcpState::syn_sent);
  c.advance(1ms);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(Retries, SayWhenDataIsGivenUp) {
  StoryConfig config;
  config.options.retries = 3;
  Story c(config);
  c.connect();
  c.write(100);
  c.advance(2s);
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(10s);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  for (const Seg& s : c.all_sent()) EXPECT_EQ(s.len, 100u) << "and no RST: nobody is there to hear it";
}

TEST(HalfOpen, MayEndWithARst) {
  for (const bool reset : {false, true}) {
    StoryConfig config;
    config.options.syn_ack_retries = 2;
    config.options.reset_half_open = reset;
    Story c(config);
    c.accept_half();
    c.advance(6999ms);
    EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"}));
    EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"}));
    c.sent_nothing();
    c.advance(1ms);
    EXPECT_EQ(c.state(), TcpState::closed);
    if (reset) {
      EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "R"}));
    }
  }
}

TEST(DelayedAck, WaitsAsLongAsItIsTold) {
  StoryConfig config;
  config.options.delayed_ack = 200ms;
  Story c(config);
  c.connect();
  for (int i = 0; i < 16; ++i) c.recv({.seq = 1 + i * 10, .ack = 1, .len = 10});  // quick ACKs of the beginning
  c.all_sent();
  c.recv({.seq = 161, .ack = 1, .len = 10});
  c.advance(199ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 171}));
}

TEST(Push, EndsABurstOrStandsInEachSegment) {
  for (const bool each : {false, true}) {
    StoryConfig config;
    config.options.push_each_segment = each;
    config.connection.max_burst = 64000;
    Story c(config);
    c.connect();
    c.write(3 * 1460);
    if (each) {
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(c.sent(), (Seg{.seq = 1 + i * 1460, .ack = 1, .len = 1460, .flags = "P"}));
      }
    } else {
      EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 3 * 1460, .flags = "P"}}));
    }
    c.recv({.seq = 1, .ack = 1 + 3 * 1460});
  }
}

TEST(Push, MarksTheEndOfAWriteAlsoWhenMoreWasWrittenMeanwhile) {
  StoryConfig config;
  config.peer_scale = 0;
  config.peer_window = 60000;
  config.connection.max_burst = 64000;
  config.options.send_buffer = 1 << 20;
  Story c(config);
  c.connect();
  c.write(14600);  // the whole initial window
  c.all_sent();
  c.write(65536);
  c.write(60000);  // another block
  for (std::int64_t end = 1; end < 14601; end += 1460) c.recv({.seq = 1, .ack = end + 1460});
  std::vector<std::int64_t> pushed;
  for (std::int64_t acked = 14601; acked < 140136;) {
    std::int64_t sent = acked;
    for (Seg s = c.sent(); s.flags != "(nothing)"; s = c.sent()) {
      sent = s.seq + s.len;
      if (s.flags == "P") pushed.push_back(sent);
    }
    ASSERT_GT(sent, acked) << c.so_far();
    acked = sent;
    c.recv({.seq = 1, .ack = acked});
  }
  EXPECT_EQ(pushed.back(), 140137);
  EXPECT_GE(pushed.size(), 2u) << "not only where the buffer was empty" << c.so_far();
}

}  // namespace
}  // namespace leat::testing
