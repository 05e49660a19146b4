// Scripts against Leat, and what the player says when they are wrong.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "drill/parser.h"
#include "drill/player.h"
#include "drill_leat/subject.h"

namespace leat::drill {
namespace {

Verdict verdict_of(const std::string& text, const PlayOptions& options = {}) {
  const auto script = parse_script("s.pkt", text, {});
  if (!script) return {Verdict::Kind::failed, script.error().to_string(), {}};
  return play_on_leat(*script, options);
}

const std::string kOpenClient =
    "`sysctl -q net.ipv4.tcp_timestamps=0`\n"
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
    "+0 bind(3, ..., ...) = 0\n"
    "+0 listen(3, 1) = 0\n"
    "+0 < S 0:0(0) win 32792 <mss 1000>\n"
    "+0 > S. 0:0(0) ack 1 <mss 1460>\n"
    "+.1 < . 1:1(0) ack 1 win 20000\n"
    "+0 accept(3, ..., ...) = 4\n";

void expect_pass(const std::string& text) {
  const Verdict verdict = verdict_of(text);
  EXPECT_EQ(verdict.kind, Verdict::Kind::passed) << verdict.message;
}

void expect_fail(const std::string& text, const std::string& message) {
  const Verdict verdict = verdict_of(text);
  EXPECT_EQ(verdict.kind, Verdict::Kind::failed);
  EXPECT_NE(verdict.message.find(message), std::string::npos) << verdict.message;
}

TEST(DrillLeat, PlaysAConnection) {
  expect_pass(kOpenClient +
              "+0 write(4, ..., 2500) = 2500\n"
              "+0 > P. 1:2501(2500) ack 1\n"  // three segments, glued
              "+.1 < F. 1:1(0) ack 2501 win 20000\n"
              "+0 > . 2501:2501(0) ack 2\n"
              "+0 read(4, ..., 10) = 0\n"
              "+0 close(4) = 0\n"
              "+0 > F. 2501:2501(0) ack 2\n"
              "+.1 < . 2:2(0) ack 2502 win 20000\n");
}

TEST(DrillLeat, NoticesEveryWrongExpectation) {
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 499\n",
              "s.pkt:9: result of write\n    expected  499\n    got       500");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > P. 1:502(501) ack 1\n",
              "bytes of payload\n    expected  501\n    got       500");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > P. 2:502(500) ack 1\n",
              "sequence number\n    expected  2\n    got       1");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > P. 1:501(500) ack 2\n",
              "ACK number\n    expected  2\n    got       1");
  expect_fail(
      kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > . 1:501(500) ack 1\n",
      "TCP flags\n    expected  .\n    got       P.\n    script    > . 1:501(500) ack 1\n    stack     > P. 1:501(500) ack 1 win ");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > P. 1:501(500) ack 1 win 3\n", "window\n    expected  3");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+.5 > P. 1:501(500) ack 1\n",
              "time at which this packet leaves");
  expect_fail(kOpenClient + "+0 write(4, ..., 500) = 500\n+0 > P. 1:501(500) ack 1 <nop,nop,TS val 1 ecr 1>\n",
              "TCP options\n    expected  <nop");
  expect_fail(kOpenClient + "+0 > . 1:1(0) ack 1\n",
              "a packet is missing\n    expected  0.100000 > . 1:1(0) ack 1\n    got       no packet");
  expect_fail(kOpenClient + "+0 read(4, ..., 5) = -1 ECONNRESET\n",
              "read blocks; a script says when such a call returns");
  expect_fail(kOpenClient + "+0 recv(4, ..., 5, MSG_DONTWAIT) = -1 ECONNRESET\n",
              "\n    expected  -1 ECONNRESET\n    got       -1 EAGAIN");
  expect_fail(kOpenClient + "+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [2], [4]) = 0\n",
              "value of the option\n    expected  2\n    got       1");
}

TEST(DrillLeat, ComparesEchoedTimestampsWhereTheScriptAsksForIt) {
  const std::string script =
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 bind(3, ..., ...) = 0\n"
      "+0 listen(3, 1) = 0\n"
      "+0 < S 0:0(0) win 32792 <mss 1000,nop,nop,TS val 7 ecr 0>\n"
      "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 1 ecr ";
  expect_pass(script + "8>\n");
  expect_pass("--tcp_ts_ecr_exact\n" + script + "7>\n");
  expect_fail("--tcp_ts_ecr_exact\n" + script + "8>\n", "TS ecr\n    expected  8\n    got       7");
}

TEST(DrillLeat, TellsTheStoryOfAFailure) {
  const Verdict verdict = verdict_of(kOpenClient + "+0 > . 1:1(0) ack 1\n");
  EXPECT_NE(verdict.message.find("0.000000 < S 0:0(0) win 32792 <mss 1000>"), std::string::npos) << verdict.message;
  EXPECT_NE(verdict.message.find("0.000000 > S. 0:0(0) ack 1 win "), std::string::npos) << verdict.message;
}

TEST(DrillLeat, NoticesWhatNobodyAskedFor) {
  const std::string text = kOpenClient + "+0 write(4, ..., 500) = 500\n";
  expect_fail(text, "this segment was not expected\n    0.100000 > P. 1:501(500) ack 1");
  PlayOptions lenient;
  lenient.lenient = true;
  EXPECT_EQ(verdict_of(text, lenient).kind, Verdict::Kind::passed);
}

TEST(DrillLeat, LetsBlockingCallsReturnInTheirTime) {
  const std::string read =
      "+.1...0.300 read(4, ..., 2000) = 500\n+.2 < P. 1:501(500) ack 1 win 20000\n* > . 1:1(0) ack 501\n";
  expect_pass(kOpenClient + read);
  expect_fail(
      kOpenClient + "+.1...0.200 read(4, ..., 2000) = 500\n+.2 < P. 1:501(500) ack 1 win 20000\n* > . 1:1(0) ack 501\n",
      "time at which read returns\n    expected  0.300000\n    got       0.400000");
  expect_fail(kOpenClient + "+.1...0.200 read(4, ..., 2000) = 500\n", "read blocks still");
}

TEST(DrillLeat, WaitsForACallWithoutAnEnd) {
  expect_pass(kOpenClient +
              "+0 setsockopt(4, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=1, tv_usec=500000}, 16) = 0\n"
              "+0 read(4, ..., 5) = -1 EAGAIN\n"
              "1.6 poll([{fd=4, events=POLLIN, revents=0}], 1, 300) = 0\n"
              "1.9 close(4) = 0\n"
              "+0 > F. 1:1(0) ack 1\n");
}

TEST(DrillLeat, SkipsWhatItCannotDo) {
  const auto reason = [](const std::string& text) {
    const Verdict verdict = verdict_of(text);
    EXPECT_EQ(verdict.kind, Verdict::Kind::skipped) << verdict.message;
    return verdict.message;
  };
  EXPECT_EQ(reason("`ip link set x up`\n0 close(3) = 0"), "line 1 runs a command: ip link set x up (it changes links)");
  EXPECT_EQ(reason("0 close(3) = -1\n+0 `nstat | grep x`"), "line 2 runs a command: nstat | grep x (it has a pipe)");
  EXPECT_EQ(reason("`sysctl -w net.ipv4.tcp_nothing=1`\n0 close(3) = 0"),
            "line 1: net.ipv4.tcp_nothing = 1: Leat has no such setting");
  EXPECT_EQ(reason("--so_filename=x\n0 close(3) = 0"), "the option --so_filename");
  EXPECT_EQ(reason("0 open(\"x\", O_RDONLY) = 3"),
            "line 1: Leat has no call open, nor others about files and processes");
}

TEST(DrillLeat, TakesSettingsAtAnyTime) {
  const std::string no_sack =
      "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
      "+0 connect(3, ..., ...) = -1 EINPROGRESS\n"
      "+0 > S 0:0(0) <mss 1460,nop,nop,TS val 1 ecr 0,nop,wscale 7>\n";
  expect_pass("0 `sysctl -q net.ipv4.tcp_sack=0`\n" + no_sack);
  // Once packets flow, sockets that are made later have it.
  expect_pass("0 < S 0:0(0) win 100 <mss 1000>\n+0 > R. 0:0(0) ack 1\n+0 `sysctl -q net.ipv4.tcp_sack=0`\n" + no_sack);
  expect_pass("`sysctl -q net.ipv4.tcp_rmem=\"4096 131072 $((6*1024*1024))\"`\n0 `sleep 1`\n1 close(3) = -1 EBADF\n");
}

TEST(DrillLeat, AnswersPacketsBeforeAnyConnection) {
  expect_pass("0 < . 5:5(0) ack 34 win 1000\n+0 > R 34:34(0)\n");
  expect_pass("0 < F. 0:0(0) ack 7 win 1000\n+0 > R 7:7(0)\n");
  expect_pass(
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
      "+0 < . 5:5(0) ack 34 win 1000\n+0 > R 34:34(0)\n"
      "+0 < S 0:0(0) win 1000 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n"
      "+0 < R 1:1(0) ack 1 win 1000\n");
}

TEST(DrillLeat, NamesTheFeatureThatIsLacking) {
  const auto reason = [](const std::string& text, const std::string& options = {}) {
    const Verdict verdict = verdict_of(options + "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" + text);
    EXPECT_EQ(verdict.kind, Verdict::Kind::skipped) << verdict.message;
    return verdict.message;
  };
  EXPECT_EQ(reason("+0 sendto(3, ..., 100, MSG_FASTOPEN, ..., ...) = 100\n"), "line 2: TCP Fast Open (MSG_FASTOPEN)");
  EXPECT_EQ(reason("+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [5], 4) = 0\n"),
            "line 2: there is no socket option TCP_FASTOPEN (TCP Fast Open)");
  EXPECT_EQ(reason("+0 < S 0:0(0) win 9 <mss 1000,FO TFO_COOKIE,nop,nop>\n"),
            "line 2: TCP Fast Open: a cookie that no -D TFO_COOKIE=… gives");
  EXPECT_EQ(reason("+0 > SEW 0:0(0) <...>\n"), "line 2: ECN (the flags E and W)");
  EXPECT_EQ(reason("+0 > [ect0] P. 1:2(1) ack 1\n"), "line 2: ECN (an ECN mark)");
  EXPECT_EQ(reason("+0 send(3, ..., 100, MSG_ZEROCOPY) = 100\n"), "line 2: zero copy (MSG_ZEROCOPY)");
  EXPECT_EQ(reason("+0 recvmsg(3, {msg_iov(1)=[{..., 5}], msg_flags=0}, MSG_ERRQUEUE) = 0\n"),
            "line 2: an error queue (MSG_ERRQUEUE)");
  EXPECT_EQ(reason("+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 4\n"), "line 2: Leat has no UDP sockets");
  EXPECT_EQ(reason("+0 socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 4\n"), "line 2: Leat has no MPTCP sockets");
  EXPECT_EQ(reason("+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, \"dctcp\", 5) = 0\n"),
            "line 2: there is no congestion control \"dctcp\"");
  EXPECT_EQ(reason("+0 close(3) = 0\n", "--ip_version=ipv4-mapped-ipv6\n"), "IPv6 (--ip_version=ipv4-mapped-ipv6)");
  EXPECT_EQ(reason("+0 close(3) = 0\n", "--ip_version=ipv6\n"), "IPv6 (--ip_version=ipv6)");
}

TEST(DrillLeat, NamesEverySegmentThatIsLeft) {
  const std::string text = kOpenClient + "+0 write(4, ..., 500) = 500\n+.3 close(4) = 0\n";
  expect_fail(text, "these segments were not expected\n    0.100000 > P. 1:501(500) ack 1");
  expect_fail(text,
              "data again, as it was not acknowledged; Linux sends it as well\n    0.400000 > F. 501:501(0) ack 1");
  expect_fail(text, "packetdrill would pass this script: it ignores packets that are left, as --lenient does");
}

TEST(DrillLeat, RunsCodeOnSnapshots) {
  if (std::system("python3 -c '' >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3; apt-get install python3";
  expect_pass(kOpenClient + "+0 %{\n  assert tcpi_state == TCP_ESTABLISHED\n  assert tcpi_snd_mss == 1000\n}%\n");
  // Names of Linux's that scripts about recovery use.
  expect_pass(
      kOpenClient +
      "+0 %{\n"
      "  [tcpi_sacked, tcpi_lost, tcpi_retrans, tcpi_unacked, tcpi_reordering, tcpi_snd_cwnd, tcpi_snd_ssthresh]\n"
      "  [tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_space, tcpi_rcv_ooopack, tcpi_total_retrans, tcpi_rto]\n"
      "  [tcpi_backoff, tcpi_retransmits, tcpi_delivered, tcpi_bytes_retrans, tcpi_rtt, tcpi_rttvar]\n"
      "  assert tcpi_ca_state == TCP_CA_Open\n"
      "  assert [TCP_CA_Disorder, TCP_CA_CWR, TCP_CA_Recovery, TCP_CA_Loss] == [1, 2, 3, 4]\n"
      "}%\n");
  expect_fail(kOpenClient + "+0 %{ assert tcpi_snd_mss == 999, tcpi_snd_mss }%\n", "AssertionError: 1000");
}

}  // namespace
}  // namespace leat::drill
