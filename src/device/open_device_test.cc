#include "device/open_device.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "device/system_random.h"
#include "device/testing/in_namespace.h"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::in_namespace;
using testing::shell;
using testing::skip_here;

void expect_error(const char* spec, Error code, const char* hint) {
  const auto device = open_device(spec);
  ASSERT_FALSE(device) << spec;
  EXPECT_EQ(device.error().code, code) << device.error().message;
  EXPECT_THAT(device.error().message, HasSubstr(hint));
}

TEST(OpenDevice, WhatIsNoLinkIsRefusedWithAHint) {
  for (const char* spec : {"", "eth0", ":x", "tap:", "tap"}) expect_error(spec, Error::invalid_argument, "KIND:NAME");
  expect_error("ipx:eth0", Error::invalid_argument, "known links: raw");
  expect_error("memory:a", Error::unsupported, "two hosts");
  expect_error("tap:../../etc", Error::invalid_argument, "interface's name");
  expect_error("tap:leat%d", Error::invalid_argument, "interface's name");
  expect_error("tap:sixteencharacter", Error::invalid_argument, "1 to 15");
  expect_error("packet:no-such", Error::no_device, "ip link");
}

TEST(OpenDevice, ThePartsOfASpecification) {
  const auto spec = parse_link_spec("packet:veth:0");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->kind, "packet");
  EXPECT_EQ(spec->name, "veth:0");
  EXPECT_EQ(interface_of(*spec), "veth:0");
  EXPECT_EQ(interface_of({"xdp", "veth:0"}), "veth") << "queue 0 of it";
}

TEST(OpenDevice, AnInterfaceThatIsDown) {
  const auto reason = in_namespace([] {
    shell("ip link add v0 type veth peer name v1");
    expect_error("packet:v0", Error::no_device, "ip link set v0 up");
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(OpenDevice, ATapInUseAndATapOfTheOtherKind) {
  const auto reason = in_namespace([] {
    const auto first = open_device("tap:t0");
    if (!first && first.error().code == Error::not_permitted) return skip_here(first.error().message);
    ASSERT_TRUE(first) << first.error().message;
    expect_error("tap:t0", Error::address_in_use, "in use by another program");
    expect_error("tun:t0", Error::invalid_argument, "is not a single-queue tun");
    shell("ip link add v0 type veth peer name v1");
    expect_error("tap:v0", Error::invalid_argument, "is not a single-queue tap");
    const auto several = open_queues("tap:t1", {}, 2);
    ASSERT_TRUE(several) << several.error().message;
    EXPECT_EQ((*several)[0]->caps().mac, (*several)[1]->caps().mac);
    expect_error("tap:t1", Error::invalid_argument, "is not a single-queue tap");
    const auto refused = open_queues("tap:t0", {}, 2);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("multi_queue"));
  });
  if (reason) GTEST_SKIP() << *reason;
}

/// With io_uring the kernel holds the interface for a moment after such an end (IoBatch).
TEST(OpenDevice, ATapWhoseProgramWasKilledCanBeHadAtOnce) {
  for (const char* again : {"tap:t0", "tun:t0"}) {
    const auto reason = in_namespace([&] {
      int ready[2];
      ASSERT_EQ(::pipe(ready), 0);
      const pid_t child = ::fork();
      if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const auto device = open_device("tap:t0");
        const bool opened = device.has_value();
        (void)!::write(ready[1], &opened, sizeof opened);
        for (;;) ::pause();
      }
      ::close(ready[1]);
      bool opened = false;
      ASSERT_EQ(::read(ready[0], &opened, sizeof opened), 1);
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      if (!opened) return skip_here("cannot have a tap interface: run the test as root");
      const auto device = open_device(again);
      EXPECT_TRUE(device) << device.error().message;
    });
    if (reason) GTEST_SKIP() << *reason;
  }
}

TEST(OpenDevice, AQueueBesideOneWithoutOffloadsHasNoneEither) {
  const auto reason = in_namespace([] {
    DeviceOptions plain;
    plain.offloads = false, plain.one_of_several = true;
    const auto first = open_device("tap:t0", plain);
    if (!first && first.error().code == Error::not_permitted) return skip_here(first.error().message);
    ASSERT_TRUE(first) << first.error().message;
    DeviceOptions full;
    full.one_of_several = true;
    const auto second = open_device("tap:t0", full);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_FALSE((*second)->caps().completes_checksums);
    EXPECT_EQ((*second)->caps().max_super_segment, 0u);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(OpenDevice, WithoutPrivilegesTheMessageSaysWhatToDo) {
  const auto reason = in_namespace([] {
    shell("ip link add v0 type veth peer name v1; ip link set v0 up");
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) {
      return skip_here("cannot become an ordinary user: run the test as root");
    }
    expect_error("packet:v0", Error::not_permitted, "setcap cap_net_raw+ep /");
    const int node = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    const char* hint = node < 0 ? "chmod 0666 /dev/net/tun" : "ip tuntap add dev t0 mode tap";
    expect_error("tap:t0", Error::not_permitted, hint);
    if (node >= 0) ::close(node);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(RandomMac, IsAlwaysAStationOfLocalAdministration) {
  MacAddress last;
  for (int i = 0; i < 200; ++i) {
    const MacAddress mac = random_mac();
    EXPECT_EQ(mac.bytes[0] & 3, 2);
    EXPECT_NE(mac, last);
    last = mac;
  }
}

}  // namespace
}  // namespace leat
