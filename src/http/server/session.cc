#include "http/server/session.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "http/date.h"
#include "http/server/respond.h"

namespace leat::http {
namespace {

constexpr std::size_t kInputLimit = RequestParser::kHeadLimit + 1024;

/// As much as fits.
std::size_t copy_to(MutableBytes room, std::string_view text) {
  const std::size_t n = std::min(room.size(), text.size());
  std::memcpy(room.data(), text.data(), n);
  return n;
}

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
  head_ = response.head(keep_alive, date_text(context_.now()));
  head_sent_ = 0;
  if (exchange_.method != "HEAD" && response.has_body) body_ = std::move(response.body);
  answering_ = true;
}

std::uint64_t Session::left() const { return head_.size() - head_sent_ + length_of(body_); }

std::size_t Session::fill(MutableBytes room) {
  std::size_t filled = 0;
  while (has_output() && filled < room.size()) {
    const MutableBytes rest = room.subspan(filled);
    if (head_sent_ < head_.size()) {
      filled += fill_head(rest);
    } else if (!body_.empty()) {
      const std::size_t n = fill_body(rest);
      exchange_.body_bytes += n;
      filled += n;
    }
    if (head_sent_ == head_.size() && body_.empty()) finish_answer();
  }
  return filled;
}

std::size_t Session::fill_head(MutableBytes room) {
  const std::size_t n = copy_to(room, std::string_view(head_).substr(head_sent_));
  head_sent_ += n;
  return n;
}

/// From the first piece of the body.
std::size_t Session::fill_body(MutableBytes room) {
  std::uint64_t left = 0;
  std::size_t n = 0;
  if (auto* file = std::get_if<FilePiece>(&body_.front())) {
    n = read_file(*file, room);
    left = file->length;
  } else if (auto* shared = std::get_if<SharedText>(&body_.front())) {
    n = copy_to(room, std::string_view(*shared->text).substr(shared->offset, shared->length));
    shared->offset += n;
    left = shared->length -= n;
  } else {
    std::string& text = std::get<std::string>(body_.front());
    n = copy_to(room, text);
    text.erase(0, n);
    left = text.size();
  }
  if (left == 0) body_.pop_front();
  return n;
}

std::size_t Session::read_file(FilePiece& piece, MutableBytes room) {
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.length, room.size()));
  ssize_t got = 0;
  do {
    got = ::pread(piece.file->fd(), room.data(), wanted, static_cast<off_t>(piece.offset));
  } while (got < 0 && errno == EINTR);
  if (got <= 0 && wanted > 0) {
    broken_ = true;
    return 0;
  }
  piece.offset += static_cast<std::uint64_t>(got);
  piece.length -= static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

/// All of the answer is on its way: the next request may come.
void Session::finish_answer() {
  finish_exchange();
  advance();
  if (!answering_) std::string().swap(head_);  // an idle connection holds no buffer
}

void Session::finish_exchange() {
  answering_ = false;
  if (context_.log) context_.log(exchange_);
  parser_.reset();
}

}  // namespace leat::http
