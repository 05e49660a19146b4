// TCP headers (RFC 9293 §3.1). Options are in wire/tcp_options.h.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "wire/seq.h"

namespace leat {

/// The control bits, as a set.
class TcpFlags {
 public:
  constexpr TcpFlags() = default;
  constexpr explicit TcpFlags(std::uint8_t bits) : bits_(bits) {}

  constexpr std::uint8_t bits() const { return bits_; }
  constexpr bool fin() const { return (bits_ & 0x01) != 0; }
  constexpr bool syn() const { return (bits_ & 0x02) != 0; }
  constexpr bool rst() const { return (bits_ & 0x04) != 0; }
  constexpr bool psh() const { return (bits_ & 0x08) != 0; }
  constexpr bool ack() const { return (bits_ & 0x10) != 0; }
  constexpr bool urg() const { return (bits_ & 0x20) != 0; }
  constexpr bool ece() const { return (bits_ & 0x40) != 0; }
  constexpr bool cwr() const { return (bits_ & 0x80) != 0; }

  constexpr bool has_any(TcpFlags other) const { return (bits_ & other.bits_) != 0; }
  constexpr TcpFlags operator|(TcpFlags other) const {
    return TcpFlags(static_cast<std::uint8_t>(bits_ | other.bits_));
  }
  constexpr TcpFlags operator&(TcpFlags other) const {
    return TcpFlags(static_cast<std::uint8_t>(bits_ & other.bits_));
  }
  constexpr TcpFlags& operator|=(TcpFlags other) { return *this = *this | other; }
  constexpr TcpFlags without(TcpFlags other) const { return TcpFlags(static_cast<std::uint8_t>(bits_ & ~other.bits_)); }
  constexpr bool operator==(const TcpFlags&) const = default;

  /// The text of tcpdump: "S.", "P.", "R", and "none" for the empty set.
  std::string to_string() const;

 private:
  std::uint8_t bits_ = 0;
};

inline constexpr TcpFlags kTcpFin{0x01}, kTcpSyn{0x02}, kTcpRst{0x04}, kTcpPsh{0x08};
inline constexpr TcpFlags kTcpAck{0x10}, kTcpUrg{0x20}, kTcpEce{0x40}, kTcpCwr{0x80};

struct TcpHeader {
  static constexpr std::size_t kSize = 20;  ///< without options
  static constexpr std::size_t kMaxSize = 60;
  static constexpr std::size_t kSeqOffset = 4, kAckOffset = 8, kLengthOffset = 12, kFlagsOffset = 13;
  static constexpr std::size_t kWindowOffset = 14, kChecksumOffset = 16, kUrgentOffset = 18;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SeqNum seq;
  SeqNum ack;  ///< valid if flags.ack()
  TcpFlags flags;
  std::uint8_t header_length = kSize;  ///< bytes, options included: 20..60, a multiple of 4
  std::uint16_t window = 0;            ///< the field, not scaled
  std::uint16_t checksum = 0;
  std::uint16_t urgent = 0;  ///< valid if flags.urg()

  constexpr std::size_t options_length() const { return header_length - kSize; }
  constexpr bool operator==(const TcpHeader&) const = default;

  /// Returns nothing if the data offset is less than 20 bytes or more than `in` has. Reserved bits are ignored
  /// (RFC 9293 §3.1).
  static constexpr std::optional<TcpHeader> parse(Bytes in) {
    if (in.size() < kSize) return std::nullopt;
    const std::uint8_t* p = in.data();
    TcpHeader h;
    h.header_length = static_cast<std::uint8_t>((p[12] >> 4) * 4);
    if (h.header_length < kSize || h.header_length > in.size()) return std::nullopt;
    h.source_port = load_be16(p);
    h.destination_port = load_be16(p + 2);
    h.seq = SeqNum(load_be32(p + 4));
    h.ack = SeqNum(load_be32(p + 8));
    h.flags = TcpFlags(p[13]);
    h.window = load_be16(p + 14);
    h.checksum = load_be16(p + 16);
    h.urgent = load_be16(p + 18);
    return h;
  }
  /// The bytes of the options in a header that parse() accepted.
  constexpr Bytes options(Bytes in) const { return in.subspan(kSize, options_length()); }

  /// Writes the fixed 20 bytes. The caller writes header_length - 20 bytes of options behind them.
  constexpr void write(MutableBytes out) const {
    std::uint8_t* p = out.data();
    store_be16(p, source_port);
    store_be16(p + 2, destination_port);
    store_be32(p + 4, seq.raw());
    store_be32(p + 8, ack.raw());
    p[12] = static_cast<std::uint8_t>(header_length / 4 << 4);
    p[13] = flags.bits();
    store_be16(p + 14, window);
    store_be16(p + 16, checksum);
    store_be16(p + 18, urgent);
  }
};

}  // namespace leat
