// TCP options as a value (RFC 9293 §3.2, RFC 7323, RFC 2018), read from and written to headers.
//
// src/tcp interprets the options: MSS, window scale and SACK-permitted, for example, are valid only on a SYN.
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

/// [begin, end) as received. The values are not checked.
struct SackBlock {
  SeqNum begin;
  SeqNum end;
  constexpr bool operator==(const SackBlock&) const = default;
};

struct TcpOptionSet {
  static constexpr std::size_t kMaxSize = 40;
  static constexpr std::size_t kMaxSackBlocks = 4;
  static constexpr std::uint8_t kMaxWindowScale = 14;  ///< larger values count as 14 (RFC 7323 §2.3)

  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;  ///< as received, possibly above kMaxWindowScale
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::uint8_t sack_count = 0;

  constexpr std::span<const SackBlock> sack_blocks() const { return {sack.data(), sack_count}; }
  bool operator==(const TcpOptionSet& other) const;

  /// Reads `options`, the bytes between the fixed header and the payload. It skips unknown kinds, known kinds with
  /// another length than theirs, and an MSS of 0, as Linux's tcp_parse_options. The last of two equal kinds counts.
  /// Returns nothing if a length is 0, 1 or exceeds the header: the header is malformed.
  static std::optional<TcpOptionSet> parse(Bytes options);
  /// As parse(), but of a malformed header it returns the options in front of the fault, as Linux's tcp_parse_options:
  /// a segment with a fault in its options is processed (RFC 9293 §3.1, MUST-7).
  static TcpOptionSet parse_valid_part(Bytes options);

  /// The size in bytes: a multiple of 4, at most kMaxSize.
  std::size_t encoded_size() const;
  /// Writes encoded_size() bytes in the order of Linux's tcp_options_write: MSS, SACK-permitted with timestamps, window
  /// scale, SACK. NOPs in front of a field align it. SACK blocks that do not fit are left out.
  void encode(MutableBytes out) const;
};

}  // namespace leat
