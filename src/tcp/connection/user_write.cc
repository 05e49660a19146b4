#include "tcp/connection/user_write.h"

#include <algorithm>

namespace leat {

expected<std::size_t, Error> UserWrite::write(Bytes data, BufferPool& pool) { return take(data, pool, false); }

expected<std::size_t, Error> UserWrite::write_more(Bytes data, BufferPool& pool) { return take(data, pool, true); }

expected<std::size_t, Error> UserWrite::write_urgent(Bytes data, BufferPool& pool) {
  const expected<std::size_t, Error> taken = write(data, pool);
  if (taken && *taken > 0) c_.sender.mark_urgent();
  return taken;
}

expected<void, Error> UserWrite::write_borrowed(Bytes data, Release release, BufferPool& pool) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  if (data.size() > kMost) return unexpected(Error::invalid_argument);
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room) return unexpected(room.error());
  const auto refuse = [&](Error why) {
    c_.writer_waits = true;
    return unexpected(why);
  };
  if (*room == 0) return refuse(Error::would_block);
  static_cast<void>(c_.take_flight());
  if (take_small(data, pool)) {
    if (release.call != nullptr) release.call(release.context);
  } else {
    Slice slice = pool.borrow(data);
    if (!slice) return refuse(Error::no_buffers);
    const bool taken = c_.sender.write(slice, pool);
    if (!taken) return refuse(c_.sender.is_full_of_slices() ? Error::would_block : Error::no_buffers);
    slice.when_released(release);
  }
  on_written();
  return {};
}

expected<MutableBytes, Error> UserWrite::prepare(std::size_t wanted, BufferPool& pool) {
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room) return unexpected(room.error());
  if (wanted == 0) return MutableBytes{};
  MutableBytes bytes;
  if (*room > 0) {
    static_cast<void>(c_.take_flight());
    bytes = c_.sender.room_to_fill(std::min(wanted, *room), pool);
  }
  if (bytes.size() < wanted) c_.writer_waits = true;
  if (bytes.empty()) return unexpected(*room > 0 ? Error::no_buffers : Error::would_block);
  return bytes;
}

expected<void, Error> UserWrite::commit(std::size_t n) {
  if (c_.error != Error::none) return unexpected(c_.error);
  if (c_.sender.fin_queued() || c_.user_gone) return unexpected(Error::closed);
  if (n > c_.sender.prepared()) return unexpected(Error::invalid_argument);
  if (c_.sender.prepared() > 0) c_.sender.wrote(n);
  if (n > 0) on_written();
  return {};
}

/// The number of bytes that may be written now.
expected<std::size_t, Error> UserWrite::room_to_write(const BufferPool& pool) {
  if (c_.error != Error::none) return unexpected(c_.error);
  if (c_.sender.fin_queued() || c_.user_gone) return unexpected(Error::closed);
  if (c_.state == TcpState::closed || c_.state == TcpState::time_wait) return unexpected(Error::closed);
  c_.look_at_memory(pool);
  std::size_t room = c_.sender.room_below(c_.settings->notsent_lowat);
  constexpr std::size_t kLeast = BufferPool::kLeastOfAStream;
  if (c_.memory_short) room = std::min(room, kLeast - std::min(kLeast, c_.sender.buffered()));
  return room;
}

void UserWrite::on_written() {
  c_.sender.push_when_full(c_.settings->notsent_lowat);
  if (!c_.is_writable()) c_.writer_waits = true;
}

expected<std::size_t, Error> UserWrite::take(Bytes data, BufferPool& pool, bool more) {
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room || data.empty()) return room ? std::size_t{0} : room;
  std::size_t taken = 0;
  if (*room > 0) {
    static_cast<void>(c_.take_flight());
    taken = c_.sender.write(data.first(std::min(data.size(), *room)), pool, more);
  }
  if (taken < data.size()) c_.writer_waits = true;
  if (taken == 0) return unexpected(*room > 0 ? Error::no_buffers : Error::would_block);
  if (taken < data.size()) c_.sender.end_write();
  on_written();
  return taken;
}

/// Copies data that is too short to be worth a slice of its own. Takes all of it or nothing.
bool UserWrite::take_small(Bytes data, BufferPool& pool) {
  constexpr std::size_t kSmall = 2048;
  if (data.size() > kSmall) return false;
  const MutableBytes room = c_.sender.room_to_fill(data.size(), pool);
  if (room.size() < data.size()) return false;
  std::copy(data.begin(), data.end(), room.begin());
  c_.sender.wrote(data.size());
  return true;
}

}  // namespace leat
