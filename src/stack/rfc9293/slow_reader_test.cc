// The story of an old system: 1 MB to send, a send buffer of 2 kB, MSS 512, a receive window of 1024 bytes, and a
// reader that never reads. Then it reads.
#include "stack/testing/link.h"

namespace leat::testing {
namespace {

constexpr std::size_t kTotal = 1'000'000;

std::uint8_t pattern(std::size_t position) { return static_cast<std::uint8_t>(position * 31 + (position >> 8)); }

class Writer {
 public:
  Writer(Link& link, SocketHandle socket) : link_(link), socket_(socket) {}
  void write_what_fits() {
    while (written_ < kTotal) {
      std::uint8_t piece[700];
      const std::size_t size = std::min(sizeof piece, kTotal - written_);
      for (std::size_t i = 0; i < size; ++i) piece[i] = pattern(written_ + i);
      const auto taken = link_.near().write(socket_, Bytes(piece, size), link_.now());
      if (!taken) {
        EXPECT_EQ(taken.error(), Error::would_block);
        return;
      }
      written_ += *taken;
    }
  }
  std::size_t written() const { return written_; }

 private:
  Link& link_;
  SocketHandle socket_;
  std::size_t written_ = 0;
};

TEST(SlowReader, AReaderThatNeverReadsLosesNothingAndThenGetsAll) {
  TcpSettings options;
  options.mss = 512;
  options.send_buffer = 2048;
  options.receive_buffer = 1024;
  Link link(options);
  const Link::Pair pair = link.connect();
  Writer writer(link, pair.near);

  writer.write_what_fits();
  link.run(1s);
  writer.write_what_fits();
  EXPECT_EQ(writer.written(), 1000u + 2048u) << "the window, then the buffer";

  // A day. The window is probed all the time, at least every two minutes, and the connection stays.
  for (int hours = 0; hours < 24; ++hours) {
    const std::uint64_t before = link.near().counters()[Counter::TcpExtTCPWinProbe];
    link.run(1h);
    writer.write_what_fits();
    EXPECT_GE(link.near().counters()[Counter::TcpExtTCPWinProbe] - before, 29u) << "hour " << hours;
  }
  EXPECT_EQ(writer.written(), 1000u + 2048u);
  EXPECT_EQ(link.near().info(pair.near)->state, TcpState::established);
  EXPECT_EQ(link.far().info(pair.far)->unread, 1000u);

  // The reader wakes up.
  std::size_t read = 0;
  const Instant begun = link.now();
  while (read < kTotal && link.now() - begun < 10h) {
    std::uint8_t piece[333];
    const auto n = link.far().read(pair.far, piece, link.now());
    for (std::size_t i = 0; n && i < *n; ++i) ASSERT_EQ(piece[i], pattern(read + i)) << "byte " << read + i;
    if (n) read += *n;
    link.run(n ? 0ms : 1ms);
    writer.write_what_fits();
  }
  EXPECT_EQ(read, kTotal);
  EXPECT_EQ(writer.written(), kTotal);
  EXPECT_EQ(link.near().info(pair.near)->bytes_retrans, 0u) << "nothing was lost, so nothing is sent twice";
  EXPECT_LT(link.now() - begun, 60s) << "and no timer had to help after the first window update";
}

TEST(SlowReader, AWindowUpdateThatIsLostIsFoundByAProbe) {
  TcpSettings options;
  options.mss = 512;
  options.receive_buffer = 1024;
  Link link(options);
  const Link::Pair pair = link.connect();
  Writer writer(link, pair.near);
  writer.write_what_fits();
  link.run(10s);
  int lost = 0;
  link.set_filter([&](int to, std::vector<std::uint8_t>&) { return to != 0 || ++lost == 0; });
  EXPECT_EQ(link.read_all(link.far(), pair.far).size(), 1000u);
  link.run(10ms);
  EXPECT_EQ(lost, 1) << "the update";
  EXPECT_EQ(link.far().info(pair.far)->unread, 0u) << "nothing more comes for now";
  link.set_filter({});
  link.run(120s);
  EXPECT_EQ(link.far().info(pair.far)->unread, 1000u);
}

}  // namespace
}  // namespace leat::testing
