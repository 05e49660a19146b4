#include "device/pcapng.h"

#include <algorithm>

namespace leat::pcapng {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kInterfaceStatistics = 5,
                        kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint64_t kUnknownLength = ~std::uint64_t{0};

// Options: of any block, then of each kind.
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1;
constexpr std::uint16_t kUserApplication = 4;
constexpr std::uint16_t kInterfaceName = 2, kInterfaceDescriptionText = 3, kTimeResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::uint16_t kReceived = 4, kDropped = 5;
constexpr std::size_t kLongestOption = 0xfffc;

void add16(Buffer& out, std::uint16_t v) {
  out.push_back(static_cast<std::uint8_t>(v));
  out.push_back(static_cast<std::uint8_t>(v >> 8));
}
void add32(Buffer& out, std::uint32_t v) {
  add16(out, static_cast<std::uint16_t>(v));
  add16(out, static_cast<std::uint16_t>(v >> 16));
}
void add64(Buffer& out, std::uint64_t v) {
  add32(out, static_cast<std::uint32_t>(v));
  add32(out, static_cast<std::uint32_t>(v >> 32));
}
/// Only timestamps are written with the upper half first.
void add_time(Buffer& out, std::uint64_t t) {
  add32(out, static_cast<std::uint32_t>(t >> 32));
  add32(out, static_cast<std::uint32_t>(t));
}
void add_padded(Buffer& out, const std::uint8_t* data, std::size_t size) {
  out.insert(out.end(), data, data + size);
  out.resize(out.size() + (4 - size % 4) % 4);
}

/// A block from its type to the copy of its length at its end.
class Block {
 public:
  Block(Buffer& out, std::uint32_t type) : out_(out), start_(out.size()) {
    add32(out, type);
    add32(out, 0);
  }
  void add_option(std::uint16_t code, std::string_view value) {
    const std::size_t size = std::min(value.size(), kLongestOption);
    add16(out_, code);
    add16(out_, static_cast<std::uint16_t>(size));
    add_padded(out_, reinterpret_cast<const std::uint8_t*>(value.data()), size);
    has_options_ = true;
  }
  void add_option64(std::uint16_t code, std::uint64_t value) {
    add16(out_, code);
    add16(out_, 8);
    add64(out_, value);
    has_options_ = true;
  }
  void add_option32(std::uint16_t code, std::uint32_t value) {
    add16(out_, code);
    add16(out_, 4);
    add32(out_, value);
    has_options_ = true;
  }
  void end() {
    if (has_options_) add32(out_, kEndOfOptions);
    const std::size_t length = out_.size() - start_ + 4;
    for (std::size_t i = 0; i < 4; ++i) out_[start_ + 4 + i] = static_cast<std::uint8_t>(length >> 8 * i);
    add32(out_, static_cast<std::uint32_t>(length));
  }

 private:
  Buffer& out_;
  std::size_t start_;
  bool has_options_ = false;
};

}  // namespace

void add_section(Buffer& out, std::string_view application) {
  Block block(out, kSectionHeader);
  add32(out, kByteOrderMagic);
  add16(out, 1);  // version 1.0
  add16(out, 0);
  add64(out, kUnknownLength);
  block.add_option(kUserApplication, application);
  block.end();
}

void add_interface(Buffer& out, const Interface& interface) {
  Block block(out, kInterfaceDescription);
  add16(out, static_cast<std::uint16_t>(interface.link_type));
  add16(out, 0);
  add32(out, 0);  // no limit to the captured length of a packet
  if (!interface.name.empty()) block.add_option(kInterfaceName, interface.name);
  if (!interface.description.empty()) block.add_option(kInterfaceDescriptionText, interface.description);
  block.add_option(kTimeResolution, "\x09");  // 10^-9 s
  block.end();
}

void add_packet(Buffer& out, const PacketFacts& facts, Bytes bytes) {
  Block block(out, kEnhancedPacket);
  add32(out, 0);  // the only interface
  add_time(out, facts.time);
  add32(out, static_cast<std::uint32_t>(bytes.size()));
  add32(out, static_cast<std::uint32_t>(bytes.size()));
  add_padded(out, bytes.data(), bytes.size());
  if (facts.direction != Direction::unknown) {
    block.add_option32(kPacketFlags, facts.direction == Direction::inbound ? 1 : 2);
  }
  if (!facts.comment.empty()) block.add_option(kComment, facts.comment);
  block.end();
}

void add_statistics(Buffer& out, const Statistics& statistics) {
  Block block(out, kInterfaceStatistics);
  add32(out, 0);
  add_time(out, statistics.time);
  block.add_option64(kReceived, statistics.received);
  if (statistics.dropped) block.add_option64(kDropped, *statistics.dropped);
  block.end();
}

}  // namespace leat::pcapng
