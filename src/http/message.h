// HTTP messages as values: a request to send, the head of a response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::http {

struct Field {
  std::string name, value;
};

/// True when the two differ at most in ASCII case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

struct Request {
  std::string method = "GET";
  std::string target = "/";
  std::string host;           ///< value of the Host field
  std::vector<Field> fields;  ///< further ones, in their order

  /// The request as HTTP/1.1 bytes. Fields must hold no line breaks.
  std::string serialize() const;
};

struct ResponseHead {
  unsigned version = 11;  ///< 10 or 11
  unsigned status = 0;    ///< 100..999
  std::string reason;
  std::vector<Field> fields;                    ///< in the order received
  std::optional<std::uint64_t> content_length;  ///< of the message as framed; none when chunked or until close

  /// The value of the first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// Status line and fields, each ended by CRLF, then an empty line.
  std::string text() const;
};

}  // namespace leat::http
