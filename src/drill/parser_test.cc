#include "drill/parser.h"

#include <gtest/gtest.h>

#include "drill/symbols.h"

namespace leat::drill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Script parsed(const std::string& text, const std::vector<OptionText>& command_line = {}) {
  auto script = parse_script("a.pkt", text, command_line);
  EXPECT_TRUE(script) << script.error().to_string();
  return script ? *script : Script{};
}

/// "line: message" of a wrong script.
std::string script_trouble(const std::string& text, const std::vector<OptionText>& command_line = {}) {
  const auto script = parse_script("a.pkt", text, command_line);
  EXPECT_FALSE(script) << "this script is wrong: " << text;
  return script ? "" : std::to_string(script.error().line) + ": " + script.error().message;
}

CallEvent call_of(const std::string& text) {
  const Script script = parsed("0 " + text);
  return script.events.empty() ? CallEvent{} : std::get<CallEvent>(script.events.front().what);
}

TEST(DrillParser, ReadsAWholeScriptWithItsLines) {
  const Script script = parsed(
      "--tolerance_usecs=10000\n"
      "--ip_version=ipv4 // as ever\n"
      "`sysctl -q net.ipv4.tcp_sack=0`\n"
      "\n"
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 bind(3, ..., ...) = 0 /* a comment\n"
      "   of two lines */\n"
      "+.1 < S 0:0(0) win 1000\n"
      "       <mss 1000>\n"
      "+0 %{ assert tcpi_state == 1 // 1 }%\n"
      "*  > S. 0:0(0) ack 1 <...>\n"
      "+1 `true`\n"
      "`rm -f x`\n");
  EXPECT_EQ(script.settings.tolerance, milliseconds(10));
  ASSERT_EQ(script.init_commands.size(), 1u);
  EXPECT_EQ(script.init_commands[0], "sysctl -q net.ipv4.tcp_sack=0");
  ASSERT_EQ(script.events.size(), 6u);
  EXPECT_EQ(script.events[0].line, 5);
  EXPECT_EQ(script.events[2].line, 8);
  EXPECT_EQ(script.events[3].line, 10);
  EXPECT_EQ(std::get<CodeEvent>(script.events[3].what).code, " assert tcpi_state == 1 // 1 ");
  EXPECT_EQ(std::get<CommandEvent>(script.events[5].what).command, "true");
  EXPECT_EQ(script.cleanup_command, "rm -f x");
}

TEST(DrillParser, ReadsEveryFormOfTime) {
  const Script script = parsed(
      "0 close(3) = 0\n+.25 close(3) = 0\n1.5 > . 1:1(0) ack 1\n1.6~1.7 > . 1:1(0) ack 1\n"
      "+.1~+.3 > . 1:1(0) ack 1\n* > . 1:1(0) ack 1\n2...2.5 close(3) = 0\n+0...0.200 close(3) = 0\n");
  using Kind = EventTime::Kind;
  const std::vector<Kind> kinds = {Kind::absolute,        Kind::relative, Kind::absolute, Kind::window,
                                   Kind::relative_window, Kind::any,      Kind::absolute, Kind::relative};
  ASSERT_EQ(script.events.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(script.events[i].time.kind, kinds[i]) << i;
}

TEST(DrillParser, KeepsNineDigitsOfATime) {
  const Script script = parsed("0 close(3) = 0\n+1.000000001 close(3) = 0\n+.0000000019 close(3) = 0");
  EXPECT_EQ(script.events[1].time.at, seconds(1) + Duration(1));
  EXPECT_EQ(script.events[2].time.at, Duration(1));
}

TEST(DrillParser, ReadsValuesOfEveryKind) {
  const CallEvent call =
      call_of("setsockopt(-1, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 0x8) = -1 EBADF (Bad file (number))");
  EXPECT_EQ(call.arguments[0].number, -1);
  EXPECT_EQ(call.arguments[1].number, *symbol_value("SOL_SOCKET"));
  EXPECT_EQ(call.arguments[3].field("onoff")->number, 1);
  EXPECT_EQ(call.arguments[4].number, 8);
  EXPECT_EQ(call.error, static_cast<int>(*symbol_value("EBADF")));

  const CallEvent message = call_of(
      "recvmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., 20}], msg_flags=MSG_EOR|MSG_OOB,"
      " msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0, scm_nsec=5}}]}, 0) = 30");
  const Value& header = message.arguments[1];
  EXPECT_EQ(header.whole_field("msg_iov")->size.at(0).number, 2);
  EXPECT_EQ(header.field("msg_iov")->items.at(1).fields.at(1).value().number, 20);
  EXPECT_EQ(header.field("msg_control")->items.at(0).field("cmsg_data")->field("scm_nsec")->number, 5);

  const CallEvent bind =
      call_of("bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"1.2.3.4\")}, ...) = 0");
  EXPECT_EQ(bind.arguments[1].field("sin_port")->number, 80);
  EXPECT_EQ(bind.arguments[1].field("sin_addr")->address, IpAddress::v4(1, 2, 3, 4));
  EXPECT_TRUE(call_of("read(3, NULL, 1) = -1").arguments[1].is_null);
  EXPECT_EQ(call_of("open(\"a\\x41\\n\", O_RDWR) = 3").arguments[0].text, "aA\n");
}

TEST(DrillParser, ReplacesDefinedWordsButNotInLiterals) {
  const Script script = parsed("0 open(\"NAME\", LEVEL) = 3\n+0 `echo NAME`\n+0 < S 0:0(0) win 1 <FO COOKIE,nop,nop>\n",
                               {{"D", "NAME=x", 0}, {"define", "LEVEL=0x7", 0}, {"D", "COOKIE=0011aabb", 0}});
  const auto& open = std::get<CallEvent>(script.events[0].what);
  EXPECT_EQ(open.arguments[0].text, "NAME");
  EXPECT_EQ(open.arguments[1].number, 7);
  EXPECT_EQ(std::get<CommandEvent>(script.events[1].what).command, "echo NAME");
  const auto* tcp = std::get<PacketForm>(script.events[2].what).tcp();
  EXPECT_EQ(tcp->options[0].bytes, (std::vector<std::uint8_t>{0, 0x11, 0xaa, 0xbb}));
}

TEST(DrillParser, LetsTheCommandLineWin) {
  const std::string text = "--mtu=1400 --remote_ip=10.0.0.1/8 --define=N=4\n0 close(N) = 0\n";
  const Script script = parsed(text, {{"mtu", "1300", 0}, {"D", "N=5", 0}});
  EXPECT_EQ(script.settings.mtu, 1300u);
  EXPECT_EQ(script.settings.remote_address(), IpAddress::v4(10, 0, 0, 1));
  EXPECT_EQ(std::get<CallEvent>(script.events[0].what).arguments[0].number, 5);
}

TEST(DrillParser, NamesLineAndCauseOfEachError) {
  EXPECT_EQ(script_trouble("0 close(3) = 0\n\n+0 clsoe(3) = 0\n"), "3: unknown system call \"clsoe\"");
  EXPECT_EQ(script_trouble(""), "1: a script needs an event");
  EXPECT_EQ(script_trouble("`true`\n"), "2: a script needs an event");
  EXPECT_EQ(script_trouble("1 close(3) = 0"), "1: the first event must be at time 0");
  EXPECT_EQ(script_trouble("0 close(3) = 0\n2 close(3) = 0\n1 close(3) = 0"),
            "3: time goes backwards: line 2 is later");
  EXPECT_EQ(script_trouble("0 close(3)"), "1: expected \"=\", found the end of the file");
  EXPECT_EQ(script_trouble("0 close(3, 4) = 0"), "1: close takes 1 arguments, not 2");
  EXPECT_EQ(script_trouble("0 read(3, ..., 1) = 0 EAGAIN"), "1: an errno (EAGAIN) comes with the result -1 only");
  EXPECT_EQ(script_trouble("0 socket(..., SOCK_STRAM, 0) = 3"),
            "1: unknown constant SOCK_STRAM (a symbol of the command line needs -D SOCK_STRAM=…)");
  EXPECT_EQ(script_trouble("0 `true"), "1: this command has no closing `");
  EXPECT_EQ(script_trouble("0 close(3) = 0\n+0 %{ x\n\n"), "2: this code has no closing }%");
  EXPECT_EQ(script_trouble("0 open(\"x, 1) = 3\n"), "1: this string has no closing \"");
  EXPECT_EQ(script_trouble("0 close(3) = 0 (note\n"), "1: this note has no closing )");
  EXPECT_EQ(script_trouble("* close(3) = 0"), "1: windows and * are for packets from the stack only");
  EXPECT_EQ(script_trouble("0~1 < . 1:1(0) ack 1 win 1"), "1: windows and * are for packets from the stack only");
  EXPECT_EQ(script_trouble("0 close(3) = 0\n+.2~+.1 > . 1:1(0) ack 1"), "2: this window ends before it begins");
  EXPECT_EQ(script_trouble("0...1 > . 1:1(0) ack 1"), "1: only a system call has a time at which it returns");
  EXPECT_EQ(script_trouble("1...0.5 close(3) = 0"), "1: this call would return before it starts");
  EXPECT_EQ(script_trouble("--mtu=big\n0 close(3) = 0"), "1: --mtu: \"big\" is no number up to 65535");
  EXPECT_EQ(script_trouble("\n--colour=1\n0 close(3) = 0"), "2: --colour: unknown option");
  EXPECT_EQ(script_trouble("0 close(3) = 0\n`true`\n+0 close(3) = 0"),
            "3: nothing may follow the command that cleans up; an event begins with its time");
  EXPECT_EQ(script_trouble("0 close(99999999999999999999) = 0"),
            "1: this number is too large for a number or a constant");
  EXPECT_EQ(script_trouble("0 close(-0x8000000000000000) = 0"),
            "1: this number is too large for a number or a constant");
  EXPECT_EQ(script_trouble("0 poll([{fd=3, evnts=1, x}], 1, 0) = 0"),
            "1: \"x\" is neither a constant nor a field (\"=\" would follow)");
  EXPECT_EQ(script_trouble("0 close(" + std::string(40, '[') + "1) = 0"), "1: values are nested too deeply");
  EXPECT_EQ(script_trouble("0 close(3) = 0", {{"ip_version", "ipv5", 0}}),
            "1: --ip_version: want ipv4, ipv4-mapped-ipv6 or ipv6, not \"ipv5\"");
}

TEST(DrillParser, WantsAddressesThatGoTogether) {
  const auto trouble = [](const std::string& options) {
    const auto script = parse_script("s.pkt", options + "\n0 close(3) = 0", {});
    return script ? std::string("none") : script.error().to_string();
  };
  EXPECT_EQ(trouble("--local_ip=10.0.0.1 --remote_ip=10.0.0.2/8"), "none");
  EXPECT_EQ(trouble("--ip_version=ipv6 --local_ip=fd00::1"), "none");
  EXPECT_EQ(trouble("--local_ip=fd00::1"), "s.pkt:1: --local_ip: want an IPv4 address");
  EXPECT_EQ(trouble("--ip_version=ipv6 --remote_ip=10.0.0.1"), "s.pkt:1: --remote_ip: want an IPv6 address");
  EXPECT_EQ(trouble("--local_ip=192.0.2.1"), "s.pkt:1: --local_ip and --remote_ip are the same");
}

TEST(DrillParser, SaysWhatIsUnsupportedInsteadOfRefusingIt) {
  EXPECT_EQ(parsed("--so_filename=x.so\n0 close(3) = 0").settings.unsupported, "the option --so_filename");
  EXPECT_EQ(parsed("0 close(3) = 0\n+0 psp_new(3) = 0").settings.unsupported, "line 2: the call psp_new");
  EXPECT_EQ(parsed("0 setsockopt(3, IPPROTO_TCP, TCP_NOPUSH, [1], 4) = 0").settings.unsupported,
            "line 1: the constant TCP_NOPUSH, which Linux's headers do not have");
  EXPECT_EQ(parsed("0 > sctp: INIT[flgs=0]").settings.unsupported, "line 1: packets of sctp");
}

}  // namespace
}  // namespace leat::drill
