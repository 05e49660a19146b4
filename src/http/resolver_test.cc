#include "http/resolver.h"

#include <gtest/gtest.h>

namespace leat::http {
namespace {

TEST(Resolver, ReadsEntries) {
  const auto entry = parse_resolve_entry("Example.org:81:192.0.2.1,192.0.2.2");
  ASSERT_TRUE(entry) << entry.error();
  EXPECT_EQ(entry->host, "example.org");
  EXPECT_EQ(entry->port, 81);
  ASSERT_EQ(entry->addresses.size(), 2u);
  EXPECT_EQ(entry->addresses[1], IpAddress::v4(192, 0, 2, 2));
}

TEST(Resolver, RefusesBadEntriesWithAReason) {
  for (const char* text : {"", "h", "h:80", "h:80:", "h::1.2.3.4", "h:0:1.2.3.4", "h:65536:1.2.3.4", "h:x:1.2.3.4",
                           ":80:1.2.3.4", "h:80:1.2.3", "h:80:1.2.3.4,", "h:80:name", "h:80:2001:db8::1"}) {
    const auto entry = parse_resolve_entry(text);
    ASSERT_FALSE(entry) << text;
    EXPECT_NE(entry.error().find("HOST:PORT:ADDRESS"), std::string::npos);
  }
}

TEST(Resolver, EntriesComeFirstAndOnlyForTheirPort) {
  SystemResolver resolver({*parse_resolve_entry("192.0.2.9:80:192.0.2.1")});
  EXPECT_EQ(resolver.resolve("192.0.2.9", 80)->front(), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(resolver.resolve("192.0.2.9", 81)->front(), IpAddress::v4(192, 0, 2, 9));
}

TEST(Resolver, AsksTheSystemForNames) {
  EXPECT_EQ(SystemResolver().resolve("localhost", 80)->front(), IpAddress::v4(127, 0, 0, 1));
  const auto nobody = SystemResolver().resolve("no..name", 80);  // no query is made for it
  ASSERT_FALSE(nobody);
  EXPECT_NE(nobody.error().find("no..name"), std::string::npos);
}

}  // namespace
}  // namespace leat::http
