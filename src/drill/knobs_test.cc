#include "drill/knobs.h"

#include <gtest/gtest.h>

namespace leat::drill {
namespace {

std::string knobs_text(std::string_view command) {
  const auto knobs = knobs_of(command);
  if (!knobs) return "another command";
  std::string text;
  for (const Knob& knob : *knobs) text += knob.name + "=" + knob.value + ";";
  return text;
}

TEST(DrillKnobs, UnderstandsSysctlInItsForms) {
  EXPECT_EQ(knobs_text("sysctl -q -w net.ipv4.tcp_sack=0"), "net.ipv4.tcp_sack=0;");
  EXPECT_EQ(knobs_text("/sbin/sysctl -w net.ipv4.tcp_rmem=\"4096 8192 16384\" net/ipv4/tcp_ecn=1"),
            "net.ipv4.tcp_rmem=4096 8192 16384;net.ipv4.tcp_ecn=1;");
  EXPECT_EQ(knobs_text("sysctl -q net.ipv4.tcp_a=1 && sysctl net.ipv4.tcp_b=2\nsysctl net.ipv4.tcp_c=3;"),
            "net.ipv4.tcp_a=1;net.ipv4.tcp_b=2;net.ipv4.tcp_c=3;");
  EXPECT_EQ(knobs_text("sysctl -w net.ipv4.tcp_a=1 > /dev/null"), "net.ipv4.tcp_a=1;");
  EXPECT_EQ(knobs_text("echo 7 > /proc/sys/net/ipv4/tcp_x"), "net.ipv4.tcp_x=7;");
  EXPECT_EQ(knobs_text("../tools/set_sysctls.py /proc/sys/net/ipv4/tcp_x=7 \\\n  /proc/sys/net/core/y=\"1 2\""),
            "net.ipv4.tcp_x=7;net.core.y=1 2;");
}

TEST(DrillKnobs, KnowsCommandsThatChangeNothing) {
  EXPECT_EQ(knobs_text("true"), "");
  EXPECT_EQ(knobs_text("../common/defaults.sh"), "");
  EXPECT_EQ(knobs_text("/tmp/sysctl_restore_${PPID}.sh"), "");
  EXPECT_EQ(knobs_text("../common/defaults.sh\nsysctl -q net.ipv4.tcp_a=1 # why"), "net.ipv4.tcp_a=1;");
}

TEST(DrillKnobs, LeavesAllElseToAShell) {
  for (const char* command :
       {"ip route add default dev tun0", "sysctl net.ipv4.tcp_a", "sysctl kernel.x=1", "nstat | grep x", "echo 7",
        "echo 7 > /tmp/x", "./defaults.sh x", "echo $(id) > /proc/sys/net/a", "sysctl -w 'x", "set_sysctls.py x"}) {
    EXPECT_EQ(knobs_text(command), "another command") << command;
  }
}

}  // namespace
}  // namespace leat::drill
