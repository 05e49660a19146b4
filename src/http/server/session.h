// Session: one connection of an HTTP/1.1 server, without the connection: bytes in, bytes out. Requests are answered in
// their order, one at a time, so that pipelining costs no more memory than asking one by one.
//
// Called by the server: on_input with what arrived, on_end at the peer's FIN; then fill(), for as long as it
// has_output(), with room in the send buffer, so that a file is copied once, from the kernel's pages to where segments
// refer to it. has_ended() says that nothing more will come.
#pragma once

#include <ctime>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "http/server/request.h"
#include "http/server/response.h"
#include "http/server/site.h"

namespace leat::http {

/// What was asked and answered, for a log.
struct Exchange {
  std::string method, target;  ///< as received; empty when the request could not be read
  unsigned version = 11;
  unsigned status = 0;
  std::uint64_t body_bytes = 0;  ///< of the answer, as far as it was sent
};

class Session {
 public:
  struct Context {
    const Site& site;
    std::function<std::time_t()> now;
    std::function<void(const Exchange&)> log;  ///< once an exchange; may be empty
  };

  /// `context` outlives the session.
  explicit Session(const Context& context) : context_(context) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What happens from here on happens together: files are looked at once.
  void begin_turn() { context_.site.look_again(); }
  /// Bytes that on_input takes now: it is not asked for more while an answer is under way.
  std::size_t room() const;
  void on_input(Bytes in);
  /// The peer sends no more. What it asked for before is still answered.
  void on_end();
  /// Finish what has begun, also a request that has begun to arrive; the answer to it says that it is the last.
  void stop();
  /// The request takes too long.
  void on_request_timeout();

  /// Something is to be sent.
  bool has_output() const { return answering_ && !broken_; }
  /// Bytes of the answer that are not filled in yet.
  std::uint64_t left() const;
  /// Puts what is to be sent next into `room`, and returns how much; less than there is room for when that is all, or
  /// the answer is_broken(). One answer after the other, where several wait.
  std::size_t fill(MutableBytes room);

  /// Everything is said: FIN.
  bool has_ended() const { return closing_ && !answering_; }
  /// The answer cannot be completed, because its file got shorter: RST, or the client takes it for whole.
  bool is_broken() const { return broken_; }
  /// A request has begun to arrive, or is being answered.
  bool is_busy() const { return answering_ || parser_.begun(); }
  bool is_answering() const { return answering_; }

 private:
  void advance();
  void answer(Response response, bool keep_alive);
  void answer_failure(unsigned status);
  void finish_answer();
  void finish_exchange();
  std::size_t fill_head(MutableBytes room);
  std::size_t fill_body(MutableBytes room);
  std::size_t read_file(FilePiece& piece, MutableBytes room);

  const Context& context_;
  RequestParser parser_;
  std::string in_;
  std::string head_;
  std::size_t head_sent_ = 0;
  RingDeque<BodyPiece> body_;
  Exchange exchange_;
  bool answering_ = false;
  bool closing_ = false;  ///< no request after this one
  bool broken_ = false;
  bool ended_ = false;  ///< the peer's FIN
  bool stopping_ = false;
};

}  // namespace leat::http
