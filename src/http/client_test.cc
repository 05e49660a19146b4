#include "http/client.h"

#include <gtest/gtest.h>

#include <random>

#include "http/testing/script_stream.h"

namespace leat::http {
namespace {

using std::chrono::seconds;

struct Collector : ResponseHandler {
  void interim(const ResponseHead& head) override { interims.push_back(head.status); }
  expected<void, Failure> head(const ResponseHead& h) override {
    ++heads;
    last = h;
    if (refuse_head) return unexpected(Failure{ExitCode::http_error, "refused"});
    return {};
  }
  expected<void, Failure> body(Bytes piece) override {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    largest = std::max(largest, piece.size());
    if (text.size() > refuse_after) return unexpected(Failure{ExitCode::write_error, "disk full"});
    return {};
  }
  std::vector<unsigned> interims;
  ResponseHead last;
  int heads = 0;
  std::string text;
  std::size_t largest = 0;
  std::size_t refuse_after = std::string::npos;
  bool refuse_head = false;
};

struct Outcome {
  Collector got;
  int code = 0;  ///< 0 or the failure's
  std::string message;
  bool reusable = false;
  bool operator==(const Outcome& o) const {
    return got.text == o.got.text && got.heads == o.got.heads && code == o.code && reusable == o.reusable;
  }
};

Patience patient() {
  return {seconds(180), std::nullopt, [] { return Instant{}; }};
}

Outcome play(const std::string& script, std::size_t piece = 1 << 20, bool bodyless = false,
             Error ending = Error::none) {
  ScriptStream stream(script, piece, ending);
  Outcome out;
  static ResponseReader reader;  // the next response never sees what the last one left
  auto result = reader.read(stream, bodyless, patient(), out.got);
  if (result) {
    out.reusable = result->reusable;
    EXPECT_EQ(result->body_bytes, out.got.text.size());
  } else {
    out.code = to_int(result.error().code);
    out.message = result.error().message;
    EXPECT_FALSE(out.message.empty());
  }
  return out;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

TEST(Client, SerialisesARequest) {
  const Request request{"GET", "/a?b", "h:81", {{"User-Agent", "leat"}, {"Range", "bytes=5-"}}};
  EXPECT_EQ(request.serialize(), "GET /a?b HTTP/1.1\r\nHost: h:81\r\nUser-Agent: leat\r\nRange: bytes=5-\r\n\r\n");
}

TEST(Client, ReadsABodyOfKnownLength) {
  const Outcome o = play(kOk + "Content-Length: 5\r\nX-A: b\r\n\r\nhello");
  EXPECT_EQ(o.code, 0) << o.message;
  EXPECT_EQ(o.got.text, "hello");
  EXPECT_EQ(o.got.last.status, 200u);
  EXPECT_EQ(o.got.last.reason, "OK");
  EXPECT_EQ(o.got.last.content_length, 5u);
  EXPECT_EQ(o.got.last.find("x-a"), "b");
  EXPECT_EQ(o.got.last.text(), kOk + "Content-Length: 5\r\nX-A: b\r\n\r\n");
  EXPECT_TRUE(o.reusable);
}

TEST(Client, ReadsABodyUntilTheStreamEnds) {
  const Outcome o = play(kOk + "\r\nhello");
  EXPECT_EQ(o.got.text, "hello");
  EXPECT_EQ(o.code, 0);
  EXPECT_FALSE(o.reusable);
  EXPECT_EQ(play("HTTP/1.0 200 OK\r\n\r\n").code, 0) << "an empty one too";
}

TEST(Client, ReadsChunksWithExtensionsAndTrailers) {
  const Outcome o = play(kChunked +
                         "5;a=b;c=\"d\"\r\nhello\r\n00A\r\n, the worl\r\n1\r\nd\r\n"
                         "0;x\r\nX-T: 1\r\nY: 2\r\n\r\n");
  EXPECT_EQ(o.code, 0) << o.message;
  EXPECT_EQ(o.got.text, "hello, the world");
  EXPECT_TRUE(o.reusable);
  EXPECT_FALSE(o.got.last.find("X-T")) << "trailers do not count as fields of the head";
}

TEST(Client, AnyDivisionIntoPiecesGivesTheSame) {
  const std::string scripts[] = {
      kChunked + "5;a=b\r\nhello\r\n0\r\n\r\n",
      kChunked + "0\r\n\r\n",
      kChunked + "2\r\nab\r\n0\r\nT: 1\r\n\r\n",
      kChunked + "2\r\nabX",
      kChunked + "0\r\n\rX",
      "HTTP/1.1 100 Continue\r\n\r\n" + kOk + "Content-Length: 3\r\n\r\nabc",
      kOk + "\r\nuntil close",
      "garbage",
  };
  for (const std::string& script : scripts) {
    const Outcome whole = play(script);
    for (std::size_t piece = 1; piece < 12; ++piece) EXPECT_EQ(play(script, piece), whole) << script << " by " << piece;
  }
}

TEST(Client, SkipsInterimResponses) {
  const Outcome o = play("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk +
                         "Content-Length: 2\r\n\r\nok");
  EXPECT_EQ(o.got.text, "ok");
  EXPECT_EQ(o.got.interims, (std::vector<unsigned>{100, 103}));
  EXPECT_EQ(o.got.heads, 1);
}

TEST(Client, InterimResponsesHaveAnEnd) {
  std::string script;
  for (int i = 0; i < 1000; ++i) script += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(play(script).code, 56);
}

TEST(Client, SomeResponsesHaveNoBody) {
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    const Outcome o = play("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 10\r\n\r\n");
    EXPECT_EQ(o.code, 0) << status;
    EXPECT_EQ(o.got.text, "") << status;
  }
  const Outcome head = play(kOk + "Content-Length: 10\r\n\r\n", 1 << 20, true);
  EXPECT_EQ(head.code, 0);
  EXPECT_EQ(head.got.last.content_length, 10u);
  EXPECT_TRUE(head.reusable);
}

TEST(Client, TheConnectionIsKeptOnlyWhenBothSidesWantThat) {
  EXPECT_FALSE(play(kOk + "Connection: close\r\nContent-Length: 0\r\n\r\n").reusable);
  EXPECT_FALSE(play("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").reusable);
  EXPECT_TRUE(play("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").reusable);
  EXPECT_FALSE(play(kOk + "Content-Length: 2\r\n\r\nabEXTRA").reusable) << "bytes that nobody asked for";
}

TEST(Client, ATruncatedBodyOfAnyKindIsPartial) {
  for (const std::string& script :
       {kOk + "Content-Length: 10\r\n\r\nabc", kOk + "Content-Length: 10\r\n\r\n", kChunked, kChunked + "5\r\nab",
        kChunked + "2\r\nab\r\n", kChunked + "2\r\nab\r\n0\r\n", kChunked + "2\r\nab\r\n0\r\nT: 1\r\n"}) {
    EXPECT_EQ(play(script).code, 18) << script;
  }
  EXPECT_NE(play(kOk + "Content-Length: 10\r\n\r\nabc").message.find("7 bytes are missing"), std::string::npos);
}

TEST(Client, NothingAtAllIsAnEmptyReply) {
  EXPECT_EQ(play("").code, 52);
  EXPECT_EQ(play("", 1, false, Error::reset).code, 56) << "as curl";
}

TEST(Client, AnEndInsideTheHeadIsAnError) {
  EXPECT_EQ(play("HTTP/1.1 20").code, 56);
  EXPECT_EQ(play(kOk + "Content-Le").code, 56);
}

TEST(Client, AResetInsideTheBodyIsAReceiveError) {
  EXPECT_EQ(play(kOk + "\r\nabc", 100, false, Error::reset).code, 56);
  EXPECT_EQ(play(kOk + "Content-Length: 9\r\n\r\nabc", 100, false, Error::reset).code, 56);
}

TEST(Client, WhatIsNotHttpIsNotSpoken) {
  for (const char* script : {"hello world\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 abc\r\n\r\n",
                             "HTTP/1.1 000 Zero\r\n\r\n"}) {
    EXPECT_EQ(play(script).code, 1) << script;
  }
}

TEST(Client, MalformedHeadsAreRefused) {
  for (const char* field : {"no colon", "X Y: z", "Content-Length: -3", "Content-Length: 3\r\nContent-Length: 4",
                            "Content-Length: 3x", "Content-Length: 99999999999999999999999",
                            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: gzip", ": empty name"}) {
    const Outcome o = play(kOk + field + "\r\n\r\nabc");
    EXPECT_EQ(o.code, 56) << field;
    EXPECT_EQ(o.got.text, "") << field;
  }
  EXPECT_EQ(play(kOk + "X: a" + std::string(1, '\0') + "b\r\n\r\n").code, 56);
  EXPECT_EQ(play("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").code, 56);
}

TEST(Client, AHugeHeadIsRefused) {
  EXPECT_EQ(play(kOk + "X: " + std::string(400'000, 'a') + "\r\n\r\n").code, 56);
  EXPECT_EQ(play("HTTP/1.1 200 " + std::string(400'000, 'a')).code, 56);
  std::string many = kOk;
  for (int i = 0; i < 40'000; ++i) many += "X-Field: 1\r\n";
  EXPECT_EQ(play(many).code, 56);
  EXPECT_EQ(play(kOk + "X: " + std::string(60'000, 'a') + "\r\nContent-Length: 2\r\n\r\nok").got.text, "ok");
}

TEST(Client, MalformedChunksAreRefused) {
  for (const std::string& chunks : {std::string("zz\r\nab\r\n"), std::string("2\r\nabcd\r\n"), std::string("-1\r\n"),
                                    std::string("\r\n"), std::string("fffffffffffffffff\r\n"),
                                    "5;" + std::string(400'000, 'a'), "0\r\nT: " + std::string(400'000, 'a')}) {
    EXPECT_EQ(play(kChunked + chunks).code, 56) << chunks.substr(0, 40);
  }
}

TEST(Client, AHugeLengthIsNoReasonToAllocate) {
  const Outcome o = play(kOk + "Content-Length: 18446744073709551615\r\n\r\nabc");
  EXPECT_EQ(o.code, 18);
  EXPECT_EQ(play(kChunked + "ffffffffffffffff\r\nabc").code, 18);
}

TEST(Client, TheBodyComesInLargePieces) {
  const std::string body(5'000'000, 'x');
  const Outcome o = play(kOk + "Content-Length: 5000000\r\n\r\n" + body);
  EXPECT_TRUE(o.got.text == body);
  EXPECT_GE(o.got.largest, 200'000u);
  EXPECT_LE(o.got.largest, 256u * 1024);
}

TEST(Client, TheHandlerMayStopIt) {
  for (const std::string& script : {kOk + "Content-Length: 5\r\n\r\nhello", kChunked + "5\r\nhello\r\n0\r\n\r\n"}) {
    Collector handler;
    handler.refuse_after = 2;
    ScriptStream stream(script);
    EXPECT_EQ(ResponseReader().read(stream, false, patient(), handler).error().message, "disk full");
    Collector picky;
    picky.refuse_head = true;
    ScriptStream again(script);
    EXPECT_EQ(ResponseReader().read(again, false, patient(), picky).error().code, ExitCode::http_error);
    EXPECT_EQ(picky.text, "");
  }
}

TEST(Client, NoMutationOfAResponseBreaksIt) {
  const std::string scripts[] = {
      kChunked + "5;a=\"b\"\r\nhello\r\n0A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n" + kOk + "Content-Length: 3\r\nConnection: close, x\r\n folded\r\n\r\nabc",
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
  };
  const std::string tokens[] = {"\r\n", "\r", "\n", ":", ";", "0", "ffffffffffffffff", " ", std::string(1, '\0'),
                                "\xff", ","};
  std::mt19937 random(1);
  int good = 0, bad = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string script = scripts[random() % 3];
    for (unsigned n = random() % 4; n > 0; --n) {
      const std::size_t at = random() % (script.size() + 1);
      if (random() % 2) {
        script.insert(at, tokens[random() % std::size(tokens)]);
      } else {
        script.erase(at, random() % 5);
      }
    }
    const Outcome o = play(script, 1 + random() % 40);
    EXPECT_LE(o.got.text.size(), script.size());
    o.code == 0 ? ++good : ++bad;
  }
  EXPECT_GT(good, 1'000);
  EXPECT_GT(bad, 1'000);
}

TEST(Client, WaitsAsLongAsItWasTold) {
  ScriptStream stream(kOk, 1 << 20, Error::timed_out);
  Collector handler;
  auto result = ResponseReader().read(stream, false, patient(), handler);
  EXPECT_EQ(result.error().code, ExitCode::timed_out);
  EXPECT_EQ(result.error().message, "nothing received for 180 seconds");
  EXPECT_EQ(stream.last_timeout, Duration(seconds(180)));
}

TEST(Client, NotLongerThanTheWholeMayTake) {
  Instant now{};
  Patience patience{seconds(180), Instant{} + seconds(10), [&now] { return now += seconds(4); }};
  ScriptStream stream(kOk + "\r\nabcdef", 1);
  Collector handler;
  auto result = ResponseReader().read(stream, false, patience, handler);
  EXPECT_EQ(result.error().code, ExitCode::timed_out);
  EXPECT_EQ(result.error().message, "the time allowed is over");
  EXPECT_EQ(stream.last_timeout, Duration(seconds(2)));
}

// RFC 9112 §2.2, §4, §6.3: what curl takes, in pieces of all sizes. The connection is not used again.
TEST(Client, TakesFramingThatIsNotStrictOnce) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  for (const std::string& script : {
           std::string("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\n\nhello"),
           std::string("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"),
           std::string("HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello"),
           kOk + "Content-Length : 5\r\n\r\nhello",
           kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
           kOk + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunks,
           kOk + "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
           kChunked + "5\nhello\n0\n\n",
           "HTTP/1.1 100 Continue\n\n" + kChunked + "5\r\nhello\n0\r\n\r\n",
       }) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      const Outcome o = play(script, piece);
      EXPECT_EQ(o.code, 0) << o.message << script;
      EXPECT_EQ(o.got.text, "hello") << script;
      EXPECT_FALSE(o.reusable) << script;
    }
  }
  EXPECT_TRUE(play(kChunked + chunks).reusable);
}

// A server that ends each line of a large body with a bare LF costs no more than one that does not.
TEST(Client, ManySmallChunksOfBareLf) {
  std::string script = kChunked;
  for (int i = 0; i < 200'000; ++i) script += "1\na\n";
  const Outcome o = play(script + "0\n\n");
  EXPECT_EQ(o.code, 0) << o.message;
  EXPECT_EQ(o.got.text.size(), 200'000u);
}

}  // namespace
}  // namespace leat::http
