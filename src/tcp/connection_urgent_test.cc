// Urgent data (RFC 9293 §3.8.5): it stays in the stream, and both ends know how far it reaches.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

TEST(Urgent, ThePointerLeadsBehindTheUrgentData) {
  Story c;
  c.connect();
  c.write_urgent(5);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 5, .flags = "PU", .urg = 5}));
  c.recv({.seq = 1, .ack = 6});
  c.write(5);
  EXPECT_EQ(c.sent(), (Seg{.seq = 6, .ack = 1, .len = 5, .flags = "P"})) << "urgent no more";
  c.recv({.seq = 1, .ack = 11});
}

TEST(Urgent, AnyLengthIsAnnouncedInEachSegmentUntilItIsAcknowledged) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  Story c(config);
  c.connect();
  c.write_urgent(3000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460, .flags = "U", .urg = 3000}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 1460, .flags = "U", .urg = 1540}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 2921, .ack = 1, .len = 80, .flags = "PU", .urg = 80}));
  c.recv({.seq = 1, .ack = 1461, .len = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 3001, .ack = 2})) << "behind it there is nothing urgent";
  c.recv({.seq = 2, .ack = 3001});
}

TEST(Urgent, FurtherAheadThanThePointerReachesItSaysAsFarAsItCan) {
  StoryConfig config;
  config.peer_window = 2;  // << 7
  Story c(config);
  c.connect();
  c.write_urgent(100000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 256, .flags = "U", .urg = 65535}));
  c.abort();
  c.all_sent();
}

TEST(Urgent, AClosedWindowDoesNotKeepItSecret) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write_urgent(10);
  c.advance(300ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "U", .urg = 10})) << "a probe of its own tells, as Linux's";
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "U", .urg = 11}));
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "PU", .urg = 10}));
  c.recv({.seq = 1, .ack = 11});
}

TEST(Urgent, TheUserIsToldAndMayAskHowMuchIsLeft) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_TRUE(c.connection().readiness() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 4u);
  EXPECT_EQ(c.read(3), 3);
  EXPECT_EQ(c.connection().info().urgent, 1u);
  EXPECT_EQ(c.read(100), 7) << "it stays in the stream";
  EXPECT_EQ(c.connection().info().urgent, 0u);
  EXPECT_FALSE(c.connection().readiness() & kEventUrgent);
}

TEST(Urgent, IsAnnouncedBeforeItsDataArrives) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1000});
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 1000u);
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1000});
  EXPECT_FALSE(c.events() & kEventUrgent) << "nothing new";
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1001});
  EXPECT_TRUE(c.events() & kEventUrgent) << "the pointer moved on";
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 500});
  EXPECT_EQ(c.connection().info().urgent, 1001u) << "and never back";
}

TEST(Urgent, APointerToWhatWasReadIsNoNews) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 100});
  EXPECT_EQ(c.read(100), 100);
  c.all_sent();
  c.events();
  c.recv({.seq = 91, .ack = 1, .len = 11, .flags = "U", .urg = 10});
  EXPECT_FALSE(c.events() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 0u);
  c.all_sent();
}

StoryConfig out_of_band() {
  StoryConfig config;
  config.options.oob_inline = false;
  return config;
}

/// The urgent byte, or -1 - error.
int oob(Story& c, bool take = true) {
  std::uint8_t byte = 0;
  const auto got = c.connection().read_urgent(byte, take);
  if (!got) return -1 - static_cast<int>(got.error());
  return *got == 0 ? -1000 : byte;
}
constexpr int kNone = -1 - static_cast<int>(Error::invalid_argument);
constexpr int kLater = -1 - static_cast<int>(Error::would_block);

/// Bytes as the peer's pattern has them from `pos` on.
std::string pattern(std::int64_t pos, std::size_t n) {
  std::string all;
  for (; n > 0; --n, ++pos) all += static_cast<char>(static_cast<std::uint8_t>(pos * 31 + (pos >> 8)));
  return all;
}

std::string read(Story& c, std::size_t n) {
  std::vector<std::uint8_t> data(n);
  const auto got = c.connection().read(data);
  c.transmit();
  return got ? std::string(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*got)) : "error";
}

std::string peek(Story& c, std::size_t offset, std::size_t n) {
  std::vector<std::uint8_t> data(n);
  const auto got = c.connection().peek(offset, data);
  return got ? std::string(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*got)) : "error";
}

TEST(Mark, AReaderStopsInFrontOfIt) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_FALSE(c.connection().report().at_mark());
  EXPECT_EQ(c.read(100), 3);
  EXPECT_TRUE(c.connection().report().at_mark());
  EXPECT_EQ(c.read(100), 7) << "begins with the urgent byte";
  EXPECT_FALSE(c.connection().report().at_mark());
}

TEST(OutOfBand, TheByteIsReadApartAndLeftOutOfTheStream) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_TRUE(c.connection().readiness() & kEventUrgent);
  EXPECT_EQ(c.connection().report().queued().readable, 3u) << "up to the mark";
  EXPECT_EQ(oob(c, false), static_cast<std::uint8_t>(pattern(4, 1)[0]));
  EXPECT_EQ(oob(c), static_cast<std::uint8_t>(pattern(4, 1)[0]));
  EXPECT_EQ(oob(c), kNone) << "taken";
  EXPECT_FALSE(c.connection().readiness() & kEventUrgent);
  EXPECT_EQ(read(c, 100), pattern(1, 3));
  EXPECT_TRUE(c.connection().report().at_mark());
  EXPECT_EQ(c.connection().report().queued().readable, 0u);
  EXPECT_EQ(read(c, 100), pattern(5, 6));
}

TEST(OutOfBand, AReaderPassesAByteThatNobodyTook) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 4, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_EQ(read(c, 3), pattern(1, 3));
  EXPECT_FALSE(c.connection().readiness() & kEventReadable) << "nothing but the byte";
  EXPECT_EQ(read(c, 3), "error");
  EXPECT_EQ(oob(c), kNone) << "gone (as Linux)";
}

TEST(OutOfBand, AnnouncedIsNotArrived) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 3});
  EXPECT_TRUE(c.events() & kEventUrgent) << "SIGURG";
  EXPECT_FALSE(c.connection().readiness() & kEventUrgent) << "POLLPRI comes with the byte";
  EXPECT_EQ(oob(c), kLater);
  c.recv({.seq = 1, .ack = 1, .len = 3, .flags = "U", .urg = 3});
  c.sent();
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_EQ(oob(c), static_cast<std::uint8_t>(pattern(3, 1)[0]));
}

TEST(OutOfBand, ANewMarkPutsTheOldByteIntoTheStreamUnlessTheReaderIsThere) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 2, .flags = "U", .urg = 2});
  c.recv({.seq = 3, .ack = 1, .len = 2, .flags = "U", .urg = 2});
  c.all_sent();
  EXPECT_EQ(read(c, 100), pattern(1, 3)) << "the first urgent byte is data now";
  c.recv({.seq = 5, .ack = 1, .len = 2, .flags = "U", .urg = 2});
  c.all_sent();
  EXPECT_EQ(read(c, 100), pattern(5, 1)) << "but not the second, at which the reader stood";
  EXPECT_EQ(oob(c), static_cast<std::uint8_t>(pattern(6, 1)[0]));
}

TEST(OutOfBand, TheEndOfTheStreamMovesNoMark) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 3, .flags = "U", .urg = 3});
  c.recv({.seq = 4, .ack = 1, .flags = "F"});
  c.all_sent();
  EXPECT_EQ(c.connection().info().urgent, 3u);
  EXPECT_EQ(c.connection().report().queued().readable, 2u);
  EXPECT_EQ(read(c, 100), pattern(1, 2));
  EXPECT_TRUE(c.connection().report().at_mark());
  EXPECT_EQ(oob(c), static_cast<std::uint8_t>(pattern(3, 1)[0]));
  EXPECT_EQ(read(c, 100), "") << "nothing behind it";
}

TEST(OutOfBand, APointerBehindTheEndNeverFindsItsByte) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 3, .flags = "FU", .urg = 4});
  c.sent();
  EXPECT_FALSE(c.connection().readiness() & kEventUrgent);
  EXPECT_EQ(oob(c), -1000) << "not later: the stream is over";
  EXPECT_EQ(read(c, 100), pattern(1, 3));
  EXPECT_EQ(oob(c), -1000);
  EXPECT_EQ(read(c, 100), "");
}

TEST(OutOfBand, InlineThereIsNone) {
  Story c;
  c.connect();
  EXPECT_EQ(oob(c), kNone);
  c.recv({.seq = 1, .ack = 1, .len = 4, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_EQ(oob(c), kNone);
  EXPECT_EQ(c.connection().report().queued().readable, 4u);
}

TEST(Peek, LeavesEverythingWhereItIs) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 1460});
  c.recv({.seq = 1461, .ack = 1, .len = 1460});
  c.all_sent();
  EXPECT_EQ(peek(c, 0, 10), pattern(1, 10));
  EXPECT_EQ(peek(c, 1455, 100), pattern(1456, 100)) << "across segments";
  EXPECT_EQ(peek(c, 2919, 100), pattern(2920, 1));
  EXPECT_EQ(peek(c, 2920, 100), "error");
  EXPECT_EQ(c.connection().report().queued().readable, 2920u);
  EXPECT_EQ(c.read(3000), 2920);
  c.recv({.seq = 2921, .ack = 1, .flags = "F"});
  c.sent();
  EXPECT_EQ(peek(c, 0, 10), "") << "the end";
}

TEST(Peek, SeesWhatAReaderWouldGet) {
  Story c(out_of_band());
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_EQ(peek(c, 0, 100), pattern(1, 3));
  EXPECT_EQ(peek(c, 2, 100), pattern(3, 1));
  EXPECT_EQ(peek(c, 3, 100), pattern(5, 6)) << "behind the urgent byte";
}

TEST(Queued, CountsWhatIoctlsAsk) {
  StoryConfig config;
  config.peer_window = 1460 >> 7 << 7 >> 7;
  Story c(config);
  c.connect();
  const std::size_t window = c.connection().info().snd_wnd;
  c.write(3000);
  c.all_sent();
  EXPECT_EQ(c.connection().report().queued().unacked, 3000u);
  EXPECT_EQ(c.connection().report().queued().unsent, 3000u - window);
  c.shutdown();
  EXPECT_EQ(c.connection().report().queued().unacked, 3001u) << "a FIN counts";
  c.abort();
  c.all_sent();
  EXPECT_EQ(c.connection().report().queued().unacked, 0u);
}

}  // namespace
}  // namespace leat::testing
