#include "lab/lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lab/testing/support.h"

namespace leat::lab {
namespace {

using testing::answer_one_datagram;
using testing::exchange_datagram;
using ::testing::HasSubstr;

void expect_near_reaches_far(const Lab& lab) {
  testing::expect_exchange(
      lab, kNear, [] { return exchange_datagram(Lab::kFarAddress); }, kFar, answer_one_datagram);
  const auto counters = lab.counters();
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_GE(counters->seen_out, 1u);
  EXPECT_GE(counters->seen_back, 1u);
}

TEST(LabTest, NearReachesFarThroughTheMiddle) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  EXPECT_EQ(lab.is_rootless(), ::geteuid() != 0);
  expect_near_reaches_far(lab);
}

TEST(LabTest, WorksForAnOrdinaryUser) {
  testing::as_ordinary_user([] {
    LabConfig config;
    config.loss = {.out = 20, .back = 0};
    LEAT_LAB_OR_SKIP(lab, config);
    EXPECT_TRUE(lab.is_rootless());
    expect_near_reaches_far(lab);
    auto sender = lab.run_inside(kNear, [] { return testing::send_datagrams(Lab::kFarAddress, 300); });
    ASSERT_TRUE(sender && sender->wait().success());
    const auto counters = lab.counters();
    ASSERT_TRUE(counters) << counters.error().message;
    EXPECT_GT(counters->lost_out, 0u);
  });
}

TEST(LabTest, HasNoLeatAddressInAnyKernel) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  for (const Place place : {kNear, kMiddle, kFar}) {
    const auto listing = lab.run_tool(place, {"ip", "-br", "addr"});
    ASSERT_TRUE(listing) << listing.error().message;
    for (const LinkKind kind : {LinkKind::packet, LinkKind::tap, LinkKind::tun}) {
      EXPECT_THAT(*listing, ::testing::Not(HasSubstr(lab.leat_host(kind).address)));
    }
  }
}

TEST(LabTest, ClientsReachFarAndNear) {
  LabConfig config;
  config.clients = 2;
  LEAT_LAB_OR_SKIP(lab, config);
  EXPECT_EQ(Lab::client_address(1), "10.77.2.11");
  testing::expect_exchange(
      lab, client_place(0), [] { return exchange_datagram(Lab::kFarAddress); }, kFar, answer_one_datagram);
  testing::expect_exchange(
      lab, client_place(1), [] { return exchange_datagram(Lab::kNearKernelAddress); }, kNear, answer_one_datagram);
  testing::expect_exchange(
      lab, kNear, [] { return exchange_datagram(Lab::client_address(1)); }, client_place(1), answer_one_datagram);
}

TEST(LabTest, RefusesWhatItCannotBuild) {
  LabConfig many;
  many.clients = kMaxClients + 1;
  EXPECT_FALSE(Lab::create(many));
}

TEST(LabTest, FallsBackToPacketWithAReason) {
  LabConfig config;
  config.use_tun_device = false;
  LEAT_LAB_OR_SKIP(lab, config);
  EXPECT_FALSE(lab.has(LinkKind::tap));
  EXPECT_FALSE(lab.tun_refusal().empty());
  EXPECT_EQ(lab.best_link(), LinkKind::packet);
  EXPECT_EQ(
      lab.leat_host(LinkKind::packet).arguments(),
      (std::vector<std::string>{"--link", "packet:near0", "--address", "10.77.1.2/24", "--gateway", "10.77.1.1"}));
}

/// Attaches to leat0 and repeats an ARP request for the kernel's address until it is answered.
int ask_over_tap() {
  const UniqueFd tap(::open("/dev/net/tun", O_RDWR));
  ifreq request{};
  std::strcpy(request.ifr_name, "leat0");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (!tap || ::ioctl(tap.get(), TUNSETIFF, &request) != 0) return errno;
  struct [[gnu::packed]] {
    ether_header ethernet;
    ether_arp arp;
  } question{}, answer{};
  std::memset(question.ethernet.ether_dhost, 0xff, ETH_ALEN);
  question.ethernet.ether_shost[0] = question.arp.arp_sha[0] = 2;
  question.ethernet.ether_type = htons(ETHERTYPE_ARP);
  question.arp.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)};
  ::inet_pton(AF_INET, "10.77.0.2", question.arp.arp_spa);
  ::inet_pton(AF_INET, "10.77.0.1", question.arp.arp_tpa);
  for (int tries = 0; tries < 100; ++tries) {
    if (::write(tap.get(), &question, sizeof question) < 0) return errno;
    pollfd waiting{tap.get(), POLLIN, 0};
    while (::poll(&waiting, 1, 100) == 1) {
      const ssize_t n = ::read(tap.get(), &answer, sizeof answer);
      if (n < static_cast<ssize_t>(sizeof answer) || answer.ethernet.ether_type != htons(ETHERTYPE_ARP)) continue;
      if (answer.arp.ea_hdr.ar_op == htons(ARPOP_REPLY)) return 0;
    }
  }
  return ETIMEDOUT;
}

TEST(LabTest, TapDeviceWaitsForLeat) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  if (!lab.has(LinkKind::tap)) GTEST_SKIP() << "no TAP device: " << lab.tun_refusal() << "; try as root";
  EXPECT_EQ(lab.best_link(), LinkKind::tap);
  EXPECT_EQ(lab.leat_host(LinkKind::tap).link, "tap:leat0");
  auto asking = lab.run_inside(kNear, ask_over_tap);
  ASSERT_TRUE(asking) << asking.error().message;
  EXPECT_EQ(asking->wait().to_string(), "exit status 0");
}

}  // namespace
}  // namespace leat::lab
