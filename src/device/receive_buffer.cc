#include "device/receive_buffer.h"

#include <sys/uio.h>

namespace leat {

bool ReceiveBuffer::prepare(BufferPool& pool) {
  if (!small_) small_ = pool.allocate(BufferClass::frame, 0, size_of(BufferClass::frame));
  if (needs_big_ && !big_) big_ = pool.allocate(BufferClass::super, 0, size_of(BufferClass::super));
  return small_ && (big_ || !needs_big_);
}

unsigned ReceiveBuffer::describe(iovec* out) {
  out[0] = {small_.mutable_bytes().data(), small_.size()};
  if (!needs_big_) return 1;
  out[1] = {big_.mutable_bytes().data(), big_.size()};
  return 2;
}

std::optional<Packet> ReceiveBuffer::take(std::size_t size, BufferPool& pool) {
  const std::size_t read = lead_ + size;
  LEAT_ASSERT(read <= small_.size() + big_.size());
  if (read <= small_.size()) {
    small_.truncate(read);
    small_.remove_front(lead_);
    return Packet(std::move(small_));
  }
  const std::size_t rest = read - small_.size();
  Slice tail;
  if (rest <= size_of(BufferClass::medium)) {
    tail = pool.copy_of(big_.bytes().first(rest));
    if (!tail) return std::nullopt;
  } else {
    big_.truncate(rest);
    tail = std::move(big_);
  }
  small_.remove_front(lead_);
  Packet packet(std::move(small_));
  packet.append(std::move(tail));
  return packet;
}

}  // namespace leat
