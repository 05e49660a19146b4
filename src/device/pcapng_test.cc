#include "device/pcapng.h"

#include <gtest/gtest.h>

#include "device/testing/pcapng_reader.h"

namespace leat {
namespace {

using testing::CapturedFile;
using testing::parse_capture;

TEST(Pcapng, TheSectionHeaderByteForByte) {
  pcapng::Buffer out;
  pcapng::add_section(out, "leat");
  const pcapng::Buffer expected{0x0a, 0x0d, 0x0d, 0x0a, 40,   0,    0,    0,     // type, length
                                0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,     // order, 1.0
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // to the end
                                4,    0,    4,    0,    'l',  'e',  'a',  't',  0, 0, 0, 0, 40, 0, 0, 0};
  EXPECT_EQ(out, expected);
}

TEST(Pcapng, WhatIsWrittenCanBeReadBack) {
  pcapng::Buffer out;
  pcapng::add_section(out, "leat");
  pcapng::add_interface(out, {pcapng::LinkType::raw_ip, "tun:leat1", "a description"});
  const std::uint64_t time = 1'790'000'000'123'456'789;
  for (std::uint8_t size = 0; size < 9; ++size) {  // every padding
    const std::vector<std::uint8_t> bytes(size, size);
    pcapng::add_packet(out, {time + size, pcapng::Direction::inbound, std::string(size, 'c')}, bytes);
  }
  pcapng::add_packet(out, {time, pcapng::Direction::outbound}, std::vector<std::uint8_t>(70'000, 7));
  pcapng::add_packet(out, {}, {});
  pcapng::add_statistics(out, {time, 11, 2});

  const CapturedFile file = parse_capture(out);
  EXPECT_EQ(file.application, "leat");
  EXPECT_EQ(file.interface, "tun:leat1");
  EXPECT_EQ(file.link_type, 101u);
  ASSERT_EQ(file.packets.size(), 11u);
  for (std::uint8_t size = 0; size < 9; ++size) {
    EXPECT_EQ(file.packets[size].bytes, std::vector<std::uint8_t>(size, size));
    EXPECT_EQ(file.packets[size].comment, std::string(size, 'c'));
    EXPECT_EQ(file.packets[size].time, time + size);
    EXPECT_EQ(file.packets[size].flags, 1u);
  }
  EXPECT_EQ(file.packets[9].bytes.size(), 70'000u);
  EXPECT_EQ(file.packets[9].flags, 2u);
  EXPECT_EQ(file.packets[10].flags, 0u);
  EXPECT_EQ(file.received, std::vector<std::uint64_t>{11});
}

TEST(Pcapng, ACommentThatIsTooLongIsCut) {
  pcapng::Buffer out;
  pcapng::add_packet(out, {0, pcapng::Direction::inbound, std::string(70'000, 'x')}, {});
  const CapturedFile file = parse_capture(out);
  ASSERT_EQ(file.packets.size(), 1u);
  EXPECT_EQ(file.packets[0].comment.size(), 0xfffcu);
}

}  // namespace
}  // namespace leat
