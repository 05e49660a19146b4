// Hosts on a memory link: connections, how they end, and their errors.
#include "leat/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "api/testing/host_pair.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::HostPair;
using testing::kSoon;
using testing::pattern;
using testing::read_exactly;
using testing::read_to_end;

template <class T>
Error error_of(const expected<T, Error>& e) {
  return e ? Error::none : e.error();
}

TEST_F(HostPair, EchoesAMessage) {
  auto [near_end, far_end] = join();
  const auto message = pattern(1000);
  ASSERT_TRUE(near_end.write_all(message));
  const auto there = read_exactly(far_end, message.size());
  ASSERT_TRUE(far_end.write_all(there));
  EXPECT_EQ(read_exactly(near_end, message.size()), message);
  EXPECT_EQ(near_end.remote(), far_end.local());
  EXPECT_EQ(near_end.local(), far_end.remote());
  EXPECT_EQ(far_end.local().address, server_address());
}

TEST_F(HostPair, BigTransfersBothWaysAtOnceArriveWhole) {
  auto [near_end, far_end] = join();
  const auto up = pattern(std::size_t{24} << 20, 1), down = pattern(std::size_t{24} << 20, 2);
  std::thread up_writer([&, &c = near_end] { EXPECT_TRUE(c.write_all(up, kSoon) && c.shutdown()); });
  std::thread down_writer([&, &c = far_end] { EXPECT_TRUE(c.write_all(down, kSoon) && c.shutdown()); });
  std::thread up_reader([&, &c = far_end] { EXPECT_TRUE(read_to_end(c) == up); });
  EXPECT_TRUE(read_to_end(near_end) == down);
  up_writer.join(), down_writer.join(), up_reader.join();
  EXPECT_EQ(near_end.info().bytes_received, down.size());
}

TEST_F(HostPair, HalfCloseLetsTheOtherDirectionGoOn) {
  auto [near_end, far_end] = join();
  ASSERT_TRUE(near_end.write_all(pattern(100)));
  ASSERT_TRUE(near_end.shutdown());
  EXPECT_EQ(read_to_end(far_end), pattern(100));
  ASSERT_TRUE(far_end.write_all(pattern(5000)));
  ASSERT_TRUE(far_end.shutdown());
  EXPECT_EQ(read_to_end(near_end), pattern(5000));
  EXPECT_EQ(error_of(near_end.write(pattern(1))), Error::closed);
  std::uint8_t byte;
  EXPECT_EQ(near_end.read({&byte, 1}).value_or(99), 0u) << "the end of the stream stays";
}

TEST_F(HostPair, FirstDataComesWithTheConnection) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  const auto request = pattern(300);
  auto near_end = client().connect({server_address(), 80}, {.timeout = kSoon, .first_data = request});
  ASSERT_TRUE(near_end);
  auto far_end = listener->accept(kSoon);
  ASSERT_TRUE(far_end);
  EXPECT_EQ(read_exactly(*far_end, 300), request);
  const std::vector<std::uint8_t> too_much(std::size_t{2} << 20);
  EXPECT_EQ(error_of(client().connect({server_address(), 80}, {.first_data = too_much})), Error::no_buffers);
}

TEST_F(HostPair, APortWithoutAListenerRefuses) {
  EXPECT_EQ(error_of(client().connect({server_address(), 81}, {.timeout = kSoon})), Error::refused);
}

TEST_F(HostPair, ConnectingGivesUpInTime) {
  const auto r = client().connect({IpAddress::v4(10, 0, 0, 77), 80}, {.timeout = 30ms});
  EXPECT_EQ(error_of(r), Error::timed_out);
}

TEST_F(HostPair, WithoutARouteTheNetworkIsUnreachable) {
  EXPECT_EQ(error_of(client().connect({IpAddress::v4(192, 0, 2, 1), 80}, {.timeout = kSoon})),
            Error::network_unreachable);
}

TEST_F(HostPair, AReadThatTimesOutHarmsNothing) {
  auto [near_end, far_end] = join();
  std::uint8_t byte = 0;
  EXPECT_EQ(error_of(near_end.read({&byte, 1}, 10ms)), Error::timed_out);
  EXPECT_EQ(error_of(near_end.read({&byte, 1}, 0ms)), Error::timed_out);
  EXPECT_EQ(error_of(near_end.read({&byte, 1}, -1s)), Error::timed_out);
  ASSERT_TRUE(far_end.write_all(pattern(1)));
  EXPECT_EQ(near_end.read({&byte, 1}, Duration::max()).value_or(0), 1u);
  EXPECT_EQ(byte, pattern(1)[0]);
}

TEST_F(HostPair, AnEmptyReadOrWriteCompletesAtOnce) {
  auto [near_end, far_end] = join();
  EXPECT_EQ(near_end.read({}).value_or(99), 0u);
  EXPECT_EQ(near_end.write({}).value_or(99), 0u);
}

TEST_F(HostPair, AWriterWaitsForAReaderThatIsLate) {
  auto [near_end, far_end] = join();
  const auto data = pattern(std::size_t{8} << 20);  // more than both buffers
  std::size_t written = 0;
  for (;;) {
    const auto n = near_end.write(std::span(data).subspan(written), 50ms);
    if (!n) {
      EXPECT_EQ(n.error(), Error::timed_out);
      break;
    }
    written += *n;
    ASSERT_LT(written, data.size()) << "nobody reads, and yet all was taken";
  }
  std::thread writer(
      [&, &c = near_end] { EXPECT_TRUE(c.write_all(std::span(data).subspan(written), kSoon) && c.shutdown()); });
  EXPECT_TRUE(read_to_end(far_end) == data);
  writer.join();
}

TEST_F(HostPair, AbortIsAResetForTheOtherSide) {
  auto [near_end, far_end] = join();
  near_end.abort();
  std::uint8_t byte;
  EXPECT_EQ(error_of(far_end.read({&byte, 1}, kSoon)), Error::reset);
  EXPECT_EQ(error_of(near_end.read({&byte, 1})), Error::closed);
  EXPECT_EQ(near_end.info().state, TcpState::closed);
}

TEST_F(HostPair, CloseWaitsUntilAllIsAcknowledged) {
  auto [near_end, far_end] = join();
  ASSERT_TRUE(near_end.write_all(pattern(60000)));
  const auto closed = near_end.close(kSoon);
  ASSERT_TRUE(closed);
  EXPECT_TRUE(*closed);
  EXPECT_EQ(read_to_end(far_end), pattern(60000)) << "delivered though its sender has let go";
  EXPECT_EQ(error_of(near_end.close()), Error::closed);
}

TEST_F(HostPair, CloseDoesNotWaitLongerThanAsked) {
  auto [near_end, far_end] = join();
  std::size_t queued = 0;
  while (auto n = near_end.write(pattern(65536), 50ms)) queued += *n;
  ASSERT_GT(queued, 0u);
  const auto closed = near_end.close(20ms);  // the window of the reader is closed
  ASSERT_TRUE(closed);
  EXPECT_FALSE(*closed);
  EXPECT_EQ(read_to_end(far_end).size(), queued) << "it goes on in the background";
}

TEST_F(HostPair, ClosingWithUnreadDataResets) {
  auto [near_end, far_end] = join();
  ASSERT_TRUE(near_end.write_all(pattern(10)));
  std::uint8_t byte;
  ASSERT_TRUE(far_end.read({&byte, 1}, kSoon));
  const auto closed = far_end.close(kSoon);
  ASSERT_TRUE(closed);
  EXPECT_FALSE(*closed);
  EXPECT_EQ(error_of(near_end.read({&byte, 1}, kSoon)), Error::reset);
}

TEST_F(HostPair, DestroyingAConnectionClosesItInTheBackground) {
  auto [near_end, far_end] = join();
  {
    Connection gone = std::move(near_end);
    ASSERT_TRUE(gone.write_all(pattern(50000)));
  }
  EXPECT_EQ(read_to_end(far_end), pattern(50000));
}

TEST_F(HostPair, AcceptGivesUpInTimeAndADestroyedListenerResets) {
  auto listener = server().listen({server_address(), 80});
  ASSERT_TRUE(listener);
  EXPECT_EQ(error_of(listener->accept(10ms)), Error::timed_out);
  auto near_end = client().connect({server_address(), 80}, {.timeout = kSoon});
  ASSERT_TRUE(near_end);
  { const Listener gone = std::move(*listener); }
  std::uint8_t byte;
  EXPECT_EQ(error_of(near_end->read({&byte, 1}, kSoon)), Error::reset);
  EXPECT_EQ(error_of(client().connect({server_address(), 80}, {.timeout = kSoon})), Error::refused);
}

TEST_F(HostPair, OnePortOneListener) {
  const auto first = server().listen({server_address(), 80});
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of(server().listen({IpAddress::any_v4(), 80})), Error::address_in_use);
  const auto any = server().listen({server_address(), 0});
  ASSERT_TRUE(any);
  EXPECT_NE(any->local().port, 0);
}

TEST_F(HostPair, CountersAndLinkTellWhatHappened) {
  join();
  EXPECT_EQ(client().counters()[Counter::TcpActiveOpens], 1u);
  EXPECT_EQ(server().counters()[Counter::TcpPassiveOpens], 1u);
  const LinkInfo link = client().link();
  EXPECT_EQ(link.name, link_name());
  EXPECT_EQ(link.mac.bytes[0] & 3, 2) << "a station of local administration";
  EXPECT_NE(link.mac, server().link().mac);
  EXPECT_EQ(link.mtu, 1500u);
  EXPECT_GE(link.tx_packets, 2u);
  EXPECT_FALSE(client().failure());
}

TEST_F(HostPair, InfoOfAConnection) {
  auto [near_end, far_end] = join();
  ASSERT_TRUE(near_end.write_all(pattern(1000)));
  (void)read_exactly(far_end, 1000);
  const TcpInfo info = near_end.info();
  EXPECT_EQ(info.state, TcpState::established);
  EXPECT_EQ(info.bytes_sent, 1000u);
  EXPECT_EQ(info.congestion_control, "cubic");
  EXPECT_EQ(far_end.info().bytes_received, 1000u);
}

}  // namespace
}  // namespace leat
