#include "drill/wire_state.h"

#include <utility>

#include "drill/text.h"

namespace leat::drill {
namespace {

bool opens_connection(const PacketForm& form) {
  return form.tcp() != nullptr && form.direction == Direction::in && form.tcp()->flags.has(kSyn) &&
         !form.tcp()->flags.has(kAck);
}

bool is_tcp_in(const PacketForm& form) { return form.tcp() != nullptr && form.direction == Direction::in; }

}  // namespace

Flow& WireState::make_flow(Flow::Role role, std::uint8_t protocol) {
  flows_.push_back(std::make_unique<Flow>());
  Flow& flow = *flows_.back();
  flow.role = role, flow.protocol = protocol;
  flow.local = {settings_.local_address(), 0};
  flow.remote = {settings_.remote_address(), 0};
  return flow;
}

Flow* WireState::find(int script_fd) {
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) {
    if ((*flow)->script_fd == script_fd) return flow->get();
  }
  return nullptr;
}

Flow* WireState::listener() {
  if (current_ != nullptr && current_->role == Flow::Role::listening) return current_;
  const bool occupied = current_ != nullptr && current_->role != Flow::Role::idle;
  if (occupied) return nullptr;
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) {
    if ((*flow)->role == Flow::Role::listening) return flow->get();
  }
  return nullptr;
}

void WireState::on_socket(int script_fd, int live_fd, std::uint8_t protocol) {
  if (protocol != kProtocolTcp && protocol != kProtocolUdp) return;
  Flow& flow = make_flow(Flow::Role::idle, protocol);
  flow.script_fd = script_fd, flow.live_fd = live_fd;
  if (protocol == kProtocolUdp) {
    // A UDP socket is a flow at once. Its datagrams go to the port that connect() and sendto() use.
    flow.role = Flow::Role::active;
    flow.remote.port = settings_.connect_port;
  }
  current_ = &flow;
}

void WireState::on_bind(int script_fd) {
  if (Flow* flow = find(script_fd)) flow->local.port = settings_.bind_port;
}

void WireState::on_listen(int script_fd) {
  Flow* flow = find(script_fd);
  if (flow == nullptr) return;
  flow->role = Flow::Role::listening;
  flow->local.port = settings_.bind_port;
  current_ = flow;
}

void WireState::on_connect(int script_fd) {
  Flow* flow = find(script_fd);
  if (flow == nullptr) return;
  flow->role = Flow::Role::active;
  flow->remote.port = settings_.connect_port;
  current_ = flow;
}

void WireState::on_disconnect(int script_fd) {
  Flow* old = find(script_fd);
  if (old == nullptr || old->protocol != kProtocolTcp) return;
  // Later lines may still ask for the segments that end the connection, by its numbers. The socket's next connection
  // has other numbers.
  Flow& fresh = make_flow(Flow::Role::idle, kProtocolTcp);
  fresh.script_fd = std::exchange(old->script_fd, -1), fresh.live_fd = std::exchange(old->live_fd, -1);
  if (old->role == Flow::Role::listening) old->role = Flow::Role::idle;
}

void WireState::on_accept(int script_fd, int live_fd, std::uint16_t peer_port) {
  for (const auto& flow : flows_) {
    const bool child = flow->role == Flow::Role::passive || flow->role == Flow::Role::foreign;
    if (!child || flow->remote.port != peer_port || flow->script_fd >= 0) continue;
    flow->script_fd = script_fd, flow->live_fd = live_fd;
    flow->role = Flow::Role::passive;
    current_ = flow.get();
    return;
  }
}

void WireState::on_close(int script_fd) {
  if (Flow* flow = find(script_fd)) {
    flow->script_fd = flow->live_fd = -1;
    if (flow->role == Flow::Role::listening) flow->role = Flow::Role::idle;
  }
}

Flow* WireState::foreign(const PacketForm& form) {
  const bool in = form.direction == Direction::in;
  const std::uint16_t remote = in ? form.ports->source : form.ports->destination;
  const std::uint16_t local = in ? form.ports->destination : form.ports->source;
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) {
    if ((*flow)->remote.port == remote && (*flow)->local.port == local && (*flow)->role != Flow::Role::listening) {
      return flow->get();
    }
  }
  const Flow* listening = listener();
  Flow& flow = make_flow(Flow::Role::foreign, form.udp() != nullptr ? kProtocolUdp : kProtocolTcp);
  flow.remote.port = remote, flow.local.port = local;
  if (opens_connection(form) && listening != nullptr && local == listening->local.port) {
    flow.role = Flow::Role::passive;
    current_ = &flow;
  }
  return &flow;
}

/// Makes a flow from a new port of the peer, and puts it under test.
Flow& WireState::make_child(std::uint16_t local_port) {
  Flow& flow = make_flow(Flow::Role::passive, kProtocolTcp);
  flow.local.port = local_port, flow.remote.port = next_port_++;
  current_ = &flow;
  return flow;
}

Flow* WireState::flow_for(const PacketForm& form) {
  if (form.ports) return foreign(form);
  const Flow* listening = listener();
  const bool first_to_listener = current_ != nullptr && current_ == listening && is_tcp_in(form);
  if (listening != nullptr && (opens_connection(form) || first_to_listener)) {
    make_child(listening->local.port);
    return current_;
  }
  // A packet before any socket goes to the port that bind() would have used.
  const bool has_none = current_ == nullptr || (current_->role == Flow::Role::idle && !current_->has_sent);
  if (has_none && is_tcp_in(form)) make_child(settings_.bind_port);
  if (current_ == nullptr && form.icmp() != nullptr) current_ = &make_flow(Flow::Role::foreign, kProtocolTcp);
  return current_;
}

std::string WireState::add(SentPacket sent) {
  auto packet = parse_ip_packet(sent.bytes);
  if (!packet) return concat("(", sent.bytes.size(), " bytes that are no IP packet)");
  packet->time = sent.time;
  Flow* owner = nullptr;
  // The newest flow comes first, since a port may be used again.
  for (auto flow = flows_.rbegin(); flow != flows_.rend() && owner == nullptr; ++flow) {
    if ((*flow)->takes(*packet)) owner = flow->get();
  }
  if (owner != nullptr) owner->learn(*packet);
  const Flow stranger;
  std::string text = (owner != nullptr ? *owner : stranger).describe(*packet);
  if (owner == nullptr)
    text += concat("  (of no flow: ", packet->source.to_string(), " to ", packet->destination.to_string(), ")");
  waiting_.push_back({std::move(*packet), owner});
  return text;
}

std::optional<IpPacket> WireState::take(const PacketForm& form, const Flow& flow) {
  const bool icmp = form.icmp() != nullptr;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
    const std::uint8_t protocol = waiting->packet.protocol;
    const bool is_icmp = protocol == kProtocolIcmp || protocol == kProtocolIcmpV6;
    const bool good =
        icmp ? is_icmp && waiting->packet.destination.address == flow.remote.address : waiting->flow == &flow;
    if (!good) continue;
    IpPacket packet = std::move(waiting->packet);
    waiting_.erase(waiting);
    return packet;
  }
  return std::nullopt;
}

std::vector<const WaitingPacket*> WireState::leftovers() const {
  std::vector<const WaitingPacket*> found;
  for (const WaitingPacket& waiting : waiting_) {
    if (waiting.flow != nullptr) found.push_back(&waiting);
  }
  return found;
}

}  // namespace leat::drill
