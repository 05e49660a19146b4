#include "cli/bench/traffic.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

namespace leat::command {
namespace {

/// Between two looks at a rate, or at what has been acknowledged.
constexpr Duration kTick = std::chrono::milliseconds(1);

}  // namespace

Traffic::Traffic(const iperf::Parameters& parameters, bool is_sender)
    : parameters_(parameters), is_sender_(is_sender), block_(parameters.block) {
  // Bytes that compress badly, should something on the way try.
  std::uint32_t word = 1;
  for (std::uint8_t& byte : block_) byte = static_cast<std::uint8_t>((word = word * 1664525 + 1013904223) >> 24);
}

void Traffic::add(EventLoop& loop, SocketHandle socket) {
  const std::size_t index = streams_.size();
  streams_.emplace_back().socket = socket;
  StreamRecord record;
  record.number = static_cast<unsigned>(index + 1);
  streams_.back().figures.number = record.number;
  if (const auto local = loop.local(socket)) record.local = *local;
  if (const auto remote = loop.remote(socket)) record.remote = *remote;
  records_.push_back(record);
  loop.set_handler(socket, [this, index](EventLoop& l, const Event&) { drive(l, streams_[index]); });
}

void Traffic::start(EventLoop& loop, Function on_end) {
  on_end_ = std::move(on_end);
  running_ = true;
  begun_ = moved_ = loop.now();
  forget(loop);
  for (Stream& stream : streams_) drive(loop, stream);
  if (is_sender_ && (parameters_.bandwidth > 0 || parameters_.bytes > 0)) tick(loop);
}

void Traffic::forget(EventLoop& loop) {
  total_ = 0;
  for (Stream& stream : streams_) {
    stream.bytes = 0;
    if (const auto info = loop.info(stream.socket)) stream.retransmits_before = info->total_retrans;
    look(loop, stream);
  }
}

void Traffic::stop(EventLoop& loop) {
  for (Stream& stream : streams_) look(loop, stream);
  running_ = false;
  if (timer_) loop.cancel(*timer_);
  timer_.reset();
}

void Traffic::drain(EventLoop& loop) {
  if (is_sender_) return;
  for (Stream& stream : streams_) {
    if (!stream.over) receive(loop, stream);
  }
}

void Traffic::shutdown(EventLoop& loop) {
  for (const Stream& stream : streams_) static_cast<void>(loop.shutdown(stream.socket));
}

void Traffic::close(EventLoop& loop) {
  stop(loop);
  closed_ = true;
  for (Stream& stream : streams_) static_cast<void>(loop.close(stream.socket));
}

/// Notes what is known of the connection while it is there.
void Traffic::look(EventLoop& loop, Stream& stream) {
  stream.figures.bytes = stream.bytes;
  const auto info = loop.info(stream.socket);
  if (!info || info->state == TcpState::closed) return;
  StreamFigures& f = stream.figures;
  f.retransmits = std::max<std::uint64_t>(info->total_retrans, stream.retransmits_before) - stream.retransmits_before;
  f.cwnd = info->snd_cwnd, f.snd_wnd = info->snd_wnd, f.pmtu = info->pmtu;
  f.rtt = info->rtt, f.rttvar = info->rttvar;
}

std::vector<StreamFigures> Traffic::totals(EventLoop& loop) {
  std::vector<StreamFigures> out;
  for (Stream& stream : streams_) {
    if (running_) look(loop, stream);
    out.push_back(stream.figures);
  }
  return out;
}

std::string Traffic::congestion(EventLoop& loop) const {
  for (const Stream& stream : streams_) {
    if (const auto info = loop.info(stream.socket)) return std::string(info->congestion_control);
  }
  return {};
}

void Traffic::drive(EventLoop& loop, Stream& stream) {
  if (closed_ || stream.over) return;
  if (loop.error(stream.socket) != Error::none) {
    return fail(loop, stream, std::string(to_string(loop.error(stream.socket))));
  }
  if (is_sender_) {
    if (running_) send(loop, stream);
  } else if (running_ || begun_ != Instant{}) {
    receive(loop, stream);
  }
}

void Traffic::fail(EventLoop& loop, Stream& stream, const std::string& why) {
  stream.over = true;
  if (!running_ && begun_ != Instant{}) return;  // the test is over, and so are its streams
  if (why_.empty()) why_ = fmt::format("stream {}: {}", stream.figures.number, why);
  if (on_end_) on_end_(loop);
}

/// As far as the limits are concerned.
bool Traffic::may_begin_block(Instant now, const Stream& stream) const {
  if (parameters_.bytes > 0 && total_ >= parameters_.bytes) return false;
  if (parameters_.bandwidth == 0) return true;
  const double due =
      std::chrono::duration<double>(now - begun_).count() * static_cast<double>(parameters_.bandwidth) / 8;
  return static_cast<double>(stream.paced) <= due;
}

void Traffic::send(EventLoop& loop, Stream& stream) {
  for (;;) {
    if (stream.rest == 0) {
      if (!may_begin_block(loop.now(), stream)) break;
      stream.rest = block_.size();
      stream.paced += block_.size(), total_ += block_.size();
    }
    const auto taken = loop.write(stream.socket, std::span(block_).first(stream.rest));
    if (!taken) {
      if (taken.error() == Error::would_block || taken.error() == Error::no_buffers) break;
      return fail(loop, stream, std::string(to_string(taken.error())));
    }
    stream.rest -= *taken;
    stream.bytes += *taken;
    moved_ = loop.now();
  }
  if (parameters_.bytes > 0 && total_ >= parameters_.bytes && is_delivered(loop)) on_end_(loop);
}

bool Traffic::is_delivered(EventLoop& loop) const {
  return std::all_of(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    const auto info = loop.info(stream.socket);
    return stream.rest == 0 && (!info || std::uint64_t{info->unacked} + info->notsent == 0);
  });
}

void Traffic::receive(EventLoop& loop, Stream& stream) {
  for (;;) {
    const auto got = loop.read(stream.socket, block_);
    if (!got && got.error() == Error::would_block) break;
    if (!got) return fail(loop, stream, std::string(to_string(got.error())));
    if (*got == 0) return fail(loop, stream, "the other side has closed it early");
    if (!running_) continue;
    stream.bytes += *got, total_ += *got;
    moved_ = loop.now();
  }
  if (running_ && parameters_.bytes > 0 && total_ >= parameters_.bytes && on_end_) on_end_(loop);
}

/// A rate lets more go as time passes, and no event tells when memory has room again.
void Traffic::tick(EventLoop& loop) {
  timer_.reset();
  for (Stream& stream : streams_) drive(loop, stream);
  if (running_) timer_ = loop.call_after(kTick, [this](EventLoop& l) { tick(l); });
}

}  // namespace leat::command
