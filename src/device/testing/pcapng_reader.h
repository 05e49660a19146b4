// Reads the pcapng files of the capture device back, for tests; checks on the way that every block is well-formed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace leat::testing {

struct CapturedPacket {
  std::uint64_t time = 0;  ///< nanoseconds since 1970
  unsigned flags = 0;      ///< 1: inbound, 2: outbound
  std::string comment;
  std::vector<std::uint8_t> bytes;
};

struct CapturedFile {
  std::string application, interface;
  unsigned link_type = 0;
  std::vector<CapturedPacket> packets;
  std::vector<std::uint64_t> received;  ///< of each statistics block
};

/// Fails the test when something is wrong with the bytes; gives what was good in front of that.
CapturedFile parse_capture(Bytes bytes);
CapturedFile read_capture(const std::string& path);

}  // namespace leat::testing
