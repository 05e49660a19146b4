// One HTTP/1.1 exchange over a ByteStream: reads a response and hands the body on, piece by piece, as it arrives.
//
// The parser is Boost.Beast's, fed directly; Beast is instantiated in client.cc alone. Nothing holds a body in
// memory: the buffer is one fixed block. Every response is hostile: heads, chunk lines and trailers are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/byte_stream.h"
#include "http/exit_code.h"
#include "http/message.h"

namespace leat::http {

/// How long to wait: for the next bytes, and for everything.
struct Patience {
  Duration idle = std::chrono::seconds(180);
  std::optional<Instant> deadline;
  std::function<Instant()> now;  ///< monotonic; must be set

  /// The time-out of the next wait; zero or less when the deadline has passed.
  Duration next_wait() const;
};

/// Why an exchange or a transfer failed.
struct Failure {
  ExitCode code = ExitCode::receive_error;
  std::string message;
  bool unanswered = false;  ///< no byte of a response had come
};
inline unexpected<Failure> failed(ExitCode code, std::string message) {
  return unexpected(Failure{code, std::move(message)});
}

/// Receives a response. Returning a failure ends the exchange with it.
class ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;
  /// A 1xx response before the one that counts.
  virtual void interim(const ResponseHead&) {}
  virtual expected<void, Failure> head(const ResponseHead& head) = 0;
  /// The next bytes of the body, without the framing; valid during the call.
  virtual expected<void, Failure> body(Bytes piece) = 0;
};

struct ExchangeResult {
  bool reusable = false;  ///< the stream may carry another request
  std::uint64_t body_bytes = 0;
};

/// Buffer of one connection: bytes read beyond the end of a response would make the stream not reusable.
class ResponseReader {
 public:
  ResponseReader();
  ~ResponseReader();

  /// Reads the response to a request that was sent on `stream`. `bodyless`: it answers HEAD.
  /// Framing that is not strict, but that curl takes, is rewritten first; the stream is not reusable then.
  /// Failures: empty_reply when the stream ended before the first byte, partial_file when it ended
  /// inside the body, timed_out, receive_error, unsupported_protocol for what is not HTTP/1.x, and the handler's own.
  expected<ExchangeResult, Failure> read(ByteStream& stream, bool bodyless, const Patience& patience,
                                         ResponseHandler& handler);

 private:
  struct Buffer;
  std::unique_ptr<Buffer> buffer_;
};

}  // namespace leat::http
