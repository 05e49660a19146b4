// TCP options as a value (RFC 9293 §3.2, RFC 7323, RFC 2018), read from and written to headers.
//
// Named TcpOptionSet because leat/tcp_settings.h holds the settings. What an option means, and that MSS,
// window scale and SACK-permitted only count on a SYN, is the business of src/tcp.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "wire/seq.h"

namespace leat {

struct TcpTimestamps {
  std::uint32_t value = 0;
  std::uint32_t echo_reply = 0;
  constexpr bool operator==(const TcpTimestamps&) const = default;
};

/// [begin, end) as it was on the wire: nothing says that it makes sense.
struct SackBlock {
  SeqNum begin;
  SeqNum end;
  constexpr bool operator==(const SackBlock&) const = default;
};

struct TcpOptionSet {
  static constexpr std::size_t kMaxSize = 40;
  static constexpr std::size_t kMaxSackBlocks = 4;
  static constexpr std::uint8_t kMaxWindowScale = 14;  ///< RFC 7323 §2.3: larger ones count as 14

  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;  ///< as on the wire, perhaps above kMaxWindowScale
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::uint8_t sack_count = 0;

  constexpr std::span<const SackBlock> sack_blocks() const { return {sack.data(), sack_count}; }
  bool operator==(const TcpOptionSet& other) const;

  /// `options` is everything between the fixed header and the payload. Unknown kinds are skipped; a kind
  /// known here with a length that is not its own is skipped too, as Linux does, and so is an MSS of 0. The
  /// last of two equal kinds counts. Nothing when a length is 0, 1 or runs over the end: the header is malformed.
  static std::optional<TcpOptionSet> parse(Bytes options);

  /// A multiple of 4, at most kMaxSize.
  std::size_t encoded_size() const;
  /// Writes encoded_size() bytes in the order that Linux uses, each field aligned by NOPs in front of it:
  /// MSS, SACK-permitted with timestamps, window scale, SACK. Blocks that find no room are left out.
  void encode(MutableBytes out) const;
};

}  // namespace leat
