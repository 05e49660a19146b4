#include "http/testing/malformed_requests.h"

#include <random>
#include <string_view>

namespace leat::http::testing {
namespace {

using namespace std::literals;

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string one() {
    switch (below(6)) {
      case 0: return garbled();
      case 1: return smuggling();
      case 2: return huge();
      case 3: return bad_ranges();
      case 4: return bad_chunks();
      default: return noise();
    }
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  template <std::size_t N>
  std::string pick(const std::string_view (&from)[N]) {
    return std::string(from[below(N)]);
  }
  std::string target() {
    static constexpr std::string_view kTargets[] = {
        "/ten",     "/big",    "/",           "*",     "ten",          "http://x/ten", "http://x",
        "//",       "/../ten", "/%2e%2e/ten", "/%00",  "/%",           "/ten\0x"sv,    "",
        "/ten ten", "/ten#a",  "/ten?a=%",    "/\xff", "https:///ten", "/a/../../..",  "/%c0%ae"};
    return pick(kTargets);
  }
  std::string start() {
    static constexpr std::string_view kMethods[] = {"GET", "HEAD",    "POST",  "get", "G\0T"sv,
                                                    "",    "CONNECT", "\tGET", "PRI"};
    static constexpr std::string_view kVersions[] = {"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0",  "HTTP/2.0",
                                                     "HTTP/1.",  "http/1.1", "",         "HTTP/1.1 x"};
    return pick(kMethods) + " " + target() + " " + pick(kVersions) + line_end();
  }
  /// Mostly what it should be.
  std::string line_end() {
    static constexpr std::string_view kEnds[] = {"\n", "\r", "\r\r\n", "\n\r", "\r\n ", "\0\r\n"sv};
    return below(8) == 0 ? pick(kEnds) : "\r\n";
  }
  static std::string good(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
  }

  /// Good ones, cut, joined, repeated and damaged.
  std::string garbled() {
    const std::string seeds[] = {
        good("/ten"), good("/big", "Range: bytes=1-2,3-4,-5\r\n"),
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde",
        good("/ten", "If-None-Match: \"a\", W/\"b\r\nX: " + std::string(9000, 'y') + "\r\n")};
    std::string text;
    for (std::size_t n = below(4); n < 4; ++n) text += seeds[below(std::size(seeds))];
    for (std::size_t n = below(8); n > 0; --n) {
      if (text.empty()) text = "x";
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0: text[at] = static_cast<char>(random_()); break;
        case 1: text.erase(at, below(30)); break;
        case 2: text.insert(at, text.substr(below(text.size()), below(40))); break;
        default: text.insert(at, 1, "\r\n :;,-="[below(8)]); break;
      }
    }
    return text;
  }

  /// Two readers could find different requests in it.
  std::string smuggling() {
    static constexpr std::string_view kNames[] = {"Content-Length",    "content-length",      "Content-Length ",
                                                  "Transfer-Encoding", "transfer-encoding",   "Transfer-Encoding\t",
                                                  " Content-Length",   "Transfer_Encoding",   "Host",
                                                  "Connection",        "Transfer\0Encoding"sv};
    static constexpr std::string_view kValues[] = {"5",
                                                   "05",
                                                   "+5",
                                                   "-1",
                                                   "5, 5",
                                                   "0x5",
                                                   "5 5",
                                                   "",
                                                   "chunked",
                                                   "chunked, chunked",
                                                   "identity",
                                                   "xchunked",
                                                   "\vchunked",
                                                   "chunked\0"sv,
                                                   "\r\n chunked",
                                                   "5\r\n 6",
                                                   "99999999999999999999",
                                                   "a b",
                                                   "close",
                                                   "keep-alive, close"};
    std::string text = start() + (below(8) == 0 ? "" : "Host: x\r\n");
    for (std::size_t n = 1 + below(3); n > 0; --n) text += pick(kNames) + ": " + pick(kValues) + line_end();
    return text + "\r\n0\r\n\r\n" + good("/big");
  }

  std::string huge() {
    const std::size_t size = 1000 + below(60'000);
    switch (below(5)) {
      case 0: return std::string(size, 'G') + " / HTTP/1.1\r\n\r\n";
      case 1: return good("/" + std::string(size, 'a'));
      case 2: return good("/ten", std::string(size, 'N') + ": x\r\n");
      case 3: return good("/ten", "X: " + std::string(size, 'v') + "\r\n");
      default: {
        std::string fields;
        for (std::size_t i = 0; i < size / 8; ++i) fields += "a: b\r\n";
        return good("/ten", fields);
      }
    }
  }

  std::string bad_ranges() {
    static constexpr std::string_view kPieces[] = {
        "bytes=", "bytes", "=", "-",  ",", "0", "9", "10", "18446744073709551615", "18446744073709551616",
        " ",      "-0",    "x", "0-", "-5"};
    std::string field = below(2) == 0 ? "bytes=" : "";
    for (std::size_t n = below(200); n > 0; --n) field += pick(kPieces);
    return good("/ten", "Range: " + field + "\r\n") + good("/big", "If-Range: \"\r\nRange: " + field + "\r\n");
  }

  std::string bad_chunks() {
    static constexpr std::string_view kSizes[] = {"3",
                                                  "0x3",
                                                  "+3",
                                                  "-3",
                                                  " 3",
                                                  "3 ",
                                                  "3;a=\"b",
                                                  "FFFFFFFFFFFFFFFF",
                                                  "FFFFFFFFFFFFFFFFF",
                                                  "",
                                                  "g",
                                                  "3\0"sv,
                                                  "000000000000000000003"};
    std::string text = "POST /ten HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t n = 1 + below(4); n > 0; --n) text += pick(kSizes) + line_end() + "abc" + line_end();
    if (below(2) == 0) text += "0\r\nX: " + std::string(below(30'000), 't') + line_end() + "\r\n";
    return text + good("/ten");
  }

  std::string noise() {
    std::string text(below(3000), '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return below(2) == 0 ? text : good("/ten", "X: " + text + "\r\n");
  }

  std::mt19937 random_;
};

}  // namespace

std::vector<std::string> malformed_requests(unsigned seed, std::size_t count) {
  Maker maker(seed);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(maker.one());
  return all;
}

}  // namespace leat::http::testing
