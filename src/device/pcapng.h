// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), as bytes: one section, one interface, packets with their
// direction and a comment, statistics at the end. Little-endian, timestamps in nanoseconds. The functions append to a
// buffer and write no file. The capture device uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace leat::pcapng {

using Buffer = std::vector<std::uint8_t>;

enum class LinkType : std::uint16_t {
  ethernet = 1,
  raw_ip = 101,  ///< IPv4 or IPv6, by the first nibble
};

struct Interface {
  LinkType link_type = LinkType::ethernet;
  std::string name;
  std::string description;
};

enum class Direction : std::uint8_t { unknown, inbound, outbound };

struct PacketFacts {
  std::uint64_t time = 0;  ///< nanoseconds since 1970-01-01 UTC
  Direction direction = Direction::unknown;
  std::string_view comment{};  ///< none when empty
};

struct Statistics {
  std::uint64_t time = 0;  ///< as of a packet
  std::uint64_t received = 0;
  std::optional<std::uint64_t> dropped{};  ///< packets that the interface dropped before the device read them
};

/// Section header: begins a file. `application` is the program's name and version.
void add_section(Buffer& out, std::string_view application);
/// Interface description: one after the section header.
void add_interface(Buffer& out, const Interface& interface);
/// Enhanced packet block. `bytes` is the whole packet; nothing is cut.
void add_packet(Buffer& out, const PacketFacts& facts, Bytes bytes);
void add_statistics(Buffer& out, const Statistics& statistics);

}  // namespace leat::pcapng
