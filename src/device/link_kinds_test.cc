#include "device/link_kinds.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(LinkKinds, FindsTheKindOfASpecification) {
  EXPECT_EQ(find_link_kind("raw")->name, "raw");
  EXPECT_EQ(find_link_kind("xdp:eth0:2")->name, "xdp");
  EXPECT_EQ(find_link_kind("rawhide:eth0"), nullptr);
  EXPECT_EQ(find_link_kind(""), nullptr);
}

TEST(LinkKinds, KnowsWhichNeedAName) {
  for (const char* good : {"raw", "raw:eth0", "tap:leat0", "memory:x"}) EXPECT_TRUE(is_link_spec(good)) << good;
  for (const char* bad : {"tap", "tap:", "raw:", "bluetooth:x", ""}) EXPECT_FALSE(is_link_spec(bad)) << bad;
}

TEST(LinkKinds, ListsForms) {
  EXPECT_EQ(list_link_forms([](const LinkKind& k) { return k.carries_whole_wire; }, " or "),
            "packet:INTERFACE, tap:NAME or tun:NAME");
  EXPECT_EQ(list_link_forms([](const LinkKind& k) { return !k.in_process; }),
            "raw, raw:INTERFACE, packet:INTERFACE, xdp:INTERFACE[:QUEUE], tap:NAME, tun:NAME");
}

}  // namespace
}  // namespace leat
