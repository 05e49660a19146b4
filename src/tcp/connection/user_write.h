// UserWrite: the user's SEND calls (RFC 9293 §3.10.2). They put data into the send buffer, as much as there is room and
// memory for. It lives for one call.
#pragma once

#include <cstddef>

#include "tcp/connection/core.h"

namespace leat {

class UserWrite {
 public:
  explicit UserWrite(ConnectionCore& core) : c_(core) {}

  expected<std::size_t, Error> write(Bytes data, BufferPool& pool);
  expected<std::size_t, Error> write_more(Bytes data, BufferPool& pool);
  expected<std::size_t, Error> write_urgent(Bytes data, BufferPool& pool);
  expected<void, Error> write_borrowed(Bytes data, Release release, BufferPool& pool);
  expected<MutableBytes, Error> prepare(std::size_t wanted, BufferPool& pool);
  expected<void, Error> commit(std::size_t n);

 private:
  expected<std::size_t, Error> room_to_write(const BufferPool& pool);
  void on_written();
  expected<std::size_t, Error> take(Bytes data, BufferPool& pool, bool more);
  bool take_small(Bytes data, BufferPool& pool);

  ConnectionCore& c_;
};

}  // namespace leat
