// Plays the fuzzer where there is no libFuzzer: scripts with bytes changed, cut out, doubled and joined, from a seed.
#include "drill/fuzz.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace leat::drill {
namespace {

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> all = {
      "--mtu=1500 --define=X=\"y\"\n`init`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n+0...0.200 connect(3, ..., ...) = -1 EAGAIN (x(y))\n",
      "0 < S 0:0(0) win 100 <mss 1000,sackOK,TS val 7 ecr 0,nop,wscale 8>\n* > S. 0:0(0) ack 1 <...>\n"
      "+.1~+.3 > [ect0] P5. 1:11(10) ack 1 win 5 urg 1 <nop,nop,sack 1:2 3:4>\n",
      "0 < ipv4 1.2.3.4 > 5.6.7.8: gre key 1: mpls (label 1, tc 1, [S], ttl 1): icmp unreachable CODE mtu 5 [1:1(0)]\n"
      "+0 < udp 1 > 2 (100)\n+0 < S 0:0(0) win 1 <FO 0123456789abcdef,FOEXP 00,nop,ECN e0b 1 ceb 2 e1b 3>\n",
      "0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, msg_control=[{cmsg_level=1, cmsg_type=2,"
      " cmsg_data={ee_errno=1}}]}, 0) = 10\n+0 %{ assert True }%\n+0 `sh`\n/* c */ // d\n`end`\n",
      "A=1; sysctl -q x=$((A<<2|(3+4)*-1)) y=\"${A} $A\" > /dev/null 2>&1 || true\n"
      "ip route change default dev tun0 mtu lock 9 && echo 'q' > /proc/sys/x # c\n",
  };
  return all;
}

std::string mutated(Random& random) {
  const auto pick = [&](std::size_t n) {
    return static_cast<std::size_t>(random.below(static_cast<std::uint32_t>(n)));
  };
  std::string text = seeds()[pick(seeds().size())];
  if (pick(4) == 0) text += seeds()[pick(seeds().size())];
  const std::string letters = "<>[](){}.:,+-*~`\"%=/|0123456789 \n\\xSFRPUEWAabcnull\xff";
  for (std::size_t n = pick(8) + 1; n > 0 && !text.empty(); --n) {
    const std::size_t at = pick(text.size());
    switch (pick(4)) {
      case 0: text[at] = letters[pick(letters.size())]; break;
      case 1: text.erase(at, pick(20) + 1); break;
      case 2: text.insert(at, text.substr(pick(text.size()), pick(30))); break;
      default: text.insert(at, 1, letters[pick(letters.size())]); break;
    }
  }
  return text;
}

TEST(DrillFuzz, NoTextCrashesTheParser) {
  Random random(Seed{});
  for (int i = 0; i < 4'000; ++i) {
    const std::string text = mutated(random);
    SCOPED_TRACE(text);
    drill_fuzz(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}

TEST(DrillFuzz, NoBytesCrashTheParser) {
  Random random(Seed{});
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 1'000; ++i) {
    bytes.resize(random.below(200));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    drill_fuzz(bytes.data(), bytes.size());
  }
}

}  // namespace
}  // namespace leat::drill
