#include "http/url.h"

#include <algorithm>
#include <boost/url.hpp>
#include <charconv>
#include <optional>

#include "http/text.h"

namespace leat::http {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

unexpected<UrlError> malformed(std::string message) {
  return unexpected(UrlError{UrlFault::malformed, std::move(message)});
}

/// The length of "scheme://" at the start, or 0.
std::size_t scheme_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() &&
         (is_alpha(text[i]) || (i > 0 && (is_digit(text[i]) || text[i] == '+' || text[i] == '-' || text[i] == '.')))) {
    ++i;
  }
  return i > 0 && text.substr(i, 3) == "://" ? i + 3 : 0;
}

/// Escapes what RFC 3986 does not allow after the authority: people and Location headers write spaces, UTF-8
/// and lone percent signs. Control characters stay, to be refused.
std::string escape_after(std::string_view text, std::size_t from) {
  std::string out(text.substr(0, from));
  bool in_fragment = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    const bool stray_percent =
        c == '%' && (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0);
    const bool second_hash = c == '#' && in_fragment;
    if (c == '#') in_fragment = true;
    if (static_cast<unsigned char>(c) >= 0x80 || stray_percent || second_hash ||
        std::string_view(" \"<>[]\\^`{|}").find(c) != std::string_view::npos) {
      append_escaped(out, c);
    } else {
      out += c;
    }
  }
  return out;
}

/// True for "." (dots = 1) or ".." (dots = 2), in any encoding.
bool is_dots(std::string_view segment, std::size_t dots) {
  for (; dots > 0; --dots) {
    if (segment.substr(0, 1) == ".") {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment.substr(0, 2) == "%2" && to_lower(segment[2]) == 'e') {
      segment.remove_prefix(3);
    } else {
      return false;
    }
  }
  return segment.empty();
}

/// RFC 3986 §5.2.4 on an encoded path; the result begins with '/'. (Boost 1.81's own normalisation decodes %2F,
/// which names another resource.)
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  if (!path.empty()) path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (is_dots(segment, 2)) {
      out.resize(out.empty() ? 0 : out.rfind('/'));
      if (last) out += '/';
    } else if (is_dots(segment, 1)) {
      if (last) out += '/';
    } else {
      out += '/';
      out += segment;
    }
    if (last) return out;
    path.remove_prefix(slash + 1);
  }
}

/// Boost 1.81's port_number() is the number modulo 2^16.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::size_t authority_end(std::string_view text, std::size_t authority) {
  return std::min(text.size(), text.find_first_of("/?#", authority));
}

expected<Url, UrlError> checked_host(const urls::url_view& parsed, Url url) {
  if (parsed.host_type() == urls::host_type::ipvfuture) return malformed("an address of an unknown kind in a URL");
  url.ipv6_literal = parsed.host_type() == urls::host_type::ipv6;
  url.host = url.ipv6_literal ? std::string(parsed.host_address()) : std::string(parsed.host());
  if (url.host.empty()) return malformed("no host in the URL");
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), to_lower);
  if (!url.ipv6_literal) {
    for (const char c : url.host) {
      if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_') {
        return malformed("a character in the host's name that no name has (write international names in punycode)");
      }
    }
  }
  return url;
}

expected<Url, UrlError> from_absolute(const urls::url_view& view) {
  Url url;
  url.scheme = std::string(view.scheme());
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(), to_lower);
  if (url.scheme != "http") {
    std::string message = "protocol \"" + url.scheme + "\" is not supported; only http is";
    if (url.scheme == "https") message = "protocol \"https\" is not supported yet; only http is";
    return unexpected(UrlError{UrlFault::unsupported, std::move(message)});
  }
  if (!view.has_authority()) return malformed("no host in the URL");
  if (view.has_userinfo()) return malformed("a user name or password in a URL is not supported");
  if (view.has_port() && !view.port().empty()) {
    const std::optional<std::uint16_t> port = parse_port(view.port());
    if (!port) return malformed("port \"" + std::string(view.port()) + "\" is not a number from 1 to 65535");
    url.port = *port;
  }
  const std::string path(view.encoded_path());
  // Boost 1.81 takes "http://h:80x/" for a path that follows an authority without a slash.
  if (!path.empty() && path[0] != '/') return malformed("a port is a number from 1 to 65535");
  url.target = remove_dot_segments(path);
  if (view.has_query()) url.target += "?" + std::string(view.encoded_query());
  return checked_host(view, std::move(url));
}

std::optional<std::string> refuse_text(std::string_view text) {
  if (text.size() > 64 * 1024) return "longer than 64 KiB";
  if (std::any_of(text.begin(), text.end(), is_control)) return "a control character in the URL";
  return std::nullopt;
}

std::string decode_for_file(std::string_view encoded) {
  std::string name;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i];
    if (c == '%' && i + 2 < encoded.size() && hex_value(encoded[i + 1]) >= 0 && hex_value(encoded[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(encoded[i + 1]) * 16 + hex_value(encoded[i + 2]));
      i += 2;
    }
    // A decoded slash would name another folder, a control character would confuse a terminal.
    if (c == '/' || is_control(c)) {
      append_escaped(name, c);
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace

std::string Url::authority() const {
  std::string out = ipv6_literal ? "[" + host + "]" : host;
  if (port != 80) out += ":" + std::to_string(port);
  return out;
}

std::string Url::text() const { return scheme + "://" + authority() + target; }

expected<Url, UrlError> parse_url(std::string_view text) {
  if (const auto why = refuse_text(text)) return malformed(*why);
  if (text.empty()) return malformed("an empty URL");
  std::string whole(text);
  std::size_t authority = scheme_prefix(whole);
  if (authority == 0) {
    whole.insert(0, "http://");
    authority = 7;
  }
  whole = escape_after(whole, authority_end(whole, authority));
  const auto parsed = urls::parse_uri(whole);
  if (!parsed) return malformed("not a URL: " + std::string(text));
  return from_absolute(*parsed);
}

expected<Url, UrlError> resolve_reference(const Url& base, std::string_view reference) {
  if (const auto why = refuse_text(reference)) return malformed(*why);
  std::size_t authority = scheme_prefix(reference);
  if (authority == 0 && reference.substr(0, 2) == "//") authority = 2;
  const std::string escaped = escape_after(reference, authority == 0 ? 0 : authority_end(reference, authority));
  const auto relative = urls::parse_uri_reference(escaped);
  if (!relative) return malformed("not a URL: " + std::string(reference));
  if (relative->has_scheme()) return from_absolute(*relative);

  // RFC 3986 §5.2.2; from_absolute removes the dot segments.
  std::string absolute = base.scheme + ":";
  const std::string path(relative->encoded_path());
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  if (relative->has_authority()) {
    absolute += escaped;
  } else {
    absolute += "//" + base.authority();
    if (path.empty()) {
      absolute += relative->has_query() ? base_path : std::string_view(base.target);
    } else if (path[0] == '/') {
      absolute += path;
    } else {
      absolute.append(base_path.substr(0, base_path.rfind('/') + 1)).append(path);
    }
    if (relative->has_query()) absolute += "?" + std::string(relative->encoded_query());
  }
  const auto parsed = urls::parse_uri(absolute);
  if (!parsed) return malformed("not a URL: " + std::string(reference));
  return from_absolute(*parsed);
}

std::string file_name_of(const Url& url) {
  std::string_view path = url.target;
  path = path.substr(0, path.find('?'));
  std::string name = decode_for_file(path.substr(path.rfind('/') + 1));
  if (name.empty() || name == "." || name == "..") return "index.html";
  return name;
}

}  // namespace leat::http
