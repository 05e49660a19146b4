#include "http/write_out.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace leat::http {
namespace {

using namespace std::chrono_literals;

Report sample() {
  Report r;
  r.url = r.url_effective = "http://h/x";
  r.file = "a \"b\"\n";
  r.http_code = 206;
  r.body_bytes = 1'000'000;
  r.total = 2s;
  r.connect = 1500us;
  r.remote = {IpAddress::v4(192, 0, 2, 1), 80};
  r.tcp.total_retrans = 7;
  r.tcp.snd_mss = 1448;
  r.tcp.rtt = 12ms;
  return r;
}

std::string filled(std::string_view format) {
  auto out = WriteOut::parse(format);
  return out ? out->fill(sample()) : "error: " + out.error();
}

TEST(WriteOut, FillsInVariables) {
  EXPECT_EQ(filled("%{http_code} %{size_download} %{speed_download} %{time_total}\\n"),
            "206 1000000 500000 2.000000\n");
  EXPECT_EQ(filled("%{time_connect} %{retransmits} %{mss} %{rtt}"), "0.001500 7 1448 0.012000");
  EXPECT_EQ(filled("%{remote_ip}:%{remote_port}"), "192.0.2.1:80");
}

TEST(WriteOut, BeforeAnyResponseTheCodeIs000) { EXPECT_EQ(WriteOut::parse("%{http_code}")->fill(Report{}), "000"); }

TEST(WriteOut, KnowsEscapes) {
  EXPECT_EQ(filled("a\\tb\\\\n100%%\\q%"), "a\tb\\n100%\\q%");
  EXPECT_EQ(filled(""), "");
}

TEST(WriteOut, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(filled("%{nope}"), "error: there is no variable %{nope}");
  EXPECT_EQ(filled("%{http_code"), "error: %{http_code has no closing brace");
}

TEST(WriteOut, GivesAllAsJson) {
  const std::string json = filled("%{json}");
  EXPECT_EQ(json, report_json(sample()));
  EXPECT_EQ(json.front(), '{');
  EXPECT_EQ(json.back(), '}');
  EXPECT_NE(json.find("\"http_code\":206"), std::string::npos);
  EXPECT_NE(json.find("\"filename_effective\":\"a \\\"b\\\"\\u000a\""), std::string::npos);
  for (const std::string_view name : WriteOut::variables()) {
    if (name == "json") continue;
    EXPECT_NE(json.find("\"" + std::string(name) + "\":"), std::string::npos) << name;
  }
  Report hostile;
  hostile.content_type = "\xff\x01";
  hostile.file = "caf\xc3\xa9";
  EXPECT_NE(report_json(hostile).find("\"caf\xc3\xa9\""), std::string::npos);
  EXPECT_NE(report_json(hostile).find("\"\\u00ff\\u0001\""), std::string::npos);
  EXPECT_NE(report_json(Report{}).find("\"http_code\":0"), std::string::npos);
}

}  // namespace
}  // namespace leat::http
