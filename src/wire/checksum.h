// The Internet checksum (RFC 1071) over bytes in one or several pieces of any length.
//
// Bytes are summed in the byte order of the machine, 64 bytes in each step. Byte order matters once, at the end
// (RFC 1071 §2 B). A piece that begins at an odd offset is summed as if the offset were even, and its sum is swapped.
// The header types of this folder, the segment splitter and all checks of received packets use it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"
#include "leat/address.h"

namespace leat {
namespace checksum_detail {

/// The sum of big-endian 16-bit words, as a number of at most 2^48 that folds to the sum in machine order.
std::uint64_t sum_fast(const std::uint8_t* data, std::size_t size);
/// The same sum without instructions that only some processors have. For tests.
std::uint64_t sum_portable(const std::uint8_t* data, std::size_t size);
/// Copies and sums in one pass over memory.
std::uint64_t copy_and_sum_fast(std::uint8_t* out, const std::uint8_t* data, std::size_t size);

constexpr std::uint16_t swap16(std::uint16_t v) { return static_cast<std::uint16_t>(v >> 8 | v << 8); }
constexpr std::uint16_t fold16(std::uint64_t sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);  // below 2^33 before, below 2^18 after
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}
constexpr std::uint16_t machine_order(std::uint16_t host) {
  return std::endian::native == std::endian::little ? swap16(host) : host;
}
constexpr std::uint64_t sum_slow(Bytes data) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < data.size(); i += 2) sum += machine_order(load_be16(data.data() + i));
  if (i < data.size()) sum += machine_order(static_cast<std::uint16_t>(data[i] << 8));
  return sum;
}

}  // namespace checksum_detail

/// Adds up a checksum. Each piece begins where the previous one ended, at an even or an odd offset.
class ChecksumAccumulator {
 public:
  constexpr ChecksumAccumulator() = default;
  /// Continues from a result of fold().
  constexpr explicit ChecksumAccumulator(std::uint16_t folded) : sum_(checksum_detail::machine_order(folded)) {}

  constexpr void add(Bytes piece) {
    if (std::is_constant_evaluated()) {
      add_piece(checksum_detail::sum_slow(piece), piece.size());
    } else {
      add_piece(checksum_detail::sum_fast(piece.data(), piece.size()), piece.size());
    }
  }
  /// Adds the piece and copies it to `out`, which must be as large and must not overlap it.
  void add_copy(Bytes piece, MutableBytes out) {
    add_piece(checksum_detail::copy_and_sum_fast(out.data(), piece.data(), piece.size()), piece.size());
  }
  /// Adds a 16-bit or 32-bit field at an even offset. It does not matter how many bytes add() has seen.
  constexpr void add16(std::uint16_t field) { sum_ += checksum_detail::machine_order(field); }
  constexpr void add32(std::uint32_t field) {
    add16(static_cast<std::uint16_t>(field >> 16));
    add16(static_cast<std::uint16_t>(field));
  }
  /// Adds the pseudo-header of RFC 9293 §3.1 (IPv4) or RFC 8200 §8.1 (IPv6). `length` is the size of the transport
  /// header and the payload. Both addresses must be of one family.
  constexpr void add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                   std::uint32_t length) {
    const std::size_t size = source.is_v6() ? 16 : 4;
    for (std::size_t i = 0; i < size; i += 4) {
      add32(load_be32(source.bytes.data() + i));
      add32(load_be32(destination.bytes.data() + i));
    }
    add16(protocol);
    add32(length);
  }

  /// The same, with the two addresses as they are in an IPv4 header.
  constexpr void add_pseudo_header(Bytes ipv4_header, std::uint8_t protocol, std::uint32_t length) {
    add(ipv4_header.subspan(12, 8));
    add16(protocol);
    add32(length);
  }

  /// The one's complement sum, not complemented. A checksum field with ChecksumState::partial holds it.
  constexpr std::uint16_t fold() const { return checksum_detail::machine_order(checksum_detail::fold16(sum_)); }
  /// The value for the checksum field. In the sum the field must be zero or left out.
  constexpr std::uint16_t finish() const { return static_cast<std::uint16_t>(~fold()); }
  /// True if the sum over everything, with the checksum field, is that of undamaged data.
  constexpr bool is_valid() const { return fold() == 0xffff; }

 private:
  constexpr void add_piece(std::uint64_t sum, std::size_t size) {
    if (odd_) sum = checksum_detail::swap16(checksum_detail::fold16(sum));
    sum_ += sum;
    odd_ = odd_ != (size % 2 != 0);
  }
  std::uint64_t sum_ = 0;
  bool odd_ = false;
};

/// The checksum of contiguous bytes. A checksum field among them must be zero.
constexpr std::uint16_t internet_checksum(Bytes data) {
  ChecksumAccumulator sum;
  sum.add(data);
  return sum.finish();
}

/// Updates a checksum for a change of one 16-bit field that it covers (RFC 1624 §3, equation 3).
constexpr std::uint16_t checksum_after_change(std::uint16_t checksum, std::uint16_t before, std::uint16_t after) {
  ChecksumAccumulator sum(static_cast<std::uint16_t>(~checksum));
  sum.add16(static_cast<std::uint16_t>(~before));
  sum.add16(after);
  return sum.finish();
}

}  // namespace leat
