#include "http/server/session.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "http/date.h"
#include "http/server/respond.h"

namespace leat::http {
namespace {

constexpr std::size_t kInputLimit = RequestParser::kHeadLimit + 1024;

}  // namespace

Session::~Session() {
  if (answering_) finish_exchange();
}

std::size_t Session::room() const {
  if (answering_ || closing_) return 0;
  return kInputLimit - std::min(in_.size(), kInputLimit);
}

void Session::on_input(Bytes in) {
  in_.append(reinterpret_cast<const char*>(in.data()), in.size());
  advance();
}

void Session::on_end() {
  ended_ = true;
  advance();
}

void Session::stop() {
  stopping_ = true;
  if (!is_busy()) closing_ = true;
}

void Session::on_request_timeout() {
  if (answering_ || closing_) return;
  if (parser_.begun()) {
    answer_failure(408);
  } else {
    closing_ = true;
  }
}

/// Reads requests until one is to be answered.
void Session::advance() {
  while (!answering_ && !closing_) {
    const std::size_t used = parser_.feed({reinterpret_cast<const std::uint8_t*>(in_.data()), in_.size()});
    in_.erase(0, used);
    if (parser_.failure() != 0) return answer_failure(parser_.failure());
    if (parser_.done() || parser_.awaits_permission()) {
      const RequestHead& head = parser_.head();
      exchange_ = {head.method, head.target, head.version, 0, 0};
      // Without its body the request is no more than a question, and the rest of it is no next request.
      const bool last = stopping_ || (ended_ && in_.empty()) || !parser_.done();
      answer(respond(head, context_.site), head.keep_alive && !last);
      return;
    }
    if (ended_) {
      if (parser_.begun()) return answer_failure(400);
      closing_ = true;
    }
    if (stopping_ && !parser_.begun()) closing_ = true;
    return;
  }
}

void Session::answer_failure(unsigned status) {
  const RequestHead& head = parser_.head();
  exchange_ = {head.method, head.target, head.version, 0, 0};
  answer(plain_response(status), false);
}

void Session::answer(Response response, bool keep_alive) {
  exchange_.status = response.status;
  if (!keep_alive) closing_ = true;
  out_ = response.head(keep_alive, date_text(context_.now()));
  sent_ = 0;
  head_left_ = out_.size();
  if (exchange_.method != "HEAD" && response.has_body) body_ = std::move(response.body);
  answering_ = true;
}

Bytes Session::output() {
  if (!answering_) return {};
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  while (out_.size() - sent_ < kOutputBlock / 2 && !body_.empty() && !broken_) {
    if (!refill()) break;
  }
  return Bytes(reinterpret_cast<const std::uint8_t*>(out_.data()), out_.size()).subspan(sent_);
}

/// Moves the next bytes of the body to out_.
bool Session::refill() {
  if (auto* text = std::get_if<std::string>(&body_.front())) {
    out_ += *text;
    body_.pop_front();
    return true;
  }
  if (auto* shared = std::get_if<SharedText>(&body_.front())) {
    const std::size_t count = std::min(shared->length, kOutputBlock);
    out_.append(*shared->text, shared->offset, count);
    shared->offset += count;
    shared->length -= count;
    if (shared->length == 0) body_.pop_front();
    return true;
  }
  FilePiece& piece = std::get<FilePiece>(body_.front());
  const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(piece.length, kOutputBlock));
  const std::size_t before = out_.size();
  out_.resize(before + want);
  ssize_t got = 0;
  do {
    got = ::pread(piece.file->fd(), out_.data() + before, want, static_cast<off_t>(piece.offset));
  } while (got < 0 && errno == EINTR);
  out_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got <= 0 && want > 0) {
    broken_ = true;
    return false;
  }
  piece.offset += static_cast<std::uint64_t>(got);
  piece.length -= static_cast<std::uint64_t>(got);
  if (piece.length == 0) body_.pop_front();
  return true;
}

void Session::consumed(std::size_t count) {
  sent_ += count;
  const std::size_t of_head = std::min(head_left_, count);
  head_left_ -= of_head;
  exchange_.body_bytes += count - of_head;
  if (sent_ < out_.size() || !body_.empty()) return;
  out_.clear();
  out_.shrink_to_fit();  // an idle connection holds no buffer
  sent_ = 0;
  finish_exchange();
  advance();
}

void Session::finish_exchange() {
  answering_ = false;
  if (context_.log) context_.log(exchange_);
  parser_.reset();
}

}  // namespace leat::http
