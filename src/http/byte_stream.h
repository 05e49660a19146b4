// What the HTTP client needs of a connection, and where connections come from.
//
// HTTP knows nothing of Leat's stack: apps/cli gives it connections of a leat::Host, the tests give it scripts
// and sockets of the kernel. All calls block; a time-out that passes is Error::timed_out and harms nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "leat/address.h"
#include "leat/error.h"
#include "leat/expected.h"
#include "leat/tcp_info.h"
#include "leat/time.h"

namespace leat::http {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Waits for at least one byte; 0 is the end of the stream.
  virtual expected<std::size_t, Error> read_some(MutableBytes buffer, Duration timeout) = 0;
  /// Takes all of `data` or fails; the time-out bounds each wait for room.
  virtual expected<void, Error> write_all(Bytes data, Duration timeout) = 0;
  /// Ends the stream politely: what was written arrives, the peer's end is awaited for a short while.
  virtual void close() = 0;
  /// Ends it now. May be called from another thread than the one that reads, which then gets Error::aborted.
  virtual void abort() = 0;

  virtual TcpInfo info() const { return {}; }
  virtual Endpoint local() const { return {}; }
  virtual Endpoint remote() const { return {}; }
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// Opens a connection and writes `first_data`, on the handshake's last segment where that is possible.
  /// Without a time-out the transport's own patience decides.
  virtual expected<std::unique_ptr<ByteStream>, Error> connect(const Endpoint& remote, std::optional<Duration> timeout,
                                                               Bytes first_data) = 0;
};

}  // namespace leat::http
