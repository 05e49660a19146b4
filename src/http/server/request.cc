#include "http/server/request.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "http/server/status.h"

namespace leat::http {
namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;

/// A field that goes on in the next line (RFC 9112 §5.2), which readers take for different things.
bool has_folds(std::string_view head) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    if (at + 2 < head.size() && (head[at + 2] == ' ' || head[at + 2] == '\t')) return true;
  }
  return false;
}

/// What may stand in uri-host [ ":" port ] (RFC 9112 §3.2, RFC 3986 §3.2.2): no user, no path, no list.
bool is_host(std::string_view text) {
  constexpr std::string_view kOthers = "-._~%!$&'()*+;=:[]";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

unsigned status_of(const ErrorCode& ec) {
  using beast::http::error;
  if (ec == error::header_limit || ec == error::buffer_overflow) return kHeadTooLarge;
  if (ec == error::body_limit) return kTooLarge;
  if (ec == error::bad_version) return kBadVersion;
  return kBadRequest;
}

}  // namespace

class RequestParser::Parser final : public beast::http::basic_parser<true> {
 public:
  Parser() {
    header_limit(kHeadLimit);
    body_limit(kBodyLimit);
    eager(true);
  }
  RequestHead head;
  unsigned refused = 0;

 private:
  using StringView = beast::string_view;

  void on_request_impl(beast::http::verb, StringView method, StringView target, int version, ErrorCode&) override {
    head.method = std::string(method);
    head.target = std::string(target);
    head.version = static_cast<unsigned>(version);
  }
  void on_response_impl(int, StringView, int, ErrorCode&) override {}
  void on_field_impl(beast::http::field, StringView name, StringView value, ErrorCode&) override {
    if (!is_header_done()) head.fields.push_back({std::string(name), std::string(value)});  // else a trailer
  }
  void on_header_impl(ErrorCode& ec) override {
    head.keep_alive = keep_alive();
    head.has_body = chunked() || content_length().value_or(0) > 0;
    const auto count = [this](std::string_view name) {
      return std::count_if(head.fields.begin(), head.fields.end(),
                           [&](const Field& f) { return equal_ignoring_case(f.name, name); });
    };
    const std::optional<std::string_view> coding = head.find("Transfer-Encoding");
    // RFC 9112 §3.2: exactly one Host; §6.1: what would let two readers see different requests is refused.
    if (count("Host") > 1 || (head.version == 11 && count("Host") == 0)) return refuse(kBadRequest, ec);
    if (!is_host(head.find("Host").value_or(""))) return refuse(kBadRequest, ec);
    if (count("Content-Length") > 1 || (coding && (head.version == 10 || count("Transfer-Encoding") > 1))) {
      return refuse(kBadRequest, ec);
    }
    // Not a list either: RFC 9112 §6.3 lets servers take "5, 5" for 5, which another reader may not.
    const std::string_view length = head.find("Content-Length").value_or("0");
    if (!std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return refuse(kBadRequest, ec);
    }
    if (coding && !equal_ignoring_case(*coding, "chunked")) return refuse(kNotImplemented, ec);
    if (content_length().value_or(0) > kBodyLimit) return refuse(kTooLarge, ec);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(StringView piece, ErrorCode&) override { return piece.size(); }
  void on_chunk_header_impl(std::uint64_t, StringView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, StringView piece, ErrorCode& ec) override {
    body_ += piece.size();
    if (body_ > kBodyLimit) refuse(kTooLarge, ec);
    return piece.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  void refuse(unsigned status, ErrorCode& ec) {
    refused = status;
    ec = beast::http::error::bad_value;  // any error stops the parser
  }
  std::uint64_t body_ = 0;
};

std::optional<std::string_view> RequestHead::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

RequestParser::RequestParser() = default;
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(Bytes in) {
  std::size_t used = 0;
  if (!begun_) {
    // RFC 9112 §2.2: empty lines before a request are forgiven.
    while (used < in.size() && (in[used] == '\r' || in[used] == '\n')) ++used;
  }
  while (used < in.size() && failure_ == 0 && !done()) {
    if (!parser_) parser_ = std::make_unique<Parser>();
    begun_ = true;
    const bool in_head = !parser_->is_header_done();
    const std::string_view rest(reinterpret_cast<const char*>(in.data()) + used, in.size() - used);
    ErrorCode ec;
    const std::size_t count = parser_->put(boost::asio::const_buffer(in.data() + used, in.size() - used), ec);
    used += count;
    // The parser takes a head as a whole, and has unfolded it.
    if (in_head && parser_->is_header_done() && has_folds(rest.substr(0, rest.find("\r\n\r\n")))) {
      failure_ = kBadRequest;
      break;
    }
    if (ec == beast::http::error::need_more) {
      if (in.size() - used > kHeadLimit) failure_ = kHeadTooLarge;
      break;
    }
    if (ec) failure_ = parser_->refused != 0 ? parser_->refused : status_of(ec);
    if (!ec && count == 0) break;
  }
  return used;
}

bool RequestParser::done() const { return parser_ && failure_ == 0 && parser_->is_done(); }

bool RequestParser::awaits_permission() const {
  if (!parser_ || failure_ != 0 || !parser_->is_header_done() || parser_->is_done()) return false;
  const RequestHead& head = parser_->head;
  return head.version == 11 && equal_ignoring_case(head.find("Expect").value_or(""), "100-continue");
}

const RequestHead& RequestParser::head() const {
  static const RequestHead kNone;
  return parser_ ? parser_->head : kNone;
}

void RequestParser::reset() {
  parser_.reset();
  begun_ = false;
  failure_ = 0;
}

}  // namespace leat::http
