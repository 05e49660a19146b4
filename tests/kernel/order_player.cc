#include "kernel/order_player.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drill/call_effects.h"
#include "drill/packet_maker.h"
#include "drill/parser.h"
#include "drill/text.h"

namespace leat::testing {
namespace {

using drill::concat;

using drill::kAck;
using drill::kFin;
using drill::kRst;
using drill::kSyn;

/// The peer's numbers wrap at once: RST with the number 0 would have a meaning of its own.
constexpr std::uint32_t kPeersIsn = 0xfffffffe;

/// The one event of a line, at time 0.
drill::Event event_of(const std::string& line) {
  auto script = drill::parse_script("order", "0 " + line, {});
  EXPECT_TRUE(script) << script.error().to_string();
  return script->events.at(0);
}

}  // namespace

drill::Settings order_settings(std::uint16_t port) {
  drill::Settings settings;
  settings.bind_port = settings.connect_port = port;
  return settings;
}

OrderPlayer::~OrderPlayer() {
  for (auto open = descriptors_.rbegin(); open != descriptors_.rend(); ++open) {
    drill::SystemCall call;
    call.fd = open->second;
    subject_.call(call);
  }
}

void OrderPlayer::call(const std::string& line) {
  script_ += "+0 " + line + "\n";
  const drill::Event event = event_of(line);
  const auto& form = std::get<drill::CallEvent>(event.what);
  drill::SystemCall call;
  const auto trouble = drill::make_call(form, settings_, descriptors_, call);
  EXPECT_FALSE(trouble) << *trouble;
  if (call.name == drill::CallName::connect) wire_.on_connect(socket_);
  subject_.call(call);
  if (const auto note = drill::call_row(call.name).note; note != nullptr && call.result >= 0) {
    note({form, call, wire_, descriptors_});
  }
}

void OrderPlayer::inject(const std::string& line) {
  script_ += "+0 < " + line + "\n";
  const drill::Event event = event_of("< " + line);
  const auto& form = std::get<drill::PacketForm>(event.what);
  drill::Flow* flow = wire_.flow_for(form);
  ASSERT_NE(flow, nullptr);
  flow->peers = {kPeersIsn, kPeersIsn, true};
  const auto packet = drill::make_packet(form, *flow, settings_);
  ASSERT_TRUE(packet) << packet.error();
  subject_.inject(*packet);
}

void OrderPlayer::accept() {
  if (!is_listening_) return;
  call("accept4(3, ..., ..., SOCK_NONBLOCK) = 4");
  if (!descriptors_.contains(4)) return;
  socket_ = 4, is_listening_ = false;
}

void OrderPlayer::user(char letter) {
  const std::string fd = std::to_string(socket_);
  switch (letter) {
    case 'C':
    case 'L':
      socket_ = 3;
      call("socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3");
      call("bind(3, ..., ...) = 0");
      is_listening_ = letter == 'L';
      call(is_listening_ ? "listen(3, 4) = 0" : "connect(3, ..., ...) = -1 EINPROGRESS");
      break;
    case 'w': call("send(" + fd + ", ..., 10, MSG_NOSIGNAL) = ..."); break;
    case 'r': call("recv(" + fd + ", ..., 4096, 0) = ..."); break;
    case 's': call("shutdown(" + fd + ", SHUT_WR) = ..."); break;
    case 'a': call("setsockopt(" + fd + ", SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0"); [[fallthrough]];
    default:
      call("close(" + fd + ") = 0");
      // Descriptor 3 is the listener until a connection has been accepted.
      is_listening_ = is_listening_ && socket_ != 3;
      break;
  }
}

std::string OrderPlayer::segment(char letter) {
  const auto line = [&](const char* flags, std::uint32_t length, std::uint32_t ack) {
    const std::uint32_t begin = next_;
    return concat(flags, " ", begin, ":", begin + length, "(", length, ") ack ", ack, " win 65535");
  };
  std::string text;
  switch (letter) {
    case 'S': next_ = 1; return concat("S ", kPeersIsn, ":", kPeersIsn, "(0) win 65535 <mss 1460>");
    case 'Y':
      next_ = 1, acked_ = received_;
      return concat("S. ", kPeersIsn, ":", kPeersIsn, "(0) ack ", acked_, " win 65535 <mss 1460>");
    case 'k': acked_ = received_; return line(".", 0, acked_);
    case 'd': text = line("P.", 5, acked_), next_ += 5; return text;
    case 'f': text = line("F.", 0, acked_), next_ += 1; return text;
    case 'x': return concat("R ", next_, ":", next_, "(0) win 65535");
    default: return line("R.", 0, received_);
  }
}

std::string OrderPlayer::sent() {
  while (auto packet = subject_.next_sent(subject_.now())) wire_.add(std::move(*packet));
  std::string all;
  drill::Flow* flow = wire_.under_test();
  if (flow == nullptr) return all;
  const drill::PacketForm any;
  while (const auto packet = wire_.take(any, *flow)) {
    const bool syn = packet->is_syn();
    // The RST that answers a segment without ACK has the number 0, which is none of the stream's.
    const bool has_number = !packet->flags.has(kRst) || packet->seq != 0;
    const std::uint32_t seq = has_number ? packet->seq - flow->ours.offset(syn) : 0;
    const std::uint32_t end = seq + static_cast<std::uint32_t>(packet->payload);
    all += concat(all.empty() ? "" : "; ", to_string(packet->flags), " ", seq, ":", end, "(", packet->payload, ")");
    if (packet->flags.has(kAck)) all += concat(" ack ", packet->ack - kPeersIsn);
    if (packet->flags.has(kRst)) continue;
    received_ = std::max(received_, end + (packet->flags.has(kSyn | kFin) ? 1 : 0));
  }
  return all;
}

void OrderPlayer::step(char letter) {
  constexpr std::string_view kPeers = "SYkdfxq";
  if (kPeers.find(letter) == std::string_view::npos) return user(letter);
  inject(segment(letter));
  accept();
}

Transcript OrderPlayer::play(const std::string& order) {
  Transcript transcript;
  for (const char letter : order) {
    step(letter);
    transcript.push_back(sent());
    script_ += transcript.back().empty() ? "" : "// > " + transcript.back() + "\n";
  }
  return transcript;
}

}  // namespace leat::testing
