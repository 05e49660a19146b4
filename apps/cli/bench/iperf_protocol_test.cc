#include "cli/bench/iperf_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <span>
#include <string>

namespace leat::command::iperf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::span<const std::uint8_t> protocol_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// As iperf 3.12 sends them.
constexpr const char* kParameters =
    R"({"tcp":true,"omit":0,"time":1,"num":0,"blockcount":0,"parallel":2,"reverse":true,"len":2000,)"
    R"("bandwidth":1000000,"pacing_timer":1000,"client_version":"3.12"})";
constexpr const char* kResults =
    R"({"cpu_util_total":3.5,"cpu_util_user":1.5,"cpu_util_system":2,"sender_has_retransmits":1,)"
    R"("congestion_used":"cubic","streams":[{"id":1,"bytes":131072,"retransmits":7,"jitter":0,"errors":0,"packets":0,)"
    R"("start_time":0,"end_time":1.000011},{"id":3,"bytes":131073,"retransmits":18446744073709551615,"jitter":0,)"
    R"("errors":0,"packets":0,"start_time":0,"end_time":1.000029}]})";

TEST(IperfProtocol, ReadsTheParametersOfIperf3) {
  const auto p = parse_parameters(kParameters);
  ASSERT_TRUE(p) << p.error();
  EXPECT_TRUE(p->reverse);
  EXPECT_EQ(p->seconds, 1u);
  EXPECT_EQ(p->bytes, 0u);
  EXPECT_EQ(p->parallel, 2u);
  EXPECT_EQ(p->block, 2000u);
  EXPECT_EQ(p->bandwidth, 1'000'000u);
  EXPECT_EQ(p->version, "3.12");
  EXPECT_THAT(p->unsupported, IsEmpty());
}

TEST(IperfProtocol, ParametersComeThroughUnchanged) {
  Parameters p;
  p.reverse = true;
  p.seconds = 0;
  p.omit = 3;
  p.bytes = 5'000'000'000;
  p.parallel = 128;
  p.block = 1;
  p.bandwidth = 40'000'000'000;
  p.version = "leat 0.1";
  const auto back = parse_parameters(to_json(p));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(to_json(*back), to_json(p));
}

TEST(IperfProtocol, BlocksAreBytes) {
  const auto p = parse_parameters(R"({"tcp":true,"time":0,"blockcount":10,"len":100})");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->bytes, 1000u);
}

TEST(IperfProtocol, TellsWhatItWillNotDo) {
  const auto p = parse_parameters(R"({"tcp":true,"MSS":1000,"nodelay":true,"window":0,"congestion":"bbr","TOS":4})");
  ASSERT_TRUE(p);
  EXPECT_THAT(p->unsupported, ElementsAre("MSS", "TOS", "nodelay", "congestion"));
  EXPECT_FALSE(parse_parameters(R"({"udp":true,"time":1})"));
  EXPECT_FALSE(parse_parameters(R"({"sctp":true,"time":1})"));
  EXPECT_FALSE(parse_parameters(R"({"tcp":true,"bidirectional":true})"));
}

TEST(IperfProtocol, RefusesParametersOutOfRange) {
  for (const char* text : {"", "{", "[]", "null", "7", "\"tcp\"", R"({"parallel":129})", R"({"parallel":-1})",
                           R"({"parallel":"many"})", R"({"len":1048577})", R"({"len":-5})", R"({"time":86401})",
                           R"({"time":1.5})", R"({"omit":601})", R"({"num":1e300})", R"({"num":-1})",
                           R"({"num":18446744073709551615})", R"({"bandwidth":[1]})", R"({"blockcount":1e15})"}) {
    EXPECT_FALSE(parse_parameters(text)) << text;
  }
  EXPECT_FALSE(parse_parameters(std::string(100'000, '[')));
  EXPECT_EQ(parse_parameters(R"({"client_version":"\u001b[2J"})")->version, "") << "control characters";
}

TEST(IperfProtocol, ReadsTheResultsOfIperf3) {
  const auto r = parse_results(kResults);
  ASSERT_TRUE(r) << r.error();
  EXPECT_EQ(r->cpu_total, 3.5);
  EXPECT_EQ(r->congestion, "cubic");
  ASSERT_EQ(r->streams.size(), 2u);
  EXPECT_EQ(r->streams[0].id, 1);
  EXPECT_EQ(r->streams[0].bytes, 131072u);
  EXPECT_EQ(r->streams[0].retransmits, 7u);
  EXPECT_EQ(r->streams[1].id, stream_id(1));
  EXPECT_EQ(r->streams[1].retransmits, std::nullopt) << "-1, printed without its sign";
  EXPECT_EQ(r->streams[1].seconds, 1.000029);
}

TEST(IperfProtocol, ResultsComeThroughUnchanged) {
  const Results r{1, 2, 3, true, "reno", {{1, 10, 0, 1.5}, {3, 1'000'000'000'000, 12, 2}}};
  const auto back = parse_results(to_json(r));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(to_json(*back), to_json(r));
  const Results receiver{0, 0, 0, false, "", {{1, 10, std::nullopt, 1}}};
  EXPECT_EQ(parse_results(to_json(receiver))->streams[0].retransmits, std::nullopt);
}

TEST(IperfProtocol, RefusesResultsThatAreNone) {
  for (const char* text : {"", "{}", R"({"streams":{}})", R"({"streams":[7]})", R"({"streams":[{"id":-1}]})",
                           R"({"streams":[{"id":1,"bytes":-1}]})", R"({"streams":[{"id":1,"bytes":1e30}]})",
                           R"({"streams":[{"id":"x","bytes":1}]})"}) {
    EXPECT_FALSE(parse_results(text)) << text;
  }
  std::string many = R"({"streams":[)";
  for (int i = 0; i < 257; ++i) many += (i > 0 ? ",{}" : "{}");
  EXPECT_FALSE(parse_results(many + "]}"));
  const auto odd = parse_results(R"({"cpu_util_total":"high","streams":[{"id":1,"bytes":1,"end_time":-3}]})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->cpu_total, 0);
  EXPECT_EQ(odd->streams[0].seconds, 0);
}

TEST(IperfProtocol, AReaderTakesWhatComesInPieces) {
  Reader reader;
  const std::string text = framed("{\"tcp\":true}");
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    reader.push(protocol_bytes(text.substr(i, 1)));
    const auto json = reader.take_json();
    ASSERT_TRUE(json);
    EXPECT_EQ(*json, std::nullopt);
  }
  reader.push(protocol_bytes("}\x0a\xff"));
  EXPECT_EQ(**reader.take_json(), "{\"tcp\":true}");
  EXPECT_EQ(reader.take_state(), State::create_streams);
  EXPECT_EQ(reader.take_state(), State::access_denied);
  EXPECT_EQ(reader.take_state(), std::nullopt);
}

TEST(IperfProtocol, ALengthIsBounded) {
  for (const std::string& head : {std::string("\0\4\0\1", 4), std::string("\xff\xff\xff\xff"), std::string(4, '\0')}) {
    Reader reader;
    reader.push(protocol_bytes(head));
    EXPECT_FALSE(reader.take_json());
  }
  Reader full;
  full.push(protocol_bytes(framed(std::string(kMostJson, ' '))));
  EXPECT_EQ(full.room(), 0u);
  EXPECT_EQ((*full.take_json())->size(), kMostJson);
  EXPECT_EQ(full.room(), kMostJson + 4);
}

TEST(IperfProtocol, ACookieIsLettersAndAZero) {
  std::array<std::uint8_t, kCookieSize - 1> random{};
  random[1] = 31, random[2] = 255;
  const Cookie cookie = make_cookie(random);
  EXPECT_EQ(cookie[0], 'a');
  EXPECT_EQ(cookie[1], '7');
  EXPECT_EQ(cookie[2], '7');
  EXPECT_EQ(cookie[kCookieSize - 1], 0);
  Reader reader;
  reader.push(std::span(cookie).first(36));
  EXPECT_EQ(reader.take_cookie(), std::nullopt);
  reader.push(std::span(cookie).last(1));
  EXPECT_EQ(reader.take_cookie(), cookie);
}

/// Damaged texts are refused or understood, and never more than that.
TEST(IperfProtocol, SurvivesDamage) {
  std::mt19937 random(17);
  for (const char* good : {kParameters, kResults}) {
    for (int i = 0; i < 3'000; ++i) {
      std::string text = good;
      for (unsigned n = random() % 4 + 1; n > 0; --n) text[random() % text.size()] = static_cast<char>(random());
      if (random() % 8 == 0) text.resize(random() % text.size());
      if (const auto p = parse_parameters(text)) {
        EXPECT_LE(p->parallel, kMostStreams);
        EXPECT_LE(p->block, kMostBlock);
        EXPECT_GT(p->block, 0u);
      }
      const auto r = parse_results(text);
      EXPECT_TRUE(!r || r->streams.size() <= 2 * kMostStreams);
    }
  }
}

}  // namespace
}  // namespace leat::command::iperf
