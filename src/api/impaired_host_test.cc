// Hosts on a faulty link: the faults of HostConfig::impairments occur, and TCP repairs them.
#include <gtest/gtest.h>

#include <thread>

#include "api/testing/host_pair.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::HostPair;
using testing::kSoon;
using testing::pattern;
using testing::read_to_end;

class ImpairedHost : public HostPair {
 protected:
  /// Opens the client again on a faulty link.
  void impair_client(const std::vector<std::string>& texts) {
    client_.reset();
    HostConfig c = config(link_name(), 1);
    for (const std::string& text : texts) c.impairments.push_back(*Impairment::parse(text));
    auto host = Host::open(c);
    ASSERT_TRUE(host) << host.error().message;
    client_ = std::move(*host);
  }
};

TEST_F(ImpairedHost, TransfersBothWaysArriveWhole) {
  impair_client({"delay=2ms,jitter=500us,loss=2%,reorder=5%,duplicate=2%,corrupt=1%,seed=3", "rate=200mbit"});
  auto [near_end, far_end] = join();
  const auto up = pattern(200'000, 1), down = pattern(200'000, 2);
  std::thread up_writer([&, &c = near_end] { EXPECT_TRUE(c.write_all(up, kSoon) && c.shutdown()); });
  std::thread down_writer([&, &c = far_end] { EXPECT_TRUE(c.write_all(down, kSoon) && c.shutdown()); });
  std::thread up_reader([&, &c = far_end] { EXPECT_TRUE(read_to_end(c) == up); });
  EXPECT_TRUE(read_to_end(near_end) == down);
  up_writer.join(), down_writer.join(), up_reader.join();

  const auto reports = client().link().impairments;
  ASSERT_EQ(reports.size(), 4u);
  for (const ImpairmentReport& r : reports) EXPECT_GT(r.counters.frames, 100u);
  EXPECT_EQ(reports[0].impairment.direction, Impairment::Direction::in);
  EXPECT_EQ(reports[0].impairment.seed, 3u);
  EXPECT_EQ(reports[3].impairment.direction, Impairment::Direction::out);
  EXPECT_GT(reports[0].counters.lost + reports[2].counters.lost, 0u);
  const auto damaged = reports[0].counters.corrupted + reports[2].counters.corrupted;
  EXPECT_GT(damaged, 0u);
  const Counters at_client = client().counters(), at_server = server().counters();
  std::uint64_t noticed = 0;
  for (const Counters* c : {&at_client, &at_server}) {
    for (const DropReason r :
         {DropReason::IP_CSUM, DropReason::IP_INHDR, DropReason::TCP_CSUM, DropReason::PKT_TOO_SMALL}) {
      noticed += (*c)[r];
    }
  }
  EXPECT_GT(noticed, 0u);
  EXPECT_LE(noticed, damaged);
}

TEST_F(ImpairedHost, NothingComesThroughATotalLoss) {
  impair_client({"out:loss=100%,match=syn"});
  const auto conn = client().connect({server_address(), 80}, {.timeout = 50ms});
  ASSERT_FALSE(conn);
  EXPECT_EQ(conn.error(), Error::timed_out);
  EXPECT_EQ(client().link().impairments.at(0).counters.lost, 1u);
}

TEST_F(ImpairedHost, SenselessImpairmentsAreRefused) {
  HostConfig c = config(link_name() + "x", 1);
  c.impairments.push_back({.reorder = 0.5});
  const auto host = Host::open(c);
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, Error::invalid_argument);
  EXPECT_NE(host.error().message.find("reorder needs a delay"), std::string::npos) << host.error().message;
}

}  // namespace
}  // namespace leat
