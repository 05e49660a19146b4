// FourTuple: what names a TCP connection, seen from this host; and its keyed hash.
//
// The scope ids belong to the name: fe80::1%2 and fe80::1%3 are two hosts.
#pragma once

#include <array>
#include <cstdint>

#include "base/siphash.h"
#include "leat/address.h"

namespace leat {

struct FourTuple {
  Endpoint local, remote;

  constexpr bool operator==(const FourTuple&) const = default;
  /// The same connection as the peer names it.
  constexpr FourTuple reversed() const { return {remote, local}; }
};

namespace four_tuple_detail {
constexpr std::uint64_t word(const IpAddress& a, unsigned half) {
  const std::uint8_t* p = a.bytes.data() + 8 * half;
  return std::uint64_t{load_be32(p)} << 32 | load_be32(p + 4);
}
}  // namespace four_tuple_detail

/// SipHash-C-D of the whole tuple. Two words for plain IPv4, six for everything else; SipHash hashes the length too,
/// so that no IPv4 tuple can be given the input of an IPv6 one.
template <int C, int D>
constexpr std::uint64_t hash_tuple(const SipKey& key, const FourTuple& t) {
  const IpAddress& local = t.local.address;
  const IpAddress& remote = t.remote.address;
  const std::uint64_t ports = std::uint64_t{t.local.port} << 16 | t.remote.port;
  if (local.is_v4() && remote.is_v4() && (local.scope | remote.scope) == 0) {
    return siphash_words<C, D>(
        key, std::array<std::uint64_t, 2>{std::uint64_t{local.v4_value()} << 32 | remote.v4_value(), ports});
  }
  using four_tuple_detail::word;
  const std::uint64_t families = std::uint64_t{static_cast<std::uint8_t>(local.family)} << 8 |
                                 std::uint64_t{static_cast<std::uint8_t>(remote.family)};
  return siphash_words<C, D>(
      key, std::array<std::uint64_t, 6>{word(local, 0), word(local, 1), word(remote, 0), word(remote, 1),
                                        std::uint64_t{local.scope} << 32 | remote.scope, families << 32 | ports});
}

/// Keyed, of the addresses alone: equal for all connections between two hosts.
template <int C, int D>
constexpr std::uint64_t hash_addresses(const SipKey& key, FourTuple t) {
  t.local.port = t.remote.port = 0;
  return hash_tuple<C, D>(key, t);
}

/// The hash for tables: it cannot be steered without the key, but is not for the outside to see.
constexpr std::uint32_t flow_hash(const SipKey& key, const FourTuple& tuple) {
  return static_cast<std::uint32_t>(hash_tuple<1, 3>(key, tuple));
}

}  // namespace leat
