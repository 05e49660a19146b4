// `leat ping` of the kernel over each kind of link, also from the kernel's own address.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct PingOutcome {
  int code = -1;
  std::string output, errors;
};

PingOutcome ping(const lab::Lab& lab, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {LEAT_BINARY, "ping", "-i", "50ms"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto process = lab.spawn(lab::kNear, argv);
  EXPECT_TRUE(process) << process.error().message;
  const auto ended = process->wait_for(30s);
  EXPECT_TRUE(ended) << "no end in sight";
  return {ended ? ended->shell_code() : -1, process->output(), process->errors()};
}

TEST(PingTest, TimesTheKernelsRepliesByEveryLink) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  for (const lab::LinkKind kind : {lab::LinkKind::packet, lab::LinkKind::tap, lab::LinkKind::tun}) {
    if (!lab.has(kind)) continue;
    std::vector<std::string> arguments = lab.leat_host(kind).arguments();
    arguments.insert(arguments.end(), {"-c", "3", "-W", "1", "-s", "100", lab::Lab::kFarAddress});
    const PingOutcome o = ping(lab, arguments);
    EXPECT_EQ(o.code, 0) << o.errors;
    EXPECT_THAT(o.output, HasSubstr("108 bytes from 10.77.2.2: icmp_seq=3 ttl=6"));
    // The kernel may detect the carrier of a new TAP device after the first request, and drop its answer.
    EXPECT_THAT(o.output, HasSubstr("3 packets transmitted, "));
    EXPECT_THAT(o.output, HasSubstr("rtt min/avg/max/mdev = "));
  }
}

TEST(PingTest, WorksBesideTheKernelOnItsAddress) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  for (const char* link : {"raw", "packet:near0"}) {
    const PingOutcome o = ping(lab, {"--link", link, "-c", "2", lab::Lab::kFarAddress});
    EXPECT_EQ(o.code, 0) << link << ": " << o.errors;
    EXPECT_THAT(o.output, HasSubstr("2 packets transmitted, 2 received, 0% packet loss"));
  }
}

TEST(PingTest, SaysSoWhenNobodyAnswers) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  const PingOutcome o = ping(lab, {"--link", "raw", "-c", "2", "-W", "200ms", "10.77.2.99"});
  EXPECT_EQ(o.code, 1) << o.errors;
  EXPECT_THAT(o.output, HasSubstr("2 packets transmitted, 0 received, 100% packet loss"));
  EXPECT_EQ(ping(lab, {"--link", "raw"}).code, 2);
}

}  // namespace
}  // namespace leat::interop
