#include "peer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "pattern.h"

namespace leat::sim {
namespace {

/// The errors of an end after an abort by the other. If the RST was lost, it gives up by itself.
constexpr Duration kPatience = std::chrono::minutes(5);
/// The errors of a connection that was not opened. A bad path sometimes uses up the retries of ARP and the handshake.
constexpr unsigned kAttempts = 30;

}  // namespace

void Peer::connect(const Endpoint& server, Instant now) {
  server_ = server;
  ++attempts_;
  last_progress_ = now;
  const auto made = stack_.connect({.remote = server, .local_address = {}, .first_data = {}}, now);
  if (!made) return fail("connect: " + std::string(leat::to_string(made.error())));
  handle_ = *made;
  step(now);
}

void Peer::adopt(SocketHandle accepted, Instant now) {
  handle_ = accepted;
  connected_ = true;
  last_progress_ = now;
  step(now);
}

void Peer::on_event(std::uint16_t bits, Instant now) {
  if (done_) return;
  if (bits & kEventConnected) connected_ = true;
  if (bits & kEventError) return on_error(stack_.error(handle_), now);
  step(now);
}

Instant Peer::next_action() const {
  if (done_ || !handle_) return kNever;
  Instant at = kNever;
  if (resume_at_ > last_progress_) at = resume_at_;
  if (aborts_) at = std::min(at, last_progress_ + kPatience);
  return at;
}

void Peer::on_time(Instant now) {
  if (done_ || next_action() > now) return;
  if (aborts_ && now - last_progress_ >= kPatience) {
    (void)stack_.abort(handle_, now);
    return finish();
  }
  last_progress_ = now;
  step(now);
}

void Peer::step(Instant now) {
  if (plan_.abort_after && connected_ && written_ + received_ >= *plan_.abort_after) {
    (void)stack_.abort(handle_, now);
    return finish();
  }
  read(now);
  if (!done_) write(now);
  if (!done_) end(now);
}

void Peer::read(Instant now) {
  buffer_.resize(std::max(plan_.read_chunk, plan_.write_chunk));
  while (!done_ && connected_ && !end_seen_ && now >= resume_at_) {
    const auto n = read_some(now);
    if (!n) return n.error() == Error::would_block ? void() : on_error(n.error(), now);
    last_progress_ = now;
    if (*n == 0) {
      end_seen_ = true;
      if (received_ != other_.bytes && !aborts_) {
        fail("end of stream after " + std::to_string(received_) + " of " + std::to_string(other_.bytes) + " bytes");
      }
      return;
    }
    since_pause_ += *n;
    if (plan_.pause_every > 0 && since_pause_ >= plan_.pause_every) {
      since_pause_ = 0;
      resume_at_ = now + plan_.pause;
    }
  }
}

expected<std::size_t, Error> Peer::read_some(Instant now) {
  if (!plan_.views) {
    const auto n = stack_.read(handle_, MutableBytes(buffer_).first(plan_.read_chunk), now);
    if (n) take(Bytes(buffer_).first(*n));
    return n;
  }
  std::array<Bytes, 3> pieces;
  const auto count = stack_.view(handle_, pieces);
  if (!count || *count == 0) return count;
  std::size_t seen = 0;
  for (Bytes piece : std::span(pieces).first(*count)) {
    piece = piece.first(std::min<std::size_t>(piece.size(), plan_.read_chunk - seen));
    take(piece);
    seen += piece.size();
  }
  const auto consumed = stack_.consume(handle_, seen, now);
  if (consumed && *consumed != seen) fail("consume took " + std::to_string(*consumed) + " of " + std::to_string(seen));
  return consumed;
}

void Peer::take(Bytes data) {
  const std::size_t good = first_mismatch(other_.key, received_, data);
  if (good != data.size()) fail("a wrong byte at position " + std::to_string(received_ + good));
  received_ += data.size();
  if (received_ > other_.bytes) fail("more bytes than were sent");
}

void Peer::write(Instant now) {
  while (written_ < plan_.bytes) {
    const std::size_t size = std::min<std::uint64_t>(plan_.write_chunk, plan_.bytes - written_);
    const auto n = write_some(size, now);
    if (!n) return n.error() == Error::would_block ? void() : on_error(n.error(), now);
    if (*n == 0 || *n > size)
      return fail("write took " + std::to_string(*n) + " of " + std::to_string(size) + " bytes");
    written_ += *n;
    last_progress_ = now;
    // The send buffer often has room for a part only. A write that takes less than all has filled it.
    if (*n < size && plan_.writing == Writing::copies) return;
  }
}

expected<std::size_t, Error> Peer::write_some(std::size_t size, Instant now) {
  if (plan_.writing == Writing::borrowed) return lend(size, now);
  if (plan_.writing == Writing::copies) {
    const MutableBytes chunk = MutableBytes(buffer_).first(size);
    fill_pattern(plan_.key, written_, chunk);
    return stack_.write(handle_, chunk, now);
  }
  const auto room = stack_.prepare(handle_, size);
  if (!room) return unexpected(room.error());
  fill_pattern(plan_.key, written_, *room);
  const auto committed = stack_.commit(handle_, room->size(), now);
  if (!committed) return unexpected(committed.error());
  return room->size();
}

/// Overwrites released data, so that a stack that still sends it is detected.
expected<std::size_t, Error> Peer::lend(std::size_t size, Instant now) {
  struct Loan {
    std::vector<std::uint8_t> bytes;
    std::size_t* lent;
  };
  auto loan = std::make_unique<Loan>(Loan{std::vector<std::uint8_t>(size), &lent_});
  fill_pattern(plan_.key, written_, loan->bytes);
  const auto take_back = [](void* context) {
    const std::unique_ptr<Loan> back(static_cast<Loan*>(context));
    std::fill(back->bytes.begin(), back->bytes.end(), std::uint8_t{0xee});
    --*back->lent;
  };
  ++lent_;
  const auto taken = stack_.write_borrowed(handle_, loan->bytes, {take_back, loan.get()}, now);
  if (!taken) {
    --lent_;
    return unexpected(taken.error());
  }
  (void)loan.release();  // it may have been released already
  return size;
}

void Peer::end(Instant now) {
  if (written_ < plan_.bytes || !connected_) return;
  const bool may_end = plan_.ends_first || end_seen_;
  // A close answers data of the peer by a RST, so only the side that ends second may close without shutdown.
  if (may_end && !shut_ && (plan_.shuts_down || !end_seen_)) {
    shut_ = true;
    if (const auto r = stack_.shutdown_write(handle_, now); !r) return on_error(r.error(), now);
  }
  if (!end_seen_) return;
  if (const auto r = stack_.close(handle_, now); !r) return on_error(r.error(), now);
  finish();
}

void Peer::on_error(Error error, Instant now) {
  const bool before_data = server_ && !connected_;
  const bool may_retry = error == Error::timed_out || error == Error::host_unreachable;
  if (before_data && may_retry && attempts_ < kAttempts) {
    (void)stack_.close(handle_, now);
    handle_ = {};
    written_ = 0;
    return connect(*server_, now);
  }
  if (aborts_ && (error == Error::reset || error == Error::timed_out || error == Error::aborted)) {
    (void)stack_.close(handle_, now);
    return finish();
  }
  fail(std::string(leat::to_string(error)));
}

void Peer::fail(std::string why) {
  if (done_) return;
  failure_ = std::move(why);
  done_ = true;
}

std::string Peer::to_string() const {
  std::string out = "wrote " + std::to_string(written_) + " of " + std::to_string(plan_.bytes) + ", read " +
                    std::to_string(received_) + " of " + std::to_string(other_.bytes);
  if (done_) return out + (failure_.empty() ? ", done" : ", FAILED: " + failure_);
  if (!handle_) return out + ", not started";
  const auto info = stack_.info(handle_);
  if (info) {
    out += ", " + std::string(leat::to_string(info->state)) + " cwnd " + std::to_string(info->snd_cwnd) + " unacked " +
           std::to_string(info->unacked) + " notsent " + std::to_string(info->notsent) + " unread " +
           std::to_string(info->unread) + " snd_wnd " + std::to_string(info->snd_wnd) + " rcv_wnd " +
           std::to_string(info->rcv_wnd) + " backoff " + std::to_string(info->backoff);
  }
  return out + ", readiness " + std::to_string(stack_.readiness(handle_));
}

}  // namespace leat::sim
