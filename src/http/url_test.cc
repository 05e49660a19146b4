#include "http/url.h"

#include <gtest/gtest.h>

namespace leat::http {
namespace {

Url good(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
  return url ? *url : Url{};
}

UrlFault fault_of(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_FALSE(url) << text;
  return url ? UrlFault{} : url.error().fault;
}

std::string redirected(std::string_view base, std::string_view reference) {
  auto url = resolve_reference(good(base), reference);
  return url ? url->text() : "error: " + url.error().message;
}

TEST(Url, SplitsIntoWhereAndWhat) {
  const Url url = good("http://Example.ORG:8080/a/b?q=1&r=2#frag");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.target, "/a/b?q=1&r=2");
  EXPECT_EQ(url.authority(), "example.org:8080");
  EXPECT_EQ(url.text(), "http://example.org:8080/a/b?q=1&r=2");
}

TEST(Url, GuessesHttp) {
  EXPECT_EQ(good("example.org").text(), "http://example.org/");
  EXPECT_EQ(good("example.org:81/x").text(), "http://example.org:81/x");
  EXPECT_EQ(good("10.0.0.1/x?y=http://z").text(), "http://10.0.0.1/x?y=http://z");
}

TEST(Url, TheDefaultPortIsNotSaid) {
  EXPECT_EQ(good("http://h:80/").authority(), "h");
  EXPECT_EQ(good("http://h:/").authority(), "h");
  EXPECT_EQ(good("http://h?x").target, "/?x");
}

TEST(Url, RemovesDotSegments) {
  EXPECT_EQ(good("http://h/a/../b/./c").target, "/b/c");
  EXPECT_EQ(good("http://h/../../etc/passwd").target, "/etc/passwd");
  EXPECT_EQ(good("http://h/a/..").target, "/");
  EXPECT_EQ(good("http://h/a/.").target, "/a/");
  EXPECT_EQ(good("http://h/a/%2E./b").target, "/b");
  EXPECT_EQ(good("http://h//a//../b").target, "//a/b");
  EXPECT_EQ(good("http://h/...").target, "/...");
}

TEST(Url, EscapesWhatPeopleType) {
  EXPECT_EQ(good("http://h/a b\"c").target, "/a%20b%22c");
  EXPECT_EQ(good("http://h/\xc3\xa9?\xc3\xa9").target, "/%C3%A9?%C3%A9");
  EXPECT_EQ(good("http://h/100%").target, "/100%25");
  EXPECT_EQ(good("http://h/[1]{2}|3").target, "/%5B1%5D%7B2%7D%7C3");
  EXPECT_EQ(good("http://h/a#b#c").target, "/a");
}

TEST(Url, RefusesWhatIsNotOne) {
  for (const char* text : {"", "http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:x/", "http://h h/",
                           "http://[::1/", "http://[1.2.3.4]/", "http://h/\n", "http://h/\x7f", "http://u:p@h/",
                           "http://h:99999999999999999999/", "mailto:someone", "http://\xc3\xa9/", "http://a%00b/"}) {
    EXPECT_EQ(fault_of(text), UrlFault::malformed) << text;
  }
  EXPECT_EQ(fault_of("http://h/" + std::string(70000, 'a')), UrlFault::malformed);
}

TEST(Url, KnowsOtherProtocolsButDoesNotSpeakThem) {
  EXPECT_EQ(fault_of("https://h/"), UrlFault::unsupported);
  EXPECT_EQ(fault_of("FTP://h/"), UrlFault::unsupported);
  EXPECT_EQ(fault_of("file:///etc/passwd"), UrlFault::unsupported);
}

TEST(Url, ReadsIpv6Literals) {
  const Url url = good("http://[2001:DB8::1]:81/x");
  EXPECT_TRUE(url.ipv6_literal);
  EXPECT_EQ(url.host, "2001:db8::1");
  EXPECT_EQ(url.authority(), "[2001:db8::1]:81");
}

TEST(Url, ResolvesRedirects) {
  const char* base = "http://h:81/a/b?q";
  EXPECT_EQ(redirected(base, "c"), "http://h:81/a/c");
  EXPECT_EQ(redirected(base, "/c?d"), "http://h:81/c?d");
  EXPECT_EQ(redirected(base, "../../../c"), "http://h:81/c");
  EXPECT_EQ(redirected(base, "?r"), "http://h:81/a/b?r");
  EXPECT_EQ(redirected(base, "//other/c"), "http://other/c");
  EXPECT_EQ(redirected(base, "http://other:82"), "http://other:82/");
  EXPECT_EQ(redirected(base, "with space#f"), "http://h:81/a/with%20space");
  EXPECT_EQ(redirected("http://[::1]/a", "/b"), "http://[::1]/b");
}

TEST(Url, RefusesRedirectsThatLeadNowhere) {
  const Url base = good("http://h/");
  EXPECT_EQ(resolve_reference(base, "https://h/").error().fault, UrlFault::unsupported);
  EXPECT_EQ(resolve_reference(base, "javascript:alert(1)").error().fault, UrlFault::unsupported);
  EXPECT_EQ(resolve_reference(base, "http://").error().fault, UrlFault::malformed);
  EXPECT_EQ(resolve_reference(base, "http://h/a\r\nX: y").error().fault, UrlFault::malformed);
}

TEST(Url, NamesTheFile) {
  EXPECT_EQ(file_name_of(good("http://h/")), "index.html");
  EXPECT_EQ(file_name_of(good("http://h")), "index.html");
  EXPECT_EQ(file_name_of(good("http://h/a/b.tar.gz?x=/y")), "b.tar.gz");
  EXPECT_EQ(file_name_of(good("http://h/a/")), "index.html");
  EXPECT_EQ(file_name_of(good("http://h/a%20b")), "a b");
  EXPECT_EQ(file_name_of(good("http://h/caf%C3%A9")), "caf\xc3\xa9");
}

TEST(Url, AFileNameNeverLeavesTheFolder) {
  for (const char* text : {"http://h/%2e%2e", "http://h/x/%2E%2e", "http://h/%2e", "http://h/..%2f..%2fetc%2fpasswd",
                           "http://h/%2Fetc%2Fpasswd", "http://h/a%00b", "http://h/a%0a%1b%5b", "http://h/%252f",
                           "http://h/..;/x/..", "http://h/a/%2e%2e/b", "http://h/..%5c..%5cx"}) {
    const std::string name = file_name_of(good(text));
    EXPECT_FALSE(name.empty()) << text;
    EXPECT_NE(name, ".") << text;
    EXPECT_NE(name, "..") << text;
    EXPECT_EQ(name.find('/'), std::string::npos) << text;
    EXPECT_EQ(name.find('\0'), std::string::npos) << text;
    EXPECT_EQ(name.find('\x1b'), std::string::npos) << text;
  }
  EXPECT_EQ(file_name_of(good("http://h/..%2f..%2fetc%2fpasswd")), "..%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(good("http://h/a%2Fb/%7Ec").target, "/a%2Fb/%7Ec") << "an escaped slash is no slash";
  EXPECT_EQ(redirected("http://h/x", "a%2f..%2fb"), "http://h/a%2f..%2fb");
}

// Ports beyond 65535 are not taken modulo 2^16.
TEST(Url, APortFitsInto16Bits) {
  EXPECT_EQ(parse_url("http://h:65535/")->port, 65535);
  for (const char* port : {"65536", "73616", "0", "4294967376", "99999999999999999999"}) {
    const auto url = parse_url("http://h:" + std::string(port) + "/");
    ASSERT_FALSE(url) << port;
    EXPECT_EQ(url.error().message, "port \"" + std::string(port) + "\" is not a number from 1 to 65535");
    EXPECT_FALSE(resolve_reference(Url{.host = "h"}, "http://h:" + std::string(port) + "/x")) << port;
    EXPECT_FALSE(resolve_reference(Url{.host = "h"}, "//h:" + std::string(port) + "/x")) << port;
  }
}

}  // namespace
}  // namespace leat::http
