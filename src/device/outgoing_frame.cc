#include "device/outgoing_frame.h"

#include <cstring>

#include "device/virtio_header.h"

namespace leat {

std::span<iovec> OutgoingFrame::describe(Packet& packet, Lead lead, bool has_link_layer) {
  std::size_t in_front = 0;
  if (lead == Lead::virtio_header) {
    const VirtioHeader header = write_virtio_header(packet, has_link_layer);
    std::memcpy(joined_.data(), header.data(), header.size());
    in_front = header.size();
  }
  const bool fits = in_front + packet.size() <= kSize;
  if (fits) packet.copy_out(0, MutableBytes(joined_).subspan(in_front, packet.size()));
  std::size_t count = 0;
  if (fits || in_front > 0) parts_[count++] = {joined_.data(), fits ? in_front + packet.size() : in_front};
  if (!fits) {
    for (Slice& s : packet.slices()) parts_[count++] = {s.mutable_bytes().data(), s.size()};
  }
  return std::span(parts_).first(count);
}

}  // namespace leat
