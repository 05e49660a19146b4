#include "device/testing/pcapng_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

namespace leat::testing {
namespace {

std::uint32_t le32(Bytes b) { return b[0] | b[1] << 8 | b[2] << 16 | std::uint32_t{b[3]} << 24; }
unsigned le16(Bytes b) { return b[0] | unsigned{b[1]} << 8; }
std::uint64_t time_of(Bytes b) { return std::uint64_t{le32(b)} << 32 | le32(b.subspan(4)); }

void each_option(Bytes options, const std::function<void(unsigned code, Bytes value)>& f) {
  while (!options.empty()) {
    ASSERT_GE(options.size(), 4u);
    const unsigned code = le16(options), length = le16(options.subspan(2));
    options = options.subspan(4);
    if (code == 0) {
      ASSERT_TRUE(options.empty()) << "something after the end of options";
      return;
    }
    const std::size_t padded = (length + 3) / 4 * 4;
    ASSERT_GE(options.size(), padded);
    f(code, options.first(length));
    options = options.subspan(padded);
    ASSERT_FALSE(options.empty()) << "no end of options";
  }
}

std::string text_of(Bytes b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

void add_packet(CapturedFile& file, Bytes body) {
  ASSERT_GE(body.size(), 20u);
  ASSERT_EQ(le32(body), 0u) << "an unknown interface";
  CapturedPacket packet;
  packet.time = time_of(body.subspan(4));
  const std::size_t size = le32(body.subspan(12)), padded = (size + 3) / 4 * 4;
  ASSERT_EQ(le32(body.subspan(16)), size);
  ASSERT_GE(body.size(), 20 + padded);
  packet.bytes.assign(body.begin() + 20, body.begin() + 20 + static_cast<std::ptrdiff_t>(size));
  each_option(body.subspan(20 + padded), [&](unsigned code, Bytes value) {
    if (code == 1) packet.comment = text_of(value);
    if (code == 2) packet.flags = le32(value);
  });
  file.packets.push_back(std::move(packet));
}

void add_block(CapturedFile& file, std::uint32_t type, Bytes body) {
  if (type == 0x0a0d0d0a) {
    ASSERT_EQ(le32(body), 0x1a2b3c4du);
    each_option(body.subspan(16), [&](unsigned code, Bytes value) {
      if (code == 4) file.application = text_of(value);
    });
  } else if (type == 1) {
    file.link_type = le16(body);
    each_option(body.subspan(8), [&](unsigned code, Bytes value) {
      if (code == 2) file.interface = text_of(value);
      if (code == 9) {
        EXPECT_EQ(value[0], 9) << "not nanoseconds";
      }
    });
  } else if (type == 6) {
    add_packet(file, body);
  } else if (type == 5) {
    each_option(body.subspan(12), [&](unsigned code, Bytes value) {
      if (code == 4) file.received.push_back(le32(value));
    });
  } else {
    ADD_FAILURE() << "a block of type " << type;
  }
}

}  // namespace

CapturedFile parse_capture(Bytes bytes) {
  CapturedFile file;
  while (!bytes.empty()) {
    const std::size_t length = bytes.size() < 12 ? 0 : le32(bytes.subspan(4));
    if (length < 12 || length % 4 != 0 || length > bytes.size() || le32(bytes.subspan(length - 4)) != length) {
      ADD_FAILURE() << "a broken block, " << bytes.size() << " bytes before the end";
      return file;
    }
    add_block(file, le32(bytes), bytes.subspan(8, length - 12));
    if (::testing::Test::HasFatalFailure()) return file;
    bytes = bytes.subspan(length);
  }
  return file;
}

CapturedFile read_capture(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return parse_capture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace leat::testing
