// A server's side of a connection, without the connection.
#include "http/server/session.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <deque>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "http/date.h"
#include "http/server/access_log.h"
#include "http/server/ranges.h"
#include "http/testing/malformed_requests.h"

namespace leat::http {
namespace {

constexpr std::time_t kModified = 1'700'000'000;

/// What the session puts into room for `size` bytes.
std::string fill(Session& session, std::size_t size) {
  std::string text(size, '?');
  text.resize(session.fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

struct SessionTest : ::testing::Test {
  SessionTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "leat-session-XXXXXX").string();
    root = std::filesystem::path(::mkdtemp(pattern.data()));
    std::ofstream(root / "ten") << "0123456789";
    std::ofstream big(root / "big");
    for (int i = 0; i < 300'000; ++i) big << static_cast<char>('a' + i % 23);
    big.close();
    const timespec times[2] = {{kModified, 0}, {kModified, 0}};
    ::utimensat(AT_FDCWD, (root / "ten").c_str(), times, 0);
    site.emplace(std::move(*Site::open(root.string())));
    context.emplace(
        Session::Context{*site, [] { return kModified + 100; }, [this](const Exchange& e) { log.push_back(e); }});
    session.emplace(*context);
  }
  ~SessionTest() override { std::filesystem::remove_all(root); }

  /// Gives `text` in pieces, as far as there is room, and collects what comes back.
  std::string say(std::string_view text, std::size_t piece = 1 << 20) {
    std::string answer = drain();
    while (!text.empty() && session->room() > 0) {
      const std::size_t n = std::min({text.size(), piece, session->room()});
      session->on_input({reinterpret_cast<const std::uint8_t*>(text.data()), n});
      text.remove_prefix(n);
      answer += drain();
    }
    return answer;
  }
  std::string drain() { return drain(*session); }
  static std::string drain(Session& s) {
    std::string all;
    while (s.has_output()) all += fill(s, 1000);
    return all;
  }
  static std::string body(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "(no head)" : answer.substr(end + 4);
  }
  static std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
  }
  unsigned status() const { return log.empty() ? 0 : log.back().status; }

  std::filesystem::path root;
  std::optional<Site> site;
  std::optional<Session::Context> context;
  std::vector<Exchange> log;
  std::optional<Session> session;
};

TEST_F(SessionTest, AnswersAndStaysOpen) {
  const std::string answer = say(get("/ten"));
  EXPECT_EQ(answer.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(body(answer), "0123456789");
  EXPECT_NE(answer.find("Content-Length: 10\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Date: Tue, 14 Nov 2023 22:15:00 GMT\r\n"), std::string::npos);
  EXPECT_FALSE(session->has_ended());
  EXPECT_FALSE(session->is_busy());
  EXPECT_EQ(body(say(get("/ten"))), "0123456789");
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(SessionTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string answer = say(get("/ten") + get("/nothing") + get("/big") + get("/ten", "Connection: close\r\n"));
  EXPECT_EQ(log.size(), 4u);
  EXPECT_EQ(log[0].status, 200u);
  EXPECT_EQ(log[1].status, 404u);
  EXPECT_EQ(log[2].body_bytes, 300'000u);
  EXPECT_EQ(answer.substr(answer.size() - 10), "0123456789");
  EXPECT_TRUE(session->has_ended());
}

TEST_F(SessionTest, OneByteAtATimeGivesTheSame) { EXPECT_EQ(body(say("\r\n" + get("/big"), 1)).size(), 300'000u); }

TEST_F(SessionTest, HeadHasTheLengthAndNoBody) {
  const std::string answer = say("HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 300000\r\n"), std::string::npos);
  EXPECT_EQ(body(answer), "");
  EXPECT_EQ(body(say(get("/ten"))), "0123456789");
}

TEST_F(SessionTest, Http10ClosesUnlessAskedNotTo) {
  EXPECT_EQ(body(say("GET /ten HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")), "0123456789");
  EXPECT_FALSE(session->has_ended());
  EXPECT_EQ(body(say("GET /ten HTTP/1.0\r\n\r\n")), "0123456789");
  EXPECT_TRUE(session->has_ended());
}

TEST_F(SessionTest, Ranges) {
  EXPECT_EQ(body(say(get("/ten", "Range: bytes=2-4\r\n"))), "234");
  EXPECT_EQ(status(), 206u);
  EXPECT_EQ(body(say(get("/ten", "Range: bytes=7-\r\n"))), "789");
  EXPECT_EQ(body(say(get("/ten", "Range: bytes=-2\r\n"))), "89");
  EXPECT_EQ(body(say(get("/ten", "Range: bytes=8-100\r\n"))), "89");
  const std::string none = say(get("/ten", "Range: bytes=10-\r\n"));
  EXPECT_EQ(status(), 416u);
  EXPECT_NE(none.find("Content-Range: bytes */10\r\n"), std::string::npos);
  EXPECT_EQ(body(say(get("/ten", "Range: lines=1-2\r\n"))), "0123456789");
  const std::string two = say(get("/ten", "Range: bytes=0-1,8-9\r\n"));
  EXPECT_EQ(status(), 206u);
  EXPECT_NE(two.find("Content-Range: bytes 0-1/10\r\n\r\n01\r\n--"), std::string::npos);
  EXPECT_NE(two.find("Content-Range: bytes 8-9/10\r\n\r\n89\r\n--"), std::string::npos);
}

TEST(Ranges, AreReadStrictlyAndBounded) {
  using V = std::vector<ByteRange>;
  EXPECT_EQ(parse_ranges("bytes=0-0", 1), (V{{0, 1}}));
  EXPECT_EQ(parse_ranges("BYTES= 1-2 , -1", 10), (V{{1, 2}, {9, 1}}));
  EXPECT_EQ(parse_ranges("bytes=-0", 10), V{});
  EXPECT_EQ(parse_ranges("bytes=0-", 0), V{});
  EXPECT_EQ(parse_ranges("bytes=5-99999999999999999999999", 10), (V{{5, 5}}));
  for (const char* bad :
       {"bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1-2,", "bytes=+1-2", "x=1-2"}) {
    EXPECT_EQ(parse_ranges(bad, 10), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_ranges("bytes=0-9,0-9", 10), std::nullopt) << "more than the whole";
  std::string many = "bytes=0-0";
  for (std::size_t i = 0; i < kMostRanges; ++i) many += ",0-0";
  EXPECT_EQ(parse_ranges(many, 1000), std::nullopt);
}

TEST_F(SessionTest, Conditions) {
  const std::string head = say(get("/ten"));
  const std::size_t at = head.find("ETag: ") + 6;
  const std::string tag = head.substr(at, head.find('\r', at) - at);
  const std::string date = date_text(kModified), earlier = date_text(kModified - 1);
  const auto asks = [&](const std::string& fields) {
    say(get("/ten", fields));
    return status();
  };
  EXPECT_EQ(asks("If-None-Match: \"x\", W/" + tag + "\r\n"), 304u);
  EXPECT_EQ(asks("If-None-Match: *\r\n"), 304u);
  EXPECT_EQ(asks("If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n"), 200u) << "the tag decides";
  EXPECT_EQ(asks("If-Modified-Since: " + date + "\r\n"), 304u);
  EXPECT_EQ(asks("If-Modified-Since: " + earlier + "\r\n"), 200u);
  EXPECT_EQ(asks("If-Modified-Since: yesterday\r\n"), 200u);
  EXPECT_EQ(asks("If-Match: \"x\"\r\n"), 412u);
  EXPECT_EQ(asks("If-Match: " + tag + "\r\n"), 200u);
  EXPECT_EQ(asks("If-Unmodified-Since: " + earlier + "\r\n"), 412u);
  EXPECT_EQ(asks("Range: bytes=0-1\r\nIf-Range: " + tag + "\r\n"), 206u);
  EXPECT_EQ(asks("Range: bytes=0-1\r\nIf-Range: \"x\"\r\n"), 200u);
  EXPECT_EQ(asks("Range: bytes=0-1\r\nIf-Range: " + date + "\r\n"), 206u);
  EXPECT_EQ(asks("Range: bytes=0-1\r\nIf-Range: " + earlier + "\r\n"), 200u);
  EXPECT_EQ(body(say(get("/ten", "If-None-Match: " + tag + "\r\n"))), "") << "304 has no body";
}

TEST_F(SessionTest, WhatIsNotServed) {
  struct Case {
    std::string text;
    unsigned status;
  };
  const Case cases[] = {
      {"POST /ten HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405},
      {"BREW /ten HTTP/1.1\r\nHost: x\r\n\r\n", 405},
      {"GET /ten HTTP/1.1\r\n\r\n", 400},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"GET /ten HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"GET /../x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413},
      {"GET /ten HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"GET  /ten HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"\x16\x03\x01 TLS\r\n\r\n", 400},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
      {"GET /ten HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
  };
  for (const Case& c : cases) {
    session.emplace(*context);
    const std::string answer = say(c.text);
    EXPECT_EQ(status(), c.status) << c.text.substr(0, 60);
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::to_string(c.status)) << c.text.substr(0, 60);
  }
}

TEST_F(SessionTest, ABodyIsNoSecondRequest) {
  const std::string hidden = get("/big");
  const std::string answer = say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(hidden.size()) +
                                 "\r\n\r\n" + hidden + get("/ten"));
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].status, 405u);
  EXPECT_EQ(log[1].target, "/ten");
  EXPECT_EQ(answer.substr(answer.size() - 10), "0123456789");
}

TEST_F(SessionTest, AHalfClosedClientStillGetsItsAnswer) {
  session->on_input({reinterpret_cast<const std::uint8_t*>(get("/ten").data()), get("/ten").size()});
  session->on_end();
  EXPECT_EQ(body(drain()), "0123456789");
  EXPECT_TRUE(session->has_ended());
}

TEST_F(SessionTest, AnEndInsideARequestIsMalformed) {
  say("GET /te");
  session->on_end();
  drain();
  EXPECT_EQ(status(), 400u);
  EXPECT_TRUE(session->has_ended());
}

TEST_F(SessionTest, SlowRequestsAreToldSoAndIdleConnectionsAreNot) {
  say("GET /te");
  session->on_request_timeout();
  EXPECT_EQ(drain().substr(0, 12), "HTTP/1.1 408");
  EXPECT_TRUE(session->has_ended());
  session.emplace(*context);
  session->on_request_timeout();
  EXPECT_EQ(drain(), "");
  EXPECT_TRUE(session->has_ended());
}

TEST_F(SessionTest, AFileThatGetsShorterBreaksTheAnswer) {
  const std::string request = get("/big");
  session->on_input({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
  EXPECT_EQ(fill(*session, 5000).size(), 5000u);
  std::filesystem::resize_file(root / "big", 100);
  drain();
  EXPECT_TRUE(session->is_broken());
  EXPECT_FALSE(session->has_ended()) << "an orderly end would look like the whole";
}

TEST_F(SessionTest, ListingsThatNobodyReadsAreBoundedTogether) {
  const std::filesystem::path folder = root / "many";
  std::filesystem::create_directory(folder);
  for (int i = 0; i < 3000; ++i) std::ofstream(folder / (std::string(200, 'x') + std::to_string(i)));
  const std::string request = get("/many/");
  std::deque<Session> unread;
  constexpr int kClients = 20;
  for (int i = 0; i < kClients; ++i) {
    const timespec times[2] = {{kModified + i, 0}, {kModified + i, 0}};  // so that none is as the one before
    ASSERT_EQ(::utimensat(AT_FDCWD, folder.c_str(), times, 0), 0);
    unread.emplace_back(*context).on_input({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
    EXPECT_EQ(fill(unread.back(), 1000).size(), 1000u);
  }
  constexpr std::size_t kBound = ListingPages::kFree + kClients * (ListingPages::kShort + 1024);
  EXPECT_GT(site->pages().held(), ListingPages::kFree / 2) << "they are not large";
  EXPECT_LE(site->pages().held(), kBound);
  const std::string first = drain(unread.front()), last = drain(unread.back());
  EXPECT_NE(first.find("x2999</a>"), std::string::npos) << "whole";
  EXPECT_EQ(first.substr(first.size() - 15), "</body></html>\n");
  EXPECT_NE(last.find(" more</p></body></html>\n"), std::string::npos) << "short, and it says so";
  unread.clear();
  EXPECT_LE(site->pages().held(), ListingPages::kLargest) << "the newest";
}

TEST_F(SessionTest, StoppingLetsARequestFinishArriving) {
  say("GET /ten HTTP/1.1\r\n");
  session->stop();
  EXPECT_FALSE(session->has_ended());
  const std::string answer = say("Host: x\r\n\r\n" + get("/big"));
  EXPECT_EQ(body(answer), "0123456789");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(session->has_ended());
  ASSERT_EQ(log.size(), 1u);
}

TEST_F(SessionTest, StoppingFinishesWhatHasBegun) {
  session->stop();
  EXPECT_TRUE(session->has_ended());
  session.emplace(*context);
  const std::string request = get("/ten");
  session->on_input({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
  session->stop();
  EXPECT_EQ(body(drain()), "0123456789");
  EXPECT_TRUE(session->has_ended());
}

// Framing that two readers could understand differently: the second request must not exist.
TEST_F(SessionTest, WhatTwoReadersCouldDivideDifferentlyIsTheLast) {
  struct Shape {
    std::string fields;
    unsigned status;
  };
  using namespace std::literals;
  const Shape shapes[] = {
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5 6\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 99999999999999999999999\r\n", 400},
      {"Content-Length : 5\r\n", 400},
      {"Content-Length: 1\r\n 2\r\n", 400},
      {"Transfer-Encoding:\r\n chunked\r\n", 400},
      {"X: a\r\n\tb\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Transfer-Encoding: \vchunked\r\n", 400},
      {"Transfer-Encoding: chunked\0\r\n"s, 400},
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Transfer-Encoding: chunked, chunked\r\n", 501},
      {"Transfer-Encoding: identity\r\n", 501},
      {"Transfer-Encoding:\r\n", 501},
      {"X: a\rb\r\n", 400},
      {"X: a\0b\r\n"s, 400},
      {"X\0: a\r\n"s, 400},
      {"X: a\n", 400},
      {"no colon\r\n", 400},
  };
  for (const Shape& shape : shapes) {
    session.emplace(*context);
    log.clear();
    say("GET /ten HTTP/1.1\r\nHost: x\r\n" + shape.fields + "\r\n0\r\n\r\n" + get("/big"));
    EXPECT_TRUE(session->has_ended()) << shape.fields;
    ASSERT_EQ(log.size(), 1u) << shape.fields;
    EXPECT_EQ(status(), shape.status) << shape.fields;
  }
}

TEST_F(SessionTest, ChunksAreReadStrictly) {
  for (const char* chunks :
       {"0x3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n", "3\r\nabcd\r\n0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\nabc\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n", "0\r\nno colon\r\n\r\n"}) {
    session.emplace(*context);
    log.clear();
    say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks) + get("/ten"));
    ASSERT_EQ(log.size(), 1u) << chunks;
    EXPECT_EQ(status(), 400u) << chunks;
    EXPECT_TRUE(session->has_ended()) << chunks;
  }
  session.emplace(*context);
  EXPECT_EQ(say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc").substr(9, 3),
            "413");
}

TEST_F(SessionTest, TheHostIsAHost) {
  for (const char* bad : {"a b", "a/b", "user@a", "a,b", "a\\b", "a?b"}) {
    session.emplace(*context);
    EXPECT_EQ(say("GET /ten HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n").substr(9, 3), "400") << bad;
  }
  session.emplace(*context);
  for (const char* good : {"", "x", "x:80", "[::1]:80", "a-b.c_d~%20"}) {
    EXPECT_EQ(say("GET /ten HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n").substr(9, 3), "200") << good;
  }
}

TEST_F(SessionTest, WhoAsksBeforeSendingTheBodyIsAnsweredAtOnce) {
  const std::string head = "POST /ten HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_EQ(say(head).substr(9, 3), "405");
  EXPECT_TRUE(session->has_ended()) << "the body may come or not, and must not be taken for a request";
  session.emplace(*context);
  EXPECT_EQ(say(head + "abcde").substr(9, 3), "405");
  EXPECT_EQ(body(say(get("/ten"))), "0123456789");
}

// Always an end in sight, always bounded, whatever comes and in whatever pieces.
TEST_F(SessionTest, AThousandMalformedRequests) {
  std::mt19937 random(7);
  std::size_t refused = 0;
  for (const std::string& text : testing::malformed_requests(1, 1000)) {
    session.emplace(*context);
    log.clear();
    say(text, 1 + random() % 5000);
    if (!session->has_ended()) session->on_end();
    drain();
    EXPECT_TRUE(session->has_ended()) << text.substr(0, 200);
    EXPECT_LE(log.size(), text.size() / std::strlen("GET / HTTP/1.0\r\n\r\n") + 1) << text.substr(0, 200);
    for (const Exchange& exchange : log) EXPECT_NE(reason_phrase(exchange.status), "Unknown") << exchange.status;
    refused += !log.empty() && log.back().status >= 400 ? 1 : 0;
  }
  EXPECT_GT(refused, 700u) << "they were not malformed";
}

TEST(AccessLog, NothingBreaksOutOfItsLine) {
  const Exchange nasty{"GET", "/\"\n\x1b[31m\\", 11, 404, 14};
  EXPECT_EQ(log_line("10.0.0.1", 1'700'000'000, nasty),
            "10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] \"GET /\\x22\\x0A\\x1B[31m\\x5C HTTP/1.1\" 404 14\n");
  EXPECT_EQ(log_line("::1", 0, {"", "", 11, 400, 0}), "::1 - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0\n");
}

}  // namespace
}  // namespace leat::http
