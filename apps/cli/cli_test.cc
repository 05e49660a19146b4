// The built command, run as a person runs it, with what needs no network.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

struct Ran {
  int status = -1;
  std::string out, err;
};

std::string slurp(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    char block[4096];
    for (std::size_t n; (n = std::fread(block, 1, sizeof block, file)) > 0;) text.append(block, n);
    std::fclose(file);
  }
  return text;
}

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    char pattern[] = "/tmp/leat-cli-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~CliTest() override { static_cast<void>(std::system(("rm -r " + folder_).c_str())); }

  /// Runs `leat ARGUMENTS` through a shell, in an empty folder, without LEAT_ variables but those in `environment`.
  Ran leat(const std::string& arguments, const std::string& environment = "") const {
    const std::string out = folder_ + "/out", err = folder_ + "/err";
    const std::string line = "mkdir -p " + folder_ + "/work && cd " + folder_ +
                             "/work && unset LEAT_LINK LEAT_ADDRESS LEAT_GATEWAY; " + environment + " " + LEAT_BINARY +
                             " " + arguments + " </dev/null >" + out + " 2>" + err;
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(out), slurp(err)};
  }
  std::string folder_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#define EXPECT_SAYS(text, part) EXPECT_TRUE(has(text, part)) << "no \"" << (part) << "\" in:\n" << (text)

TEST_F(CliTest, TellsItsVersionAndWhatIsBuiltIn) {
  const Ran ran = leat("--version");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out.substr(0, 5), "leat ");
  EXPECT_SAYS(ran.out, "Links: raw packet");
  EXPECT_SAYS(ran.out, "Boost 1.");
}

TEST_F(CliTest, HelpIsAManualPage) {
  const Ran root = leat("--help");
  EXPECT_EQ(root.status, 0);
  for (const char* part : {"NAME\n", "SYNOPSIS\n", "DESCRIPTION\n", "COMMANDS\n", "get\n", "lab\n"}) {
    EXPECT_SAYS(root.out, part);
  }
  const Ran get = leat("get --help");
  EXPECT_EQ(get.status, 0);
  for (const char* part : {"NAME\n       leat get - ", "SYNOPSIS\n       leat get [OPTIONS] URL...\n", "Host options\n",
                           "Transfer options\n", "EXIT STATUS\n", "ENVIRONMENT\n", "EXAMPLES\n", "--link SPEC\n",
                           "-o, --output FILE\n", "-C, --continue-at -\n", "--stats[=INTERVAL]\n", "LEAT_LINK",
                           "-m, --max-time T\n", "--resolve HOST:PORT:ADDR\n", "--syn-retries N\n"}) {
    EXPECT_SAYS(get.out, part);
  }
  EXPECT_EQ(get.err, "");
  std::size_t longest = 0;
  for (std::size_t at = 0; at < get.out.size();) {
    const std::size_t end = get.out.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LE(longest, 80u);
}

TEST_F(CliTest, UnknownOptionsAreRefusedWithAHint) {
  const Ran slip = leat("get --lnik tap:x http://h/");
  EXPECT_EQ(slip.status, 2);
  EXPECT_SAYS(slip.err, "unknown option --lnik; did you mean --link?");
  EXPECT_SAYS(slip.err, "leat get --help");
  EXPECT_EQ(slip.out, "");
  EXPECT_SAYS(leat("get --max-tiem=5 http://h/").err, "unknown option --max-tiem; did you mean --max-time?");
  EXPECT_SAYS(leat("lab --los 5").err, "did you mean --loss?");
  EXPECT_SAYS(leat("get --frobnicate").err, "unknown option --frobnicate\n");
  EXPECT_SAYS(leat("gett http://h/").err, "there is no command \"gett\"; did you mean get?");
  EXPECT_SAYS(leat("--verson").err, "did you mean --version?");
  EXPECT_EQ(leat("gett").status, 2);
  EXPECT_EQ(leat("").status, 2);
  EXPECT_EQ(leat("get").status, 2);
}

TEST_F(CliTest, BadValuesAreRefusedWithWhatIsWanted) {
  const std::pair<const char*, const char*> cases[] = {
      {"--link eth0", "want raw, raw:INTERFACE"},
      {"--link tap:", "tap:NAME or tun:NAME"},
      {"--link bluetooth:x", "want raw, raw:INTERFACE"},
      {"--address 10.0.0.2", "such as 10.0.0.2/24"},
      {"--address 10.0.0.2/33", "such as 10.0.0.2/24"},
      {"--address 224.0.0.1/24", "cannot be a host's address"},
      {"--address 2001:db8::1/64", "IPv6 is not supported yet"},
      {"--gateway here", "such as 10.0.0.1"},
      {"--mac 01:00:5e:00:00:01", "cannot be a station's"},
      {"--mac 1", "such as 02:00:00:00:00:01"},
      {"--mtu 575", "from 576 to 65535"},
      {"--poll hard", "want adaptive, busy or sleep"},
      {"--mtu 65536", "from 576 to 65535"},
      {"--mss 87", "from 88 to 65495"},
      {"--tos 256", "from 0 to 255"},
      {"--cc vegas", "known: cubic, reno"},
      {"--syn-retries 128", "from 0 to 127"},
      {"--syn-retries -1", "from 0 to 127"},
      {"--max-rto soon", "such as 1.5, 2s or 500ms"},
      {"--max-rto 0", "such as 1.5, 2s or 500ms"},
      {"--sndbuf 1k", "from 2k to 1G"},
      {"--rcvbuf 1x", "from 2k to 1G"},
      {"--impair los=5%", "is not an impairment: loss, burst"},
      {"--impair in:reorder=5%", "reorder needs a delay"},
      {"--stats=often", "such as 1.5, 2s or 500ms"},
      {"--resolve h:80", "HOST:PORT:ADDRESS"},
      {"--connect-timeout never", "such as 1.5, 2s or 500ms"},
      {"-m -5", "such as 1.5, 2s or 500ms"},
      {"--max-redirs many", "from 0 to"},
      {"-C 100", "only \"-\""},
      {"-w '%{nope}'", "no variable %{nope}"},
      {"-o ''", "empty file name"},
      {"-o a -o b", "more files than URLs"},
      {"-C - -o -", "standard output cannot be resumed"},
      {"-C - -i", "cannot be resumed"},
      {"-s=maybe", "leat get"},
  };
  for (const auto& [arguments, wanted] : cases) {
    const Ran ran = leat("get http://h/ " + std::string(arguments));
    EXPECT_EQ(ran.status, 2) << arguments << ": " << ran.err;
    EXPECT_TRUE(has(ran.err, wanted)) << arguments << ": " << ran.err;
  }
}

TEST_F(CliTest, WithoutALinkItSaysWhatToDo) {
  // Root needs to give the right up; others do not have it.
  const Ran ran = leat("get http://10.0.0.1/", ::geteuid() == 0 ? "setpriv --bounding-set=-net_raw" : "");
  EXPECT_EQ(ran.status, 2);
  for (const char* part : {"no link", "sudo setcap cap_net_raw+ep /", "leat lab",
                           "--link tap:", "--link packet:", "LEAT_LINK", "leat doctor"}) {
    EXPECT_SAYS(ran.err, part);
  }
  EXPECT_SAYS(leat("get --link tap:leat0 http://10.0.0.1/").err, "--address");
  EXPECT_SAYS(leat("get --link tap:leat0 --address 10.0.0.2/24 --gateway 10.0.1.1 http://h/").err,
              "the gateway 10.0.1.1 is on no subnet");
}

TEST_F(CliTest, TheEnvironmentHasDefaults) {
  EXPECT_SAYS(leat("get http://h/", "LEAT_LINK=tap:x").err, "no address");
  EXPECT_SAYS(leat("get http://h/", "LEAT_LINK=nonsense").err, "want raw");
  EXPECT_SAYS(leat("get http://h/", "LEAT_LINK=tap:x LEAT_ADDRESS=10.0.0.2/24,10.0.1.2/24 LEAT_GATEWAY=10.0.2.1").err,
              "the gateway 10.0.2.1 is on no subnet");
  EXPECT_SAYS(leat("get http://h/", "LEAT_LINK=tap:x LEAT_ADDRESS=10.0.0.2").err, "LEAT_ADDRESS: \"10.0.0.2\" is not");
  EXPECT_SAYS(leat("get http://h/", "LEAT_LINK=tap:x LEAT_ADDRESS=10.0.0.2/24 LEAT_GATEWAY=h").err, "LEAT_GATEWAY: ");
  // With another link they are another link's.
  EXPECT_SAYS(leat("get --link tap:y http://h/", "LEAT_LINK=tap:x LEAT_ADDRESS=10.0.0.2/24").err, "no address");
}

TEST_F(CliTest, AWireNeedsTwoDifferentEnds) {
  EXPECT_EQ(leat("wire").status, 2);
  EXPECT_SAYS(leat("wire tap:a").err, "DEV2");
  EXPECT_SAYS(leat("wire eth0 tap:a").err, "want packet:INTERFACE, tap:NAME or tun:NAME");
  EXPECT_SAYS(leat("wire tap:a tap:b tap:c").err, "not expected: tap:c");
  EXPECT_SAYS(leat("wire tap:a tap:a").err, "must be different");
  EXPECT_SAYS(leat("wire tap:a tap:b --impair loss=").err, "a percentage");
  const Ran gone = leat("wire packet:no-such-if0 packet:no-such-if1");
  EXPECT_EQ(gone.status, 2);
  EXPECT_SAYS(gone.err, "no-such-if0");
  const Ran help = leat("wire --help");
  EXPECT_EQ(help.status, 0);
  for (const char* part : {"SYNOPSIS\n       leat wire [OPTIONS] DEV1 DEV2\n", "--impair WHAT\n", "EXIT STATUS\n"}) {
    EXPECT_SAYS(help.out, part);
  }
}

TEST_F(CliTest, ABenchMeasuresOneThing) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "give one of --client, --server, --ping-pong and --connect-rate"},
      {"-c h -s", "give one of"},
      {"-c ''", "an empty name"},
      {"-s -t 5", "--time: it is not for this kind of measurement"},
      {"-c h --count 5", "--count: it is not for this"},
      {"--ping-pong h --reset", "--reset: it is not for this"},
      {"--connect-rate h", "give the server's --port"},
      {"-c h -p 0", "0 is for --server"},
      {"-c h -t 1.5", "whole seconds"},
      {"-c h -n 5 -t 5", "it is instead of --time"},
      {"-c h -P 129", "from 1 to 128"},
      {"-c h -b fast", "such as 500k, 10M or 1G"},
      {"-c h -i 1ms", "at least 10ms, or 0"},
      {"--ping-pong h --size 0", "from 1 to 16M"},
      {"-s --pcap -", "standard output is taken"},
      {"--pingpong h", "did you mean --ping-pong?"},
  };
  for (const auto& [arguments, wanted] : cases) {
    const Ran ran = leat("bench " + std::string(arguments));
    EXPECT_EQ(ran.status, 2) << arguments << ": " << ran.err;
    EXPECT_SAYS(ran.err, wanted);
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(CliTest, BadUrlsNeedNoLink) {
  EXPECT_EQ(leat("get http://").status, 3);
  const Ran https = leat("get https://example.org/");
  EXPECT_EQ(https.status, 1);
  EXPECT_SAYS(https.err, "leat get: (1) protocol \"https\" is not supported yet");
  EXPECT_EQ(leat("get -s http://").err, "");
  EXPECT_SAYS(leat("get -sS http://").err, "(3)");
  EXPECT_SAYS(leat("get -s -w '%{exitcode} %{http_code}\\n' http://").out, "3 000\n");
}

TEST_F(CliTest, TheDoctorSaysOfEachLinkWhetherItWorks) {
  const Ran ran = leat("doctor");
  bool any = false;
  for (const char* link : {"raw", "packet", "tap", "tun", "lab"}) {
    const std::string line = "\n" + std::string(link) + std::string(8 - std::string(link).size(), ' ');
    EXPECT_SAYS("\n" + ran.out, line);
    any = any || has("\n" + ran.out, line + "yes");
  }
  EXPECT_EQ(ran.status, any ? 0 : 1);
  EXPECT_EQ(ran.err, "");
  if (::geteuid() != 0) return;
  const Ran without = leat("doctor", "setpriv --bounding-set=-all --inh-caps=-all");
  EXPECT_SAYS(without.out, "raw     no   may not open raw IP sockets");
  EXPECT_SAYS(without.out, "cap_net_raw+ep");
}

TEST_F(CliTest, ALinkThatIsNotThereIsAUsageError) {
  const Ran ran = leat("get --link packet:no-such-if0 --address 10.0.0.2/24 http://10.0.0.1/");
  EXPECT_EQ(ran.status, 2);
  EXPECT_SAYS(ran.err, "no-such-if0");
}

/// A script that needs -D, and its folder.
std::string drill_script(const std::string& folder) {
  std::string path = folder + "/s.pkt";
  if (std::FILE* file = std::fopen(path.c_str(), "wb")) {
    std::fputs(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
        "+0 < S 0:0(0) win 20000 <mss 9000>\n+0 > S. 0:0(0) ack 1 <mss MSS>\n+.1 < . 1:1(0) ack 1 win 20000\n",
        file);
    std::fclose(file);
  }
  return path;
}

TEST_F(CliTest, DrillTakesOptionsOfScripts) {
  const std::string script = drill_script(folder_);
  EXPECT_SAYS(leat("drill " + script).out, "expected an MSS, found \"MSS\"");
  EXPECT_SAYS(leat("drill -D MSS=1460 " + script).out, "1 passed, 0 failed, 0 skipped");
  EXPECT_SAYS(leat("drill -DMSS=560 --mtu 600 -q " + script).out, "1 passed, 0 failed, 0 skipped");
  EXPECT_SAYS(leat("drill -D MSS=1 --local_ip=fd00::1 " + script).out, "--local_ip: want an IPv4 address");
  EXPECT_SAYS(leat("drill -D MSS=1 --mtu=60 " + script).out, "SKIP");
  EXPECT_SAYS(leat("drill -D MSS " + script).err, "-D: want SYMBOL=value, not \"MSS\"");
}

TEST_F(CliTest, DrillWritesACaptureThatTsharkReads) {
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no tshark; apt-get install tshark";
  const std::string script = drill_script(folder_), shown = folder_ + "/shown";
  const Ran ran = leat("drill --pcap run.pcapng --remote_ip=10.1.2.3 -D MSS=1460 " + script);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  const std::string line = "tshark -r " + folder_ + "/work/run.pcapng -o tcp.check_checksum:TRUE -T fields" +
                           " -e ip.src -e frame.time_relative -e tcp.checksum.status -e tcp.flags.str >" + shown +
                           " 2>/dev/null";
  EXPECT_EQ(std::system(line.c_str()), 0);
  const std::string text = slurp(shown);
  EXPECT_SAYS(text, "10.1.2.3\t0.000000000\t1\t");
  EXPECT_SAYS(text, "192.168.217.8\t0.000000000\t1\t");
  EXPECT_SAYS(text, "10.1.2.3\t0.100000000\t1\t");
  EXPECT_EQ(leat("drill --pcap run.pcapng " + script + " " + script).status, 2) << "one file is for one script";
}

}  // namespace
