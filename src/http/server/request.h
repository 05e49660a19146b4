// RequestParser: bytes of a connection into the heads of requests (RFC 9112), by Boost.Beast. What a request carries as
// its body is counted off and thrown away: nothing here is made from bodies. Every bound has a status code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "http/message.h"

namespace leat::http {

struct RequestHead {
  std::string method, target;
  unsigned version = 11;  ///< 10 or 11
  bool keep_alive = false;
  bool has_body = false;
  std::vector<Field> fields;

  /// The value of the first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
};

class RequestParser {
 public:
  static constexpr std::uint32_t kHeadLimit = 16 * 1024;               ///< bytes: 431 beyond it
  static constexpr std::uint64_t kBodyLimit = std::uint64_t{1} << 20;  ///< bytes: 413 beyond it

  RequestParser();
  ~RequestParser();

  /// Reads the next request from the front of `in`; returns how many bytes it is done with, none of those behind the
  /// request. Call again with the rest and more, until done() or failure().
  std::size_t feed(Bytes in);
  bool done() const;
  /// The head is complete, and the client waits for an answer to it before it sends the body (RFC 9110 §10.1.1).
  bool awaits_permission() const;
  /// True from the first byte of a request on.
  bool begun() const { return begun_; }
  /// The status code that says what is wrong with it; 0: nothing.
  unsigned failure() const { return failure_; }
  const RequestHead& head() const;
  /// Forgets the request: the next one begins.
  void reset();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  bool begun_ = false;
  unsigned failure_ = 0;
};

}  // namespace leat::http
