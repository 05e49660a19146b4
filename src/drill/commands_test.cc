#include "drill/commands.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace leat::drill {
namespace {

std::string text_of(const ReadCommand& read) {
  if (!read.trouble.empty()) return read.trouble;
  if (!read.shell.empty()) return "shell: " + read.shell[0];
  std::string text;
  for (const Knob& knob : read.knobs) text += knob.name + "=" + knob.value + (knob.is_optional ? "?;" : ";");
  return text;
}
std::string read(std::string_view command) { return text_of(read_command(command)); }

TEST(DrillCommands, UnderstandsSysctlInItsForms) {
  EXPECT_EQ(read("sysctl -q -w net.ipv4.tcp_sack=0"), "net.ipv4.tcp_sack=0;");
  EXPECT_EQ(read("/sbin/sysctl -w net.ipv4.tcp_rmem=\"4096 8192 16384\" net/ipv4/tcp_ecn=1"),
            "net.ipv4.tcp_rmem=4096 8192 16384;net.ipv4.tcp_ecn=1;");
  EXPECT_EQ(read("sysctl -q net.ipv4.tcp_a=1 && sysctl net.ipv4.tcp_b=2\nsysctl net.ipv4.tcp_c=3;"),
            "net.ipv4.tcp_a=1;net.ipv4.tcp_b=2;net.ipv4.tcp_c=3;");
  EXPECT_EQ(read("sysctl -w net.ipv4.tcp_a=1 > /dev/null 2>&1"), "net.ipv4.tcp_a=1;");
  EXPECT_EQ(read("sysctl -w net.ipv4.tcp_a=1 2> /dev/null; sysctl net.ipv4.tcp_b=2 &> /dev/null"),
            "net.ipv4.tcp_a=1;net.ipv4.tcp_b=2;");
  EXPECT_EQ(read("sysctl -w net.ipv4.tcp_a=1 || true\nsysctl -w net.ipv4.tcp_b=2"),
            "net.ipv4.tcp_a=1?;net.ipv4.tcp_b=2;");
  EXPECT_EQ(read("echo 7 > /proc/sys/net/ipv4/tcp_x"), "net.ipv4.tcp_x=7;");
  EXPECT_EQ(read("../tools/set_sysctls.py /proc/sys/net/ipv4/tcp_x=7 \\\n  /proc/sys/net/core/y=\"1 2\""),
            "net.ipv4.tcp_x=7;net.core.y=1 2;");
}

TEST(DrillCommands, WorksOutArithmetic) {
  EXPECT_EQ(read("sysctl net.ipv4.tcp_rmem=\"4096 131072 $((6*1024*1024))\""),
            "net.ipv4.tcp_rmem=4096 131072 6291456;");
  EXPECT_EQ(read("A=3; sysctl x=$((A<<2|1)) y=$(( (1+2) * -$A % 5 )) z=$((0x10/3))"), "x=13;y=-4;z=5;");
  EXPECT_EQ(read("sysctl x=$((1/0))"), "shell: sysctl x=$((1/0)) (it has an expression in $((…)))");
  EXPECT_EQ(read("sysctl x=$((B))"), "shell: sysctl x=$((B)) (it has an expression in $((…)))");
}

TEST(DrillCommands, KnowsCommandsThatChangeNothing) {
  for (const char* command : {"true", "/tmp/sysctl_restore_${PPID}.sh", "ip tcp_metrics flush all > /dev/null 2>&1",
                              "ethtool -K tun0 tso off", "tc qdisc replace dev tun0 root fq", "modprobe tcp_bbr",
                              "echo hello", "sysctl net.ipv4.tcp_a", "# nothing"}) {
    EXPECT_EQ(read(command), "") << command;
  }
}

TEST(DrillCommands, ReadsRoutesAndLinks) {
  EXPECT_EQ(read("ip route change default dev tun0 src 192.168.0.1 quickack 1 initcwnd 20"),
            "route.quickack=1;route.initcwnd=20;");
  EXPECT_EQ(read("ip ro replace 192.0.2.0/24 via 192.168.0.2 dev tun0 mtu lock 1000"), "route.mtu=1000;");
  EXPECT_EQ(read("ip link set dev tun0 mtu 1300"), "link.mtu=1300;");
  EXPECT_EQ(read_command("sleep 0.25").pause, std::chrono::milliseconds(250));
}

TEST(DrillCommands, LeavesAllElseToAShell) {
  for (const char* command :
       {"ip link set x up", "nstat | grep x", "echo 7 > /tmp/x", "echo $(id) > /proc/sys/net/a", "sysctl -w 'x",
        "set_sysctls.py x", "iptables -L", "if true; then false; fi", "a & b", "sysctl x=$HOME", "python3 x.py"}) {
    EXPECT_EQ(read(command).substr(0, 7), "shell: ") << command;
  }
}

TEST(DrillCommands, ReadsInitScripts) {
  const auto folder = std::filesystem::temp_directory_path() / "leat_drill_commands_test";
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "defaults.sh").string();
  std::ofstream(file) << "#!/bin/bash\nset -e\nMOST=$((2*8))\n"
                         "if [ -e /proc/sys/net/ipv4/tcp_x ]; then\n  sysctl -q net.ipv4.tcp_x=$MOST\nfi\n"
                         "ip tcp_metrics flush all\niptables -F\n";
  const ReadCommand read = read_command(file + "\nsysctl -q net.ipv4.tcp_y=1");
  EXPECT_EQ(text_of(read), "net.ipv4.tcp_x=16?;net.ipv4.tcp_y=1;");
  EXPECT_EQ(read.notes.back(), "iptables -F (Leat cannot run programs)");
  EXPECT_EQ(text_of(read_command("sh " + file)), "net.ipv4.tcp_x=16?;");
  std::filesystem::remove_all(folder);
  EXPECT_EQ(text_of(read_command("./no_such.sh")),
            "cannot read the init script ./no_such.sh: No such file or directory (looked for beside the script)");
  EXPECT_EQ(read_command("./defaults.sh").notes.at(0),
            "the init script is not there, and Linux's defaults stand: ./defaults.sh: No such file or directory");
}

}  // namespace
}  // namespace leat::drill
