#include "api/host_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

HostConfig good() {
  HostConfig c;
  c.link = "memory:config";
  c.addresses = {*IpPrefix::parse("10.0.0.2/24")};
  return c;
}

TEST(HostConfig, AGoodOneHasNoComplaints) {
  HostConfig c = good();
  c.gateway = IpAddress::parse("10.0.0.1");
  c.mac = MacAddress::parse("02:00:00:00:00:01");
  c.mtu = 9000;
  EXPECT_TRUE(check_config(c));
  c.addresses = {*IpPrefix::parse("10.0.0.0/31"), *IpPrefix::parse("192.0.2.255/32")};
  c.gateway.reset();
  EXPECT_TRUE(check_config(c)) << "short subnets have neither network nor broadcast address";
}

TEST(HostConfig, EveryComplaintSaysWhatToDo) {
  const struct {
    std::function<void(HostConfig&)> spoil;
    const char* says;
  } cases[] = {
      {[](HostConfig& c) { c.link.clear(); }, "tap:leat0"},
      {[](HostConfig& c) { c.addresses.clear(); }, "at least one, such as 10.0.0.2/24"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(0u), 24};
       },
       "cannot be a host's address"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(224, 0, 0, 1), 24};
       },
       "cannot be a host's address"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(127, 0, 0, 1), 8};
       },
       "cannot be a host's address"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(10, 0, 0, 255), 24};
       },
       "broadcast address"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(10, 0, 0, 0), 24};
       },
       "the subnet itself"},
      {[](HostConfig& c) {
         c.addresses[0] = {IpAddress::v4(10, 0, 0, 2), 33};
       },
       "0 to 32"},
      {[](HostConfig& c) { c.addresses[0] = *IpPrefix::parse("2001:db8::1/64"); }, "only IPv4"},
      {[](HostConfig& c) { c.gateway = IpAddress::v4(10, 0, 1, 1); }, "not on the subnet"},
      {[](HostConfig& c) { c.gateway = IpAddress::v4(10, 0, 0, 2); }, "own address"},
      {[](HostConfig& c) { c.mac = MacAddress::broadcast(); }, "must be even"},
      {[](HostConfig& c) { c.mac = MacAddress{}; }, "02:00:00:00:00:01"},
      {[](HostConfig& c) { c.mtu = 575; }, "576 to 65535"},
      {[](HostConfig& c) { c.mtu = 65536; }, "576 to 65535"},
      {[](HostConfig& c) { c.tcp.mss = 87; }, "88 to 65495"},
      {[](HostConfig& c) { c.tcp.congestion_control = "vegas"; }, "known: cubic, reno"},
      {[](HostConfig& c) { c.tcp.syn_retries = 128; }, "127"},
      {[](HostConfig& c) { c.tcp.max_rto = 0s; }, "longer than zero"},
      {[](HostConfig& c) { c.tcp.retries = 0; }, "1 to 127"},
      {[](HostConfig& c) { c.tcp.user_timeout = 0s; }, "longer than zero"},
      {[](HostConfig& c) { c.tcp.delayed_ack = 500ms; }, "less than 500 ms"},
      {[](HostConfig& c) { c.tcp.fin_wait_2 = 0s; }, "FIN-WAIT-2"},
      {[](HostConfig& c) { c.tcp.keep_alive = KeepAlive{.probes = 0}; }, "keep-alive needs"},
      {[](HostConfig& c) { c.tcp.send_buffer = 2047; }, "2048 bytes to 1 GiB"},
      {[](HostConfig& c) { c.tcp.receive_buffer = 0; }, "2048 bytes to 1 GiB"},
  };
  for (const auto& one : cases) {
    HostConfig c = good();
    one.spoil(c);
    const auto checked = check_config(c);
    ASSERT_FALSE(checked) << one.says;
    EXPECT_THAT(checked.error().message, HasSubstr(one.says));
  }
}

TEST(HostConfig, AnMtuThatTheLinkDoesNotCarry) {
  HostConfig c = good();
  c.mtu = 9000;
  const auto link = open_link(c);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->interface.mtu, 9000u);
}

TEST(HostConfig, LinksThatDoNotExist) {
  HostConfig c = good();
  constexpr std::pair<const char*, const char*> kCases[] = {
      {"ipx:eth0", "known links"}, {"packet:no-such", "ip link"}, {"x", "KIND:NAME"}};
  for (const auto& [link, says] : kCases) {
    c.link = link;
    const auto host = Host::open(c);
    ASSERT_FALSE(host) << link;
    EXPECT_THAT(host.error().message, HasSubstr(says));
  }
}

TEST(HostConfig, WhatSeveralCoresCannotShare) {
  const auto complaint = [](const HostConfig& c, unsigned cores = 2) {
    const auto hosts = Host::open_cores(c, cores);
    return hosts ? "none" : hosts.error().message;
  };
  HostConfig c = good();
  EXPECT_THAT(complaint(c), HasSubstr("cannot be shared among cores: use a tap:NAME"));
  EXPECT_THAT(complaint(c, 0), HasSubstr("1 to 64"));
  EXPECT_THAT(complaint(c, 65), HasSubstr("1 to 64"));
  EXPECT_EQ(complaint(c, 1), "none");
  c.capture = "-";
  EXPECT_THAT(complaint(c), HasSubstr("one core"));
  c.capture.clear();
  c.impairments = {*Impairment::parse("loss=1%")};
  EXPECT_THAT(complaint(c), HasSubstr("one core"));
}

TEST(HostConfig, TheStationAddressIsAsGivenOrRandomAndLocal) {
  HostConfig c = good();
  c.mac = MacAddress::parse("02:00:00:00:00:77");
  EXPECT_EQ(open_link(c)->interface.mac, *c.mac);
  c.mac.reset();
  EXPECT_EQ(open_link(c)->interface.mac.bytes[0] & 3, 2);
}

}  // namespace
}  // namespace leat
