// URLs as the client needs them: where to connect, what to ask for, what to call the file.
//
// Parsing is Boost.URL's (RFC 3986), behind the leniency that people expect of a command line: "http://" is
// guessed, bytes that must be escaped are. Called by fetch and by the command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "leat/expected.h"

namespace leat::http {

/// An absolute http URL, checked and normalised.
struct Url {
  std::string scheme = "http";
  std::string host;  ///< lower case; without brackets when ipv6_literal
  bool ipv6_literal = false;
  std::uint16_t port = 80;
  std::string target = "/";  ///< origin-form: path and query, percent-encoded, without dot segments

  /// The value of the Host header: with the port unless it is the scheme's own.
  std::string authority() const;
  /// The whole, without a fragment.
  std::string text() const;
  bool operator==(const Url&) const = default;
};

enum class UrlFault { malformed, unsupported };

struct UrlError {
  UrlFault fault = UrlFault::malformed;
  std::string message;
};

/// Reads what a person typed: "example.org/x" is "http://example.org/x".
expected<Url, UrlError> parse_url(std::string_view text);

/// What a Location header means, relative to the URL that it answers (RFC 9110 §10.2.2).
expected<Url, UrlError> resolve_reference(const Url& base, std::string_view reference);

/// The name to save under: the path's last component, percent-decoded, or "index.html" when there is none.
/// Never empty, "." or "..", and free of '/' and control characters, however they were encoded.
std::string file_name_of(const Url& url);

}  // namespace leat::http
