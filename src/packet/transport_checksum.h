// Transport checksums of packets in several slices: completes partial checksums for devices that cannot, and verifies
// received ones with the facts of the device.
#pragma once

#include "leat/address.h"
#include "packet/packet.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

namespace leat {

/// Adds the bytes [from, from + length) to `sum`, as far as the packet has them.
void add_to_checksum(ChecksumAccumulator& sum, const Packet& packet, std::size_t from, std::size_t length);

/// Completes a checksum with ChecksumState::partial. The sum covers checksum_start to the end of the packet, so there
/// must be no padding. It works for any protocol; UDP's zero becomes 0xffff (RFC 768). Other states stay as they are.
/// Returns false, and leaves the packet unchanged, if the offload facts point outside of it. It writes the field in
/// place, so no other slice may share its bytes.
bool finish_checksum(Packet& packet);

/// The content of the pseudo-header, and the position of the transport header in the packet.
struct TransportSpan {
  IpAddress source;
  IpAddress destination;
  IpProtocol protocol = IpProtocol::tcp;
  std::size_t start = 0;   ///< position from the first byte of the packet
  std::size_t length = 0;  ///< bytes of transport header and payload, without padding
};

/// True if the device vouches for the checksum (verified, partial) or the sum is right. ICMPv4 has no pseudo-header.
/// The caller must handle a UDP field of zero, which means that there is no checksum.
bool has_good_checksum(const Packet& packet, const TransportSpan& span);

}  // namespace leat
