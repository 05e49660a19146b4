// The only file that instantiates Boost.Beast.

#include "http/client.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <cstring>

#include "http/text.h"
#include "http/tolerant_framing.h"

namespace leat::http {
namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;

constexpr std::size_t kReadBlock = 256 * 1024;
constexpr std::uint32_t kHeadLimit = 128 * 1024;  ///< below kReadBlock: a head always fits
constexpr int kInterimLimit = 32;                 ///< 1xx responses before one that counts

/// Beast's parser, turned into calls of a ResponseHandler. What the handler refuses is kept in `failure`.
class Parser final : public beast::http::basic_parser<false> {
 public:
  Parser(ResponseHandler& handler, bool bodyless) : handler_(handler) {
    header_limit(kHeadLimit);
    body_limit(boost::none);
    eager(true);
    skip(bodyless);
  }

  const ResponseHead& head() const { return head_; }
  std::uint64_t body_bytes() const { return body_bytes_; }
  /// Fields of the head that the parser does not see.
  void add_dropped(std::vector<Field> fields) { dropped_ = std::move(fields); }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  using StringView = beast::string_view;

  void on_request_impl(beast::http::verb, StringView, StringView, int, ErrorCode&) override {}
  void on_response_impl(int code, StringView reason, int version, ErrorCode&) override {
    head_.status = static_cast<unsigned>(code);
    head_.reason = std::string(reason);
    head_.version = static_cast<unsigned>(version);
  }
  void on_field_impl(beast::http::field, StringView name, StringView value, ErrorCode&) override {
    if (!is_header_done()) head_.fields.push_back({std::string(name), std::string(value)});  // else a trailer
  }
  void on_header_impl(ErrorCode& ec) override {
    for (Field& field : dropped_) head_.fields.push_back(std::move(field));
    if (head_.status / 100 == 1 && head_.status != 101) return handler_.interim(head_);
    if (const auto length = content_length()) head_.content_length = *length;
    std::optional<std::string_view> coding = head_.find("Transfer-Encoding");
    if (head_.status < 100) {
      refuse(Failure{ExitCode::unsupported_protocol, "a status code below 100"}, ec);
    } else if (head_.status == 101) {
      refuse(Failure{ExitCode::receive_error, "the server switches to a protocol that nobody asked for"}, ec);
    } else if (coding && !equal_ignoring_case(*coding, "chunked")) {
      // Only what was asked for with TE may come, and nothing was (RFC 9112 §7.4).
      refuse(Failure{ExitCode::receive_error, "a transfer coding other than chunked"}, ec);
    } else if (auto ok = handler_.head(head_); !ok) {
      refuse(ok.error(), ec);
    }
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(StringView piece, ErrorCode& ec) override { return deliver(piece, ec); }
  void on_chunk_header_impl(std::uint64_t, StringView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, StringView piece, ErrorCode& ec) override { return deliver(piece, ec); }
  void on_finish_impl(ErrorCode&) override {}

  std::size_t deliver(StringView piece, ErrorCode& ec) {
    if (piece.empty()) return 0;
    body_bytes_ += piece.size();
    if (auto ok = handler_.body(Bytes(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size())); !ok) {
      refuse(ok.error(), ec);
    }
    return piece.size();
  }
  void refuse(Failure failure, ErrorCode& ec) {
    failure_ = std::move(failure);
    ec = beast::http::error::need_buffer;  // any error stops the parser
  }

  ResponseHandler& handler_;
  ResponseHead head_;
  std::vector<Field> dropped_;
  std::uint64_t body_bytes_ = 0;
  std::optional<Failure> failure_;
};

Failure explain(const Parser& parser, const ErrorCode& ec) {
  using beast::http::error;
  if (parser.failure()) return *parser.failure();
  if (ec == error::header_limit) return {ExitCode::receive_error, "the response's head is larger than 128 KiB"};
  // Before the status line is complete the peer may speak anything; curl calls this HTTP/0.9.
  if (parser.head().status == 0) return {ExitCode::unsupported_protocol, "the answer is not HTTP/1.x"};
  return {ExitCode::receive_error, "malformed response: " + ec.message()};
}

Failure ended_early(const Parser& parser, bool anything) {
  if (!anything) return {ExitCode::empty_reply, "empty reply from server"};
  if (!parser.is_header_done()) return {ExitCode::receive_error, "the connection ended inside the response's head"};
  std::string message = "the connection ended before the body did";
  if (const auto length = parser.head().content_length) {
    message += ", " + std::to_string(*length - parser.body_bytes()) + " bytes are missing";
  }
  return {ExitCode::partial_file, std::move(message)};
}

Failure read_failure(Error error, const Patience& patience) {
  if (error == Error::timed_out) {
    const bool total = patience.deadline && patience.now() >= *patience.deadline;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience.idle).count();
    return {ExitCode::timed_out,
            total ? "the time allowed is over" : "nothing received for " + std::to_string(seconds) + " seconds"};
  }
  return {ExitCode::receive_error, "receiving failed: " + std::string(to_string(error))};
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string Request::serialize() const {
  beast::http::request<beast::http::empty_body> message;
  message.version(11);
  message.method_string(method);
  message.target(target);
  message.set(beast::http::field::host, host);
  for (const Field& field : fields) message.insert(field.name, field.value);

  std::string out;
  beast::http::request_serializer<beast::http::empty_body> serializer(message);
  ErrorCode ec;
  while (!serializer.is_done() && !ec) {
    serializer.next(ec, [&](ErrorCode&, const auto& buffers) {
      for (const auto buffer : beast::buffers_range(buffers)) {
        out.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      serializer.consume(beast::buffer_bytes(buffers));
    });
  }
  return out;
}

std::optional<std::string_view> ResponseHead::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string ResponseHead::text() const {
  std::string out = version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  out += std::to_string(status) + " " + reason + "\r\n";
  for (const Field& field : fields) out += field.name + ": " + field.value + "\r\n";
  return out + "\r\n";
}

Duration Patience::next_wait() const { return deadline ? std::min<Duration>(idle, *deadline - now()) : idle; }

// Bytes of the stream. Those in front, `ready` of them, have strict framing and may be parsed.
struct ResponseReader::Buffer {
  std::array<std::uint8_t, 2 * kReadBlock> bytes;  // a block may grow when its framing is rewritten
  std::size_t used = 0, ready = 0;
  std::size_t searched = 0;  // for the end of the head
  bool head_is_ready = false;
  bool changed = false;  // the framing was rewritten
  ChunkLines chunk_lines;

  void begin_response() {
    ready = searched = 0;
    head_is_ready = false;
    chunk_lines = {};
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), used}; }
  MutableBytes room() { return MutableBytes(bytes).first(kReadBlock).subspan(std::min(used, kReadBlock)); }
  void consume(std::size_t count) {
    used -= count;
    ready -= count;
    std::memmove(bytes.data(), bytes.data() + count, used);
  }

  /// Anything but the beginning of an HTTP response goes to the parser as it is, and so does an endless head: it says
  /// what is wrong.
  bool may_be_a_head() const {
    const std::string_view begin = text().substr(0, 6);
    return used < kHeadLimit && begin.substr(0, 5) == std::string_view("HTTP/").substr(0, begin.size());
  }
  void prepare_head(Parser& parser) {
    const std::size_t length = head_length(text(), searched);
    searched = used;
    if (length == 0 && may_be_a_head()) return;
    head_is_ready = true;
    ready = length == 0 ? used : length;
    if (length == 0) return;
    StrictHead strict = strict_head(text().substr(0, length));
    if (!strict.changed) return;
    changed = true;
    std::memmove(bytes.data() + strict.text.size(), bytes.data() + length, used - length);
    std::memcpy(bytes.data(), strict.text.data(), strict.text.size());
    used = used - length + strict.text.size();
    ready = strict.text.size();
    parser.add_dropped(std::move(strict.dropped));
  }
  void prepare(Parser& parser) {
    if (!head_is_ready) return prepare_head(parser);
    if (parser.is_header_done() && parser.chunked()) {
      used = chunk_lines.make_strict(bytes, ready, used);
      changed |= chunk_lines.changed();
    }
    ready = used;
  }

  /// Parses everything that is there; true when more is needed.
  expected<bool, Failure> feed(Parser& parser) {
    while (used > 0 && !parser.is_done()) {
      prepare(parser);
      ErrorCode ec = beast::http::error::need_more;
      if (ready > 0) consume(parser.put({bytes.data(), ready}, ec));
      if (ec == beast::http::error::need_more) {
        if (head_is_ready && ready < used) continue;
        if (used >= kReadBlock) return failed(ExitCode::receive_error, "malformed response: an endless line");
        return true;
      }
      if (ec) return unexpected(explain(parser, ec));
    }
    return !parser.is_done();
  }
  /// Reads until `parser` is done.
  expected<void, Failure> fill(ByteStream& stream, const Patience& patience, Parser& parser, bool& anything) {
    for (;;) {
      const auto more = feed(parser);
      if (!more) return unexpected(more.error());
      if (!*more) return {};
      const Duration wait = patience.next_wait();
      const auto got = wait > Duration::zero() ? stream.read_some(room(), wait) : unexpected(Error::timed_out);
      if (!got) return unexpected(read_failure(got.error(), patience));
      if (*got == 0) return finish(parser, anything);
      anything = true;
      used += *got;
    }
  }
  /// The peer sent its end: right for a body until close, too early otherwise.
  expected<void, Failure> finish(Parser& parser, bool anything) {
    head_is_ready = true;  // an unfinished head may be malformed already
    if (const auto more = feed(parser); !more) return unexpected(more.error());
    ErrorCode ec;
    if (parser.is_header_done()) {
      parser.put_eof(ec);
      if (!ec) return {};
    }
    return unexpected(ended_early(parser, anything));
  }
};

ResponseReader::ResponseReader() : buffer_(std::make_unique_for_overwrite<Buffer>()) {}
ResponseReader::~ResponseReader() = default;

expected<ExchangeResult, Failure> ResponseReader::read(ByteStream& stream, bool bodyless, const Patience& patience,
                                                       ResponseHandler& handler) {
  buffer_->used = 0;
  buffer_->changed = false;
  bool anything = false;
  for (int interim = 0; interim <= kInterimLimit; ++interim) {
    Parser parser(handler, bodyless);
    buffer_->begin_response();
    if (auto ok = buffer_->fill(stream, patience, parser, anything); !ok) {
      Failure failure = ok.error();
      failure.unanswered = !anything;
      return unexpected(std::move(failure));
    }
    if (parser.head().status / 100 == 1) continue;
    return ExchangeResult{parser.keep_alive() && buffer_->used == 0 && !buffer_->changed, parser.body_bytes()};
  }
  return failed(ExitCode::receive_error, "too many interim responses");
}

}  // namespace leat::http
