// The player against a subject that does what a test has written down: no stack is behind it.
#include "drill/player.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <map>

#include "drill/packet_maker.h"
#include "drill/parse_packet.h"
#include "drill/parser.h"
#include "drill/tcp_option_bytes.h"

namespace leat::drill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 5000;
constexpr std::uint32_t kIsn = 7000;

class FakeSubject final : public Subject {
 public:
  /// A segment of the socket's, as a script would write it behind `>`.
  FakeSubject& sends(Duration time, const std::string& text, std::uint16_t port = kPort) {
    sent_.push_back({time, packet_of(text, port)});
    return *this;
  }
  /// The segment that the next connect() sends.
  FakeSubject& sends_to_connect(const std::string& text, std::uint16_t port = kPort) {
    sent_to_connect_.push_back(packet_of(text, port));
    return *this;
  }
  /// The results of calls. A call without one returns 0.
  FakeSubject& answers(CallName name, std::int64_t result, int error = 0) {
    answers_[name] = {result, error};
    return *this;
  }
  /// Calls that may block do so until then.
  FakeSubject& returns_at(Duration time) {
    return_time_ = time;
    return *this;
  }
  const std::vector<IpPacket>& injected() const { return injected_; }

  std::optional<std::string> set(const Knob& knob) override {
    if (knob.name == "net.ipv4.tcp_sack") return std::nullopt;
    return std::string("there is no such knob");
  }
  std::optional<int> run_command(const std::string&) override { return std::nullopt; }
  bool has_shell() const override { return false; }
  bool has(Feature) const override { return true; }
  void start() override {}
  Duration now() override { return now_; }
  void advance_to(Duration time) override { now_ = std::max(now_, time); }
  void inject(Bytes packet) override { injected_.push_back(*parse_ip_packet(packet)); }
  std::optional<SentPacket> next_sent(Duration deadline) override {
    if (sent_.empty() || sent_.front().time > deadline) {
      advance_to(deadline);
      return std::nullopt;
    }
    SentPacket packet = std::move(sent_.front());
    sent_.pop_front();
    advance_to(packet.time);
    return packet;
  }
  std::optional<std::string> lack(const SystemCall& call) override {
    if (call.name == CallName::splice) return std::string("no splice");
    return std::nullopt;
  }
  void call(SystemCall& call) override {
    if (const auto answer = answers_.find(call.name); answer != answers_.end()) {
      call.result = answer->second.first, call.error = answer->second.second;
    }
    if (call.name == CallName::connect && call.address.ss_family != AF_UNSPEC) {
      sent_.push_front({now_, sent_to_connect_.front()});
      sent_to_connect_.pop_front();
    }
    if (call.error == EINTR) advance_to(now_ + kLongestCall);
    call.finished = now_;
  }
  void begin(SystemCall& call) override { blocked_ = &call; }
  bool finish(Duration deadline) override {
    advance_to(std::min(deadline, return_time_));
    if (return_time_ > deadline) return false;
    call(*blocked_);
    blocked_->finished = return_time_;
    return true;
  }
  void abandon() override { blocked_ = nullptr; }

 private:
  static std::vector<std::uint8_t> packet_of(const std::string& text, std::uint16_t port) {
    const Settings settings;
    Flow from_it;  // as if the stack were the script's side
    from_it.remote = {settings.local_address(), port};
    from_it.local = {settings.remote_address(), settings.connect_port};
    from_it.peers = {kIsn, kIsn, true}, from_it.ours = {0, 0, true};
    Cursor in("fake", "< " + text);
    auto packet = make_packet(parse_packet(in, settings), from_it, settings);
    EXPECT_TRUE(packet) << packet.error();
    return *packet;
  }

  Duration now_{}, return_time_ = seconds(1000);
  std::deque<SentPacket> sent_;
  std::deque<std::vector<std::uint8_t>> sent_to_connect_;
  std::map<CallName, std::pair<std::int64_t, int>> answers_;
  SystemCall* blocked_ = nullptr;
  std::vector<IpPacket> injected_;
};

/// Lines 1 to 5: a connection, open at 0.1.
const std::string kOpen =
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
    "+0 connect(3, ..., ...) = 0\n"
    "+0 > S 0:0(0) win 100\n"
    "+.1 < S. 0:0(0) ack 1 win 100\n"
    "+0 > . 1:1(0) ack 1 win 100\n";

class DrillPlayer : public ::testing::Test {
 protected:
  DrillPlayer() {
    fake_.answers(CallName::socket, 3);
    fake_.sends_to_connect("S 7000:7000(0) win 100").sends(milliseconds(100), ". 1:1(0) ack 1 win 100");
  }
  Verdict play_it(const std::string& text, const PlayOptions& options = {}) {
    const auto script = parse_script("s.pkt", text, {});
    if (!script) return {Verdict::Kind::failed, script.error().to_string(), {}};
    return play(*script, fake_, options);
  }
  void passes(const std::string& more) {
    const Verdict verdict = play_it(kOpen + more);
    EXPECT_EQ(verdict.kind, Verdict::Kind::passed) << verdict.message;
  }
  /// "line: message"
  void fails(const std::string& more, const std::string& message) {
    const Verdict verdict = play_it(kOpen + more);
    EXPECT_EQ(verdict.kind, Verdict::Kind::failed);
    EXPECT_TRUE(verdict.message.starts_with("s.pkt:" + message)) << verdict.message;
  }

  FakeSubject fake_;
};

const std::string kTwo = "+.1 > P. 1:501(500) ack 1 win 100\n+.1 > P. 501:1001(500) ack 1 win 100\n";

TEST_F(DrillPlayer, TakesPacketsInTheirOrder) {
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 100")
      .sends(milliseconds(300), "P. 501:1001(500) ack 1 win 100");
  passes(kTwo);
  EXPECT_EQ(fake_.injected().size(), 2u) << "the SYN-ACK, and a RST when all is over";
}

TEST_F(DrillPlayer, RefusesPacketsInAnotherOrder) {
  fake_.sends(milliseconds(200), "P. 501:1001(500) ack 1 win 100")
      .sends(milliseconds(300), "P. 1:501(500) ack 1 win 100");
  fails(kTwo, "6: sequence number\n    expected  1\n    got       501");
}

TEST_F(DrillPlayer, NoticesThatNoneComes) {
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 100");
  fails(kTwo, "7: a packet is missing\n    expected  0.300000 > ");
}

TEST_F(DrillPlayer, NoticesWhatNobodyAskedFor) {
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 100").sends(milliseconds(200), "P. 501:502(1) ack 1 win 100");
  fails(
      "+.1 > P. 1:501(500) ack 1 win 100\n",
      "6: the script ends, and this segment was not expected\n    0.200000 > P. 501:502(1) ack 1 win 100   data that the script wrote; Linux sends it as well");
}

TEST_F(DrillPlayer, LetsWhatNobodyAskedForPassWhenLenient) {
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 100").sends(milliseconds(200), "P. 501:502(1) ack 1 win 100");
  PlayOptions lenient;
  lenient.lenient = true;
  EXPECT_EQ(play_it(kOpen + "+.1 > P. 1:501(500) ack 1 win 100\n", lenient).kind, Verdict::Kind::passed);
}

TEST_F(DrillPlayer, IgnoresSegmentsOfOthers) {
  fake_.sends(milliseconds(150), "P. 9:19(10) ack 1 win 100", kPort + 1);
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 100");
  passes("+.1 > P. 1:501(500) ack 1 win 100\n");
}

TEST_F(DrillPlayer, AllowsFourMilliseconds) {
  fake_.sends(milliseconds(104), "P. 1:501(500) ack 1 win 100");
  passes("+0 > P. 1:501(500) ack 1 win 100\n");
}

TEST_F(DrillPlayer, AllowsNoFiveMilliseconds) {
  fake_.sends(milliseconds(105), "P. 1:501(500) ack 1 win 100");
  fails("+0 > P. 1:501(500) ack 1 win 100\n",
        "6: time at which this packet leaves\n    expected  0.100000\n    got       0.105000");
}

TEST_F(DrillPlayer, AllowsAnEighthOfALongTime) {
  fake_.sends(milliseconds(1224), "P. 1:501(500) ack 1 win 100")
      .sends(milliseconds(2100), ". 501:601(100) ack 1 win 100");
  passes("+1 > P. 1:501(500) ack 1 win 100\n+1 > . 501:601(100) ack 1 win 100\n");  // 124 ms late, 124 ms early
}

TEST_F(DrillPlayer, AllowsNoMoreThanAnEighth) {
  fake_.sends(milliseconds(970), "P. 1:501(500) ack 1 win 100");
  fails("+1 > P. 1:501(500) ack 1 win 100\n",
        "6: time at which this packet leaves\n    expected  1.100000\n    got       0.970000");
}

TEST_F(DrillPlayer, WidensAWindowAtBothEnds) {
  fake_.sends(milliseconds(165), ". 1:501(500) ack 1 win 100")
      .sends(milliseconds(700), ". 501:1001(500) ack 1 win 100");
  fails(
      "+.1~+.4 > . 1:501(500) ack 1 win 100\n"      // 35 ms early, 50 are allowed
      "+.1~+.4 > . 501:1001(500) ack 1 win 100\n",  // 135 ms late
      "7: time at which this packet leaves\n    expected  0.265000 to 0.565000\n    got       0.700000");
}

TEST_F(DrillPlayer, LetsAStarComeAtAnyTime) {
  fake_.sends(seconds(3600), ". 1:501(500) ack 1 win 100");
  passes("* > . 1:501(500) ack 1 win 100\n");
}

TEST_F(DrillPlayer, JoinsSegmentsOfOneSize) {
  fake_.sends(milliseconds(100), ". 1:401(400) ack 1 win 100")
      .sends(milliseconds(100), "P. 401:601(200) ack 1 win 100");
  passes("+0 > P. 1:601(600) ack 1 win 100\n");
}

TEST_F(DrillPlayer, JoinsNothingWhenStrict) {
  fake_.sends(milliseconds(100), ". 1:401(400) ack 1 win 100")
      .sends(milliseconds(100), "P. 401:601(200) ack 1 win 100");
  const Verdict verdict = play_it("--strict_segments\n" + kOpen + "+0 > P. 1:601(600) ack 1 win 100\n");
  EXPECT_NE(verdict.message.find("TCP flags\n    expected  P.\n    got       ."), std::string::npos) << verdict.message;
}

TEST_F(DrillPlayer, WarnsOfWhatIsNotFatal) {
  fake_.sends(milliseconds(200), "P. 1:501(500) ack 1 win 99");
  const Verdict verdict = play_it("--non_fatal=packet\n" + kOpen + "+.1 > P. 1:501(500) ack 1 win 100\n");
  EXPECT_EQ(verdict.kind, Verdict::Kind::passed) << verdict.message;
  EXPECT_EQ(verdict.warnings,
            "s.pkt:7: warning: window\n    expected  100\n    got       99\n"
            "    script    > P. 1:501(500) ack 1 win 100\n"
            "    stack     > P. 1:501(500) ack 1 win 99\n");
}

const std::string kRead = "+.1...0.400 read(3, ..., 100) = 5\n+.1 < P. 1:6(5) ack 1 win 100\n";

TEST_F(DrillPlayer, WaitsForACallThatBlocks) {
  fake_.answers(CallName::read, 5).returns_at(milliseconds(535));  // 37.5 ms are allowed
  passes(kRead);
}

TEST_F(DrillPlayer, NoticesACallThatReturnsLate) {
  fake_.answers(CallName::read, 5).returns_at(milliseconds(540));
  fails(kRead, "6: time at which read returns\n    expected  0.500000\n    got       0.540000");
}

TEST_F(DrillPlayer, NoticesACallThatReturnsEarly) {
  fake_.answers(CallName::read, 5).returns_at(milliseconds(300));
  fails(kRead, "6: time at which read returns\n    expected  0.500000\n    got       0.300000");
}

TEST_F(DrillPlayer, NoticesACallThatDoesNotReturn) {
  fails(kRead, "6: read blocks still; it was to return at 0.500000");
}

TEST_F(DrillPlayer, NoticesTheWrongResult) {
  fake_.answers(CallName::read, -1, ECONNRESET).returns_at(milliseconds(500));
  fails(kRead, "6: result of read\n    expected  5\n    got       -1 ECONNRESET");
}

TEST_F(DrillPlayer, NamesACallThatBlocksWhereNoneMay) {
  fake_.answers(CallName::read, -1, EINTR);
  fails("+0 read(3, ..., 100) = 5\n", "6: read blocks; a script says when such a call returns, as +0...0.2");
}

TEST_F(DrillPlayer, KeepsTheFlowOfAConnectionThatIsTakenAway) {
  fake_.sends(milliseconds(200), "R. 1:1(0) ack 1 win 0");
  fake_.sends_to_connect("S 9000:9000(0) win 100", kPort + 1);
  passes(
      "+.1 connect(3, {sa_family=AF_UNSPEC}, 16) = 0\n"
      "+0 > R. 1:1(0) ack 1 win 0\n"
      "+.1 connect(3, ..., ...) = 0\n"
      "+0 > S 0:0(0) win 100\n");
}

TEST_F(DrillPlayer, KnowsSackEcnAndTimeStampsOfTheStack) {
  const std::string text = ". 1:1(0) ack 1 win 100 <nop,nop,TS val 900 ecr 0,nop,nop,sack 1:501 1001:1501>";
  fake_.sends(milliseconds(200), "[ect0] " + text);
  passes("+.1 > [ect0] " + text + "\n");
}

TEST_F(DrillPlayer, ComparesSackBlocksInTheirOrder) {
  fake_.sends(milliseconds(200), ". 1:1(0) ack 1 win 100 <nop,nop,sack 1001:1501 1:501>");
  fails("+.1 > . 1:1(0) ack 1 win 100 <nop,nop,sack 1:501 1001:1501>\n",
        "6: TCP options\n    expected  <nop,nop,sack 1:501 1001:1501>\n    got       <nop,nop,sack 1001:1501 1:501>");
}

TEST_F(DrillPlayer, ComparesEcn) {
  fake_.sends(milliseconds(200), "[ce] P. 1:501(500) ack 1 win 100");
  fails("+.1 > [ect0] P. 1:501(500) ack 1 win 100\n", "6: ECN mark\n    expected  ect0\n    got       ce");
}

TEST_F(DrillPlayer, SendsSackEcnAndTimeStampsToTheStack) {
  fake_.sends(milliseconds(200), "P. 1:2001(2000) ack 1 win 100 <nop,nop,TS val 70000 ecr 0>");
  passes(
      "+.1 > P. 1:2001(2000) ack 1 win 100 <nop,nop,TS val 5 ecr 0>\n"
      "+.1 < [ce] . 1:1(0) ack 501 win 100 <nop,nop,TS val 9 ecr 5,nop,nop,sack 1:501 1001:1501>\n");  // a D-SACK
  const IpPacket& packet = fake_.injected().at(1);
  EXPECT_EQ(packet.tos, 3);
  EXPECT_EQ(packet.ack, kIsn + 501);
  ASSERT_TRUE(packet.options);
  EXPECT_EQ(to_string(*packet.options), "<nop,nop,TS val 9 ecr 70000,nop,nop,sack 7001:7501 8001:8501>");
}

TEST_F(DrillPlayer, SkipsWhatTheSubjectLacks) {
  EXPECT_EQ(play_it("`sysctl -w net.ipv4.tcp_x=1`\n0 close(3) = -1\n").message,
            "line 1: net.ipv4.tcp_x = 1: there is no such knob");
  EXPECT_EQ(play_it("0 splice(3, NULL, 4, NULL, 5, 0) = 5\n").message, "line 1: no splice");
  EXPECT_EQ(play_it("0 `nstat | grep x`\n").message, "line 1 runs a command: nstat | grep x (it has a pipe)");
}

TEST_F(DrillPlayer, SkipsWhatCannotBeJudged) {
  fake_.answers(CallName::setsockopt, -1, ENOPROTOOPT);
  EXPECT_EQ(play_it(kOpen + "+0 setsockopt(3, SOL_SOCKET, SO_TIMESTAMPING, [1], 4) = 0\n").message,
            "line 6: there is no socket option SO_TIMESTAMPING (time stamps of packets)");
}

TEST_F(DrillPlayer, SkipsTimesInControlMessages) {
  EXPECT_EQ(play_it(kOpen + "+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0, msg_control=["
                            "{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0, scm_nsec=5}}]},"
                            " 0) = 5\n")
                .message,
            "line 6: times in control messages (scm_sec) are not judged");
}

TEST_F(DrillPlayer, SkipsCodeAboutWhatTheControllerDoesNotTell) {
  EXPECT_EQ(play_it(kOpen + "+0 %{ assert bbr_min_rtt > 5 }%\n").message,
            "line 6: TCP_CC_INFO does not tell bbr_min_rtt here");
}

}  // namespace
}  // namespace leat::drill
