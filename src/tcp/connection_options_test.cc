// Settings that change while a connection is open, and which of them act at once.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

constexpr KeepAlive kMinute{.idle = 60s, .interval = 10s, .probes = 3};

TEST(ChangedOptions, KeepAliveSwitchedOnCountsFromThen) {
  Story c;
  c.connect();
  c.advance(10h);
  c.set([](TcpSettings& o) { o.keep_alive = kMinute; });
  c.advance(59999ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  c.recv({.seq = 1, .ack = 1});
}

TEST(ChangedOptions, AnotherIdleTimeCountsFromTheLastSign) {
  StoryConfig config;
  config.options.keep_alive = KeepAlive{};
  Story c(config);
  c.connect();
  c.advance(50s);
  c.set([](TcpSettings& o) { o.keep_alive = kMinute; });
  c.advance(9999ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  c.recv({.seq = 1, .ack = 1});
  c.advance(30s);
  c.set([](TcpSettings& o) { o.keep_alive->idle = 20s; });
  c.advance(0s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1})) << "it has been silent for longer than that already";
  c.recv({.seq = 1, .ack = 1});
}

TEST(ChangedOptions, KeepAliveSwitchedOffIsOff) {
  StoryConfig config;
  config.options.keep_alive = kMinute;
  Story c(config);
  c.connect();
  c.advance(60s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  c.set([](TcpSettings& o) { o.keep_alive.reset(); });
  c.advance(10h);
  c.sent_nothing();
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(KeepAlive, EndsWithTheConnectionOfASimultaneousClose) {
  StoryConfig config;
  config.options.keep_alive = kMinute;
  Story c(config);
  c.connect();
  c.shutdown();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "F"}));
  c.recv({.seq = 1, .ack = 1, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .ack = 2}));
  c.recv({.seq = 2, .ack = 2});
  EXPECT_EQ(c.state(), TcpState::time_wait);
  c.advance(10h);
  c.sent_nothing();
  EXPECT_EQ(c.connection().error(), Error::none);
}

TEST(KeepAlive, DoesNotKeepWhoLingersInFinWait2) {
  StoryConfig config;
  config.options.keep_alive = kMinute;
  config.options.fin_wait_2 = 90s;
  Story c(config);
  c.connect();
  c.close();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "F"}));
  c.recv({.seq = 1, .ack = 2});
  EXPECT_EQ(c.state(), TcpState::fin_wait_2);
  c.advance(89s);
  c.sent_nothing();
  EXPECT_EQ(c.state(), TcpState::fin_wait_2);
  c.advance(2s);
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ChangedOptions, TheUsersTimeOutCountsWithTheNextExpiry) {
  WithoutSack c;
  c.connect();
  c.write(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  c.set([](TcpSettings& o) { o.user_timeout = 500ms; });
  c.advance(499ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"})) << "the first time-out, after 200 ms";
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(1ms);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
}

TEST(ChangedOptions, AnotherCongestionControlGoesOnFromTheSameWindow) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  Story c(config);
  c.connect();
  c.write(100'000);
  c.all_sent();
  c.recv({.seq = 1, .ack = 14601});
  c.all_sent();
  const TcpInfo before = c.connection().info();
  EXPECT_EQ(before.congestion_control, "cubic");
  c.set([](TcpSettings& o) { o.congestion_control = "aimd"; });
  EXPECT_EQ(c.connection().info().congestion_control, "aimd");
  EXPECT_EQ(c.connection().info().snd_cwnd, before.snd_cwnd);
  c.set([](TcpSettings& o) { o.congestion_control = "reno"; });
  EXPECT_EQ(c.connection().info().snd_cwnd, before.snd_cwnd);
  c.abort();
  c.all_sent();
}

TEST(ChangedOptions, ThresholdOfALossIsPassedOn) {
  WithoutSack c;
  c.connect();
  c.write(20'000);
  c.all_sent();
  for (int i = 0; i < 3; ++i) c.recv({.seq = 1, .ack = 1});
  const std::uint32_t ssthresh = c.connection().info().snd_ssthresh;
  EXPECT_LT(ssthresh, 20'000u);
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::recovery);
  c.set([](TcpSettings& o) { o.congestion_control = "aimd"; });
  EXPECT_EQ(c.connection().info().snd_ssthresh, CongestionController::kNoThreshold) << "it has none";
  c.abort();
  c.all_sent();
}

TEST(ChangedOptions, ALargerSendBufferWakesTheWriter) {
  StoryConfig config;
  config.options.send_buffer = 4096;
  config.peer_window = 0;
  Story c(config);
  c.connect();
  EXPECT_EQ(c.write(10'000), 4096u);
  c.events();
  EXPECT_FALSE(c.connection().readiness() & kEventWritable);
  c.set([](TcpSettings& o) { o.send_buffer = 20'000; });
  EXPECT_TRUE(c.events() & kEventWritable);
  EXPECT_TRUE(c.connection().readiness() & kEventWritable);
  EXPECT_EQ(c.write(20'000), 20'000u - 4096);
  c.abort();
  c.all_sent();
}

TEST(WindowClamp, BoundsTheWindowFromTheSynOn) {
  StoryConfig config;
  config.options.window_clamp = 3000;
  Story c(config);
  c.open_active();
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S", .win = 2 * 1460}));
  EXPECT_EQ(c.syn_options().window_scale, 0);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .win = 2 * 1460}));
}

TEST(WindowClamp, TakesNothingBackThatWasOffered) {
  Story c;
  c.connect();
  const std::uint32_t offered = c.connection().info().rcv_wnd;
  c.set([](TcpSettings& o) { o.window_clamp = 5000; });
  c.recv({.seq = 1, .ack = 1, .len = 1460});
  c.sent();
  EXPECT_GE(c.connection().info().rcv_wnd, offered - 1460);
  EXPECT_LT(c.connection().info().rcv_wnd, offered - 1460 + 1024) << "rounded up to what the scale can say";
  c.read(1460);
  std::int64_t next = 1461;
  while (next < offered) {
    c.recv({.seq = next, .ack = 1, .len = 14'600});
    next += 14'600;
    c.read(14'600);
    c.all_sent();
  }
  EXPECT_LE(c.connection().info().rcv_wnd, 5000u);
  EXPECT_GT(c.connection().info().rcv_wnd, 3000u);
}

TEST(SendBuffer, ThatShrinksBelowItsContentsTellsWhenThereIsRoomAgain) {
  Story c;
  c.connect();
  EXPECT_EQ(c.write(50'000), 50'000u);
  EXPECT_TRUE(c.connection().readiness() & kEventWritable);
  TcpSettings options;
  options.send_buffer = 4096;
  c.connection().set_options(TcpSettingsRef(options), c.now());
  EXPECT_FALSE(c.connection().readiness() & kEventWritable);
  c.all_sent();
  c.events();
  for (std::int64_t acked = 1; acked < 50'001;) {
    acked = std::min<std::int64_t>(acked + 14'600, 50'001);
    c.recv({.seq = 1, .ack = acked});
    c.all_sent();
  }
  EXPECT_TRUE(c.events() & kEventWritable);
}

TEST(NotsentLowat, BoundsWhatWaitsToBeSent) {
  StoryConfig config;
  config.options.notsent_lowat = 3000;
  config.peer_window = 0;
  Story c(config);
  c.connect();
  EXPECT_TRUE(c.connection().readiness() & kEventWritable);
  EXPECT_EQ(c.write(100'000), 3u * 1460) << "up to a whole segment";
  EXPECT_EQ(c.write(1), 0u);
  EXPECT_FALSE(c.connection().readiness() & kEventWritable);
  c.events();
  c.recv({.seq = 1, .ack = 1, .win = 1460 >> 7});
  EXPECT_FALSE(c.events() & kEventWritable) << "more than half of it waits still";
  c.all_sent();
  c.recv({.seq = 1, .ack = 1, .win = 4380 >> 7});
  c.all_sent();
  EXPECT_TRUE(c.events() & kEventWritable) << "sending is enough, it need not be acknowledged";
  EXPECT_TRUE(c.connection().readiness() & kEventWritable);
  c.abort();
  c.all_sent();
}

TEST(QuickAck, TheStartIsQuickAndAnAnswerEndsIt) {
  Story c;
  c.accept();
  EXPECT_TRUE(c.connection().info().quick_ack);
  c.recv({.seq = 1, .ack = 1, .len = 100, .flags = "P"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101}));
  c.read(100);
  c.write(50);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .len = 50, .flags = "P"}));
  EXPECT_FALSE(c.connection().info().quick_ack) << "question and answer";
  c.recv({.seq = 101, .ack = 51, .len = 100, .flags = "P"});
  c.read(100);
  c.sent_nothing();
  c.advance(40ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 51, .ack = 201}));
  EXPECT_TRUE(c.connection().info().quick_ack) << "no answer came";
}

TEST(QuickAck, SettingItAcknowledgesWhatWaits) {
  StoryConfig config;
  config.options.quick_ack = false;
  Story c(config);
  c.accept();
  c.recv({.seq = 1, .ack = 1, .len = 100, .flags = "P"});
  c.sent_nothing();
  c.connection().set_quick_ack(true);
  c.transmit();
  c.sent_nothing();  // the data is unread, so an answer may carry the ACK
  c.read(100);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101})) << "now nobody is about to answer";
  c.set([](TcpSettings& o) { o.quick_ack = true; });
  EXPECT_TRUE(c.connection().info().quick_ack);
}

TEST(QuickAck, SwitchedOffTheAckOfTheHandshakeWaitsForData) {
  StoryConfig config;
  config.options.quick_ack = false;
  Story c(config);
  c.open_active();
  c.sent();
  c.advance(10ms);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(199ms);
  c.sent_nothing();
  c.write(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  c.recv({.seq = 1, .ack = 11});
}

TEST(QuickAck, SwitchedOffTheHandshakeIsCompletedInTheEnd) {
  StoryConfig config;
  config.options.quick_ack = false;
  Story c(config);
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  c.advance(200ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
}

TEST(Info, TellsWhenWhatWasLastSeen) {
  Story c;
  c.open_active();
  c.sent();
  EXPECT_FALSE(c.connection().info().last_data_recv);
  EXPECT_FALSE(c.connection().info().last_ack_recv);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  c.sent();
  c.advance(1s);
  const Instant then = c.now();
  c.recv({.seq = 1, .ack = 1, .len = 10});
  c.sent();
  c.advance(1s);
  c.write(10);
  c.sent();
  const TcpInfo info = c.connection().info();
  EXPECT_EQ(info.last_data_recv, then);
  EXPECT_EQ(info.last_ack_recv, then);
  EXPECT_EQ(info.last_data_sent, then + 1s);
  EXPECT_EQ(info.ca_state, CongestionState::open);
  EXPECT_EQ(info.reordering, 3u);
  EXPECT_EQ(info.ato, 40ms);
  c.recv({.seq = 11, .ack = 11});
}

TEST(Info, TellsWhatIsLost) {
  WithoutSack c;
  c.connect();
  c.write(2920);
  c.all_sent();
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::disorder);
  c.advance(300ms);
  EXPECT_EQ(c.all_sent().size(), 1u);
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::loss);
  EXPECT_EQ(c.connection().info().lost, 2920u);
  EXPECT_EQ(c.connection().info().resent, 1460u) << "one of the two was sent again";
  c.recv({.seq = 1, .ack = 2921});
  EXPECT_EQ(c.connection().info().lost, 0u);
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::loss) << "until more than that is acknowledged";
  c.write(10);
  c.sent();
  c.recv({.seq = 1, .ack = 2931});
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
}

}  // namespace
}  // namespace leat::testing
