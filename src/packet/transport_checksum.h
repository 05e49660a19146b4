// Transport checksums over packets whose bytes lie in several slices: completing partial ones before a
// device that cannot, and judging received ones by what the device knows.
#pragma once

#include "leat/address.h"
#include "packet/packet.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

namespace leat {

/// Adds [from, from + length) of the packet, as far as it goes, to `sum`.
void add_to_checksum(ChecksumAccumulator& sum, const Packet& packet, std::size_t from, std::size_t length);

/// Turns ChecksumState::partial into a full checksum: the sum runs from checksum_start to the packet's end, so
/// there must be no padding. Any protocol; UDP's zero is sent as 0xffff (RFC 768). Other states are left
/// alone. False when the offload facts point outside the packet, which is then unchanged. The bytes of the
/// field are written in place: nobody else may share them.
bool finish_checksum(Packet& packet);

/// What the pseudo-header is made of, and where the transport header lies in the packet.
struct TransportSpan {
  IpAddress source;
  IpAddress destination;
  IpProtocol protocol = IpProtocol::tcp;
  std::size_t start = 0;   ///< from the packet's first byte
  std::size_t length = 0;  ///< transport header and payload; what follows (padding) does not count
};

/// True when the device vouches for the checksum (verified, partial) or the sum is right. ICMPv4 has no
/// pseudo-header. A UDP field of zero ("not computed") is the caller's business.
bool has_good_checksum(const Packet& packet, const TransportSpan& span);

}  // namespace leat
