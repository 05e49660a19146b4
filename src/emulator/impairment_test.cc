#include "leat/impairment.h"

#include <gtest/gtest.h>

#include <limits>

namespace leat {
namespace {

using namespace std::chrono_literals;

Impairment parsed(std::string_view text) {
  auto got = Impairment::parse(text);
  EXPECT_TRUE(got) << text << ": " << (got ? "" : got.error());
  return got ? *got : Impairment{};
}

TEST(Impairment, ReadsEveryOption) {
  const Impairment i = parsed(
      "loss=5%,burst=3,delay=20ms,jitter=5ms,reorder=1%,duplicate=2%,corrupt=0.1%,rate=10mbit,queue=100,"
      "match=tos:0xa0,seed=7");
  EXPECT_EQ(i.direction, Impairment::Direction::both);
  EXPECT_DOUBLE_EQ(i.loss, 0.05);
  EXPECT_DOUBLE_EQ(i.burst, 3);
  EXPECT_EQ(i.delay, 20ms);
  EXPECT_EQ(i.jitter, 5ms);
  EXPECT_DOUBLE_EQ(i.reorder, 0.01);
  EXPECT_DOUBLE_EQ(i.duplicate, 0.02);
  EXPECT_DOUBLE_EQ(i.corrupt, 0.001);
  EXPECT_EQ(i.rate, 10'000'000u);
  EXPECT_EQ(i.queue_frames, 100u);
  EXPECT_EQ(i.match.tos, 0xa0);
  EXPECT_EQ(i.seed, 7u);
}

TEST(Impairment, ReadsDirections) {
  EXPECT_TRUE(parsed("loss=1%").applies_in() && parsed("loss=1%").applies_out());
  EXPECT_TRUE(parsed("in:loss=1%").applies_in());
  EXPECT_FALSE(parsed("in:loss=1%").applies_out());
  EXPECT_FALSE(parsed("out:loss=1%").applies_in());
}

TEST(Impairment, ReadsUnits) {
  EXPECT_DOUBLE_EQ(parsed("loss=5").loss, 0.05);
  EXPECT_DOUBLE_EQ(parsed("loss=0.05%").loss, 0.0005);
  EXPECT_EQ(parsed("delay=1.5s").delay, 1500ms);
  EXPECT_EQ(parsed("delay=250us").delay, 250us);
  EXPECT_EQ(parsed("delay=0").delay, 0ns);
  EXPECT_EQ(parsed("rate=9600").rate, 9600u);
  EXPECT_EQ(parsed("rate=1.5gbit").rate, 1'500'000'000u);
  EXPECT_EQ(parsed("rate=56kbit,queue=64kB").queue_bytes, 64'000u);
  EXPECT_EQ(parsed("rate=56kbit,queue=1MiB").queue_bytes, 1'048'576u);
  EXPECT_EQ(parsed("rate=56kbit,queue=20p").queue_frames, 20u);
}

TEST(Impairment, ReadsMatches) {
  const FrameMatch m = parsed("loss=1%,match=tos:0xa0/0xfc,match=proto:tcp,match=port:80,match=syn,match=ack").match;
  EXPECT_EQ(m.tos, 0xa0);
  EXPECT_EQ(m.tos_mask, 0xfc);
  EXPECT_EQ(m.protocol, 6);
  EXPECT_EQ(m.port, 80);
  EXPECT_EQ(m.tcp_flags, 0x12);
  EXPECT_EQ(parsed("loss=1%,match=proto:arp").match.ether_type, 0x0806);
  EXPECT_EQ(parsed("loss=1%,match=proto:89").match.protocol, 89);
  EXPECT_EQ(parsed("loss=1%,match=sport:1,match=dport:2").match.destination_port, 2);
  EXPECT_TRUE(parsed("loss=1%,match=data").match.tcp_data);
  EXPECT_TRUE(parsed("loss=1%").match.is_everything());
}

TEST(Impairment, RefusesWithAReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "nothing to impair"},
      {"in:", "nothing to impair"},
      {"loss", "NAME=VALUE"},
      {"loss=", "a percentage"},
      {"loss=101%", "a percentage"},
      {"loss=-1%", "a percentage"},
      {"loss=nan", "a percentage"},
      {"loss=5%%", "a percentage"},
      {"los=5%", "an impairment: loss, burst"},
      {"loss=5%,,delay=1ms", "NAME=VALUE"},
      {"burst=3", "burst needs loss"},
      {"loss=5%,burst=0.5", "at least 1"},
      {"loss=90%,burst=2", "raise burst"},
      {"delay=20", "with its unit"},
      {"delay=20min", "with its unit"},
      {"delay=2000000s", "at most an hour"},
      {"jitter=x", "jitter: \"x\""},
      {"reorder=5%", "reorder needs a delay"},
      {"rate=0", "a rate"},
      {"rate=10mbps", "10mbit"},
      {"rate=9999gbit", "a rate"},
      {"queue=10", "queue needs a rate"},
      {"rate=1mbit,queue=0", "a number of frames"},
      {"rate=1mbit,queue=99999999", "a number of frames"},
      {"rate=1mbit,queue=10x", "a number of frames"},
      {"match=tos:256", "a TOS byte"},
      {"match=tos:1/x", "with a mask"},
      {"match=port:65536", "a port"},
      {"match=proto:frog", "a protocol"},
      {"match=colour:red", "something to match"},
      {"match=SYN", "something to match"},
      {"seed=-1", "a seed"},
      {"out:in:loss=1%", "an impairment"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto got = Impairment::parse(text);
    ASSERT_FALSE(got) << text;
    EXPECT_NE(got.error().find(wanted), std::string::npos) << text << ": " << got.error();
  }
}

TEST(Impairment, ItsTextReadsBack) {
  for (const char* text :
       {"loss=5%", "in:loss=0.1%,burst=2.5", "out:delay=20ms,jitter=1500us,reorder=33.3%,duplicate=7%,corrupt=0.001%",
        "rate=10mbit,queue=100", "rate=2500bit,queue=64000B", "delay=1ns,seed=18446744073709551615",
        "loss=100%,match=tos:0xa0/0xfc,match=proto:arp,match=proto:udp,match=port:53,match=sport:1,match=dport:2",
        "loss=1%,match=syn,match=ack,match=data,seed=0"}) {
    EXPECT_EQ(parsed(text).to_string(), text);
    EXPECT_EQ(parsed(parsed(text).to_string()), parsed(text)) << text;
  }
  EXPECT_EQ(parsed(Impairment{}.to_string()), Impairment{});
}

TEST(Impairment, ChecksValuesThatWereSetByHand) {
  Impairment i;
  EXPECT_TRUE(i.check());
  i.loss = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(i.check());
  i = {.delay = -1ms};
  EXPECT_FALSE(i.check());
  i = {.rate = 1'000'000, .queue_frames = 1, .queue_bytes = 1};
  EXPECT_FALSE(i.check());
}

}  // namespace
}  // namespace leat
