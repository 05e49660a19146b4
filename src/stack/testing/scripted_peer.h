// ScriptedPeer: the other end of a TCP connection, played by the test segment by segment, as raw IPv4 datagrams.
// It has no state of its own but two initial sequence numbers, so that it can say anything at any time. The same peer
// talks to a Stack in virtual time and to the kernel through a TUN device.
//
// Segments are written and read as one line of text, with numbers relative to the two SYNs (first data byte: 1):
//   "S 0"  "S. 0 ack 1"  "P. 1:11 ack 1"  ". 11 ack 1 win 0"  "FP. 11:21 ack 1"  "R 21"  "PU. 1:6 ack 1 urg 3"
// The end after the colon is that of the data; SYN and FIN take their number silently. Options that may follow:
// win N (else the peer's window), urg N, mss N, sack B:E (several). "none" stands for no flag at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "leat/address.h"
#include "wire/seq.h"
#include "wire/tcp.h"

namespace leat::testing {

struct RawSegment {
  TcpFlags flags;
  std::int64_t seq = 0;
  std::uint32_t length = 0;  ///< of the data, bytes
  std::int64_t ack = 0;      ///< meaningful with the flag
  std::optional<std::uint32_t> window{};
  std::uint16_t urgent = 0;
  std::optional<std::uint16_t> mss{};
  std::vector<std::pair<std::int64_t, std::int64_t>> sack{};

  static RawSegment from_text(std::string_view text);
  /// Windows are told when they are 0 (and mean something), options when they are SACK blocks.
  std::string to_text() const;
};

class ScriptedPeer {
 public:
  ScriptedPeer(Endpoint self, Endpoint other, SeqNum isn) : self_(self), other_(other), isn_(isn) {}

  std::uint16_t window = 65535;  ///< of its segments unless they say otherwise

  /// A datagram of the peer, checksums and the bytes of its data included.
  std::vector<std::uint8_t> build(const RawSegment& segment) const;
  /// What the other end sent; nothing when it is not for us. The number of its first SYN is the base of all others;
  /// before it they are relative to 0. Complains (gtest) of bad checksums and of data that is not the pattern.
  std::optional<RawSegment> parse(Bytes datagram);

  /// The next SYN of the other end begins a new count; ours begins at `isn`.
  void forget(SeqNum isn);
  const Endpoint& self() const { return self_; }

  /// The byte that either end sends at a position of its stream.
  static std::uint8_t pattern(std::int64_t pos) { return static_cast<std::uint8_t>(pos * 31 + (pos >> 8)); }

 private:
  Endpoint self_, other_;
  SeqNum isn_;
  std::optional<SeqNum> other_isn_;
};

}  // namespace leat::testing
