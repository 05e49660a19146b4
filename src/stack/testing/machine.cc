#include "stack/testing/machine.h"

#include <algorithm>
#include <sstream>

#include "wire/ipv4.h"

namespace leat::testing {
namespace {

constexpr std::uint64_t kSeed = 0x1eaf;

std::string name(Error error) { return std::string(to_string(error)); }

std::unique_ptr<QueueHost> make_host(const TcpSettings& options, BufferPool& pool) {
  StackConfig config;
  config.seed = {kSeed, kSeed};
  config.tcp = options;
  auto host = std::make_unique<QueueHost>(config, pool);
  InterfaceConfig interface;
  interface.caps.has_link_layer = false;
  interface.addresses = {{Machine::our_address(), 24}};
  EXPECT_TRUE(host->attach(interface).has_value());
  return host;
}

constexpr Endpoint kOurs{Machine::our_address(), Machine::kOurPort};
constexpr Endpoint kPeers{Machine::peer_address(), Machine::kPeerPort};

}  // namespace

Machine::Machine(const MachineConfig& config) : peer_(kPeers, kOurs, SeqNum(0) - config.peer_wraps_after) {
  now_ = begun_ = start(config);
  host_ = make_host(config.tcp, pool_);
}

/// An ISN follows a clock of 4 us (RFC 6528): the time at which that of our 4-tuple is what the test asks for.
Instant Machine::start(const MachineConfig& config) const {
  const Instant probe{24h};
  BufferPool pool;
  const std::unique_ptr<QueueHost> host = make_host(config.tcp, pool);
  EXPECT_TRUE(host->stack().connect({.remote = kPeers, .local_port = kOurPort}, probe).has_value());
  std::vector<std::uint8_t> syn;
  host->transmit(probe, [&](const Packet& packet) {
    EXPECT_TRUE(syn.empty());
    syn.resize(packet.size());
    EXPECT_TRUE(packet.copy_out(0, syn));
  });
  const std::uint32_t isn = load_be32(syn.data() + Ipv4Header::kSize + 4);
  return probe + std::chrono::microseconds(4) * (std::uint32_t{0} - config.wraps_after - isn);
}

Machine::~Machine() {
  host_.reset();
  EXPECT_EQ(pool_.blocks_in_use(), 0u) << "leaked buffers" << story();
}

void Machine::tell(const std::string& line) {
  std::ostringstream out;
  out << "  " << std::chrono::duration<double>(now_ - begun_).count() << "s  " << line;
  lines_.push_back(out.str());
}

std::string Machine::story() const {
  std::string all = "\nThe story so far (> sent, < received):\n";
  for (std::size_t i = lines_.size() > 60 ? lines_.size() - 60 : 0; i < lines_.size(); ++i) all += lines_[i] + "\n";
  return all;
}

// The user.

std::string Machine::connect() {
  const auto handle = host_->stack().connect({.remote = kPeers, .local_port = kOurPort}, now_);
  tell("user connects");
  if (handle) socket = *handle;
  pump();
  return handle ? "ok" : name(handle.error());
}

std::string Machine::listen() {
  const auto handle = host_->stack().listen(kOurs, 4);
  tell("user listens");
  if (handle) listener = *handle;
  pump();
  return handle ? "ok" : name(handle.error());
}

std::string Machine::write(std::size_t n) {
  std::vector<std::uint8_t> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = ScriptedPeer::pattern(written_ + 1 + static_cast<std::int64_t>(i));
  const auto taken = host_->stack().write(socket ? socket : listener, data, now_);
  tell("user writes " + std::to_string(taken.value_or(0)) + " of " + std::to_string(n));
  if (taken) written_ += static_cast<std::int64_t>(*taken);
  pump();
  return taken ? std::to_string(*taken) + " bytes" : name(taken.error());
}

std::string Machine::read(std::size_t n) {
  std::vector<std::uint8_t> data(n);
  const auto got = host_->stack().read(socket ? socket : listener, data, now_);
  tell("user reads");
  pump();
  if (!got) return name(got.error());
  for (std::size_t i = 0; i < *got; ++i)
    EXPECT_EQ(data[i], ScriptedPeer::pattern(++read_)) << "byte " << read_ << story();
  return *got == 0 ? "end" : std::to_string(*got) + " bytes";
}

std::string Machine::shutdown() {
  const auto done = host_->stack().shutdown_write(socket ? socket : listener, now_);
  tell("user shuts down");
  pump();
  return done ? "ok" : name(done.error());
}

std::string Machine::close() {
  const auto done = host_->stack().close(socket ? socket : listener, now_);
  tell("user closes");
  (socket ? socket : listener) = {};
  pump();
  return done ? "ok" : name(done.error());
}

std::string Machine::abort() {
  const auto done = host_->stack().abort(socket ? socket : listener, now_);
  tell("user aborts");
  (socket ? socket : listener) = {};
  pump();
  return done ? "ok" : name(done.error());
}

std::string Machine::state() {
  const Stack::Population alive = host_->stack().population();
  if (!socket) {
    if (alive.time_wait > 0) return "TIME-WAIT";
    if (listener) return alive.half_open > 0 ? "SYN-RECEIVED" : "LISTEN";
    return alive.connections > 0 ? "orphan" : "CLOSED";
  }
  return rfc_name(info().state);
}

std::string rfc_name(TcpState state) {
  switch (state) {
    case TcpState::closed: return "CLOSED";
    case TcpState::syn_received: return "SYN-RECEIVED";
    case TcpState::established: return "ESTABLISHED";
    default: return std::string(to_string(state));
  }
}

// The wire.

void Machine::peer(std::string_view segment) {
  tell("< " + std::string(segment));
  host_->receive(Packet(pool_.copy_of(peer_.build(RawSegment::from_text(segment)))), now_);
  pump();
}

void Machine::pump() {
  host_->transmit(now_, [this](const Packet& packet) {
    std::vector<std::uint8_t> datagram(packet.size());
    EXPECT_TRUE(packet.copy_out(0, datagram));
    const auto segment = peer_.parse(datagram);
    EXPECT_TRUE(segment.has_value()) << "a datagram for somebody else" << story();
    if (!segment) return;
    sent_.push_back(segment->to_text());
    tell("> " + sent_.back());
  });
  adopt_child();
  host_->dispatch(now_, [](const Event&) {});
}

void Machine::adopt_child() {
  if (socket || !listener) return;
  if (const auto child = host_->stack().accept(listener)) socket = *child;
}

std::string Machine::sent() {
  std::string all;
  for (const std::string& line : sent_) all += (all.empty() ? "" : "; ") + line;
  sent_.clear();
  return all;
}

void Machine::advance(Duration d) {
  const Instant end = now_ + d;
  while (host_->next_deadline() <= end) {
    now_ = std::max(now_, host_->next_deadline());
    pump();
  }
  now_ = end;
}

void Machine::advance_to_timer(Duration limit) {
  const Instant next = host_->next_deadline();
  if (next == kNever || next - now_ > limit) return tell("no timer runs");
  advance(next - now_);
}

void Machine::advance_until_sent(Duration limit) {
  const Instant end = now_ + limit;
  const std::size_t before = sent_.size();
  while (sent_.size() == before && host_->next_deadline() <= end) advance_to_timer();
}

void Machine::run_out(Duration limit) {
  const Instant end = now_ + limit;
  while (host_->next_deadline() <= end) advance_to_timer();
}

std::size_t Machine::readable() { return info().unread; }

std::string Machine::outcome() {
  std::string text;
  const auto add = [&](const std::string& fact) { text += (text.empty() ? "" : ", ") + fact; };
  if (!socket) return text;
  if (error() != Error::none) add("error: " + name(error()));
  if (readable() > 0) add(std::to_string(readable()) + " readable");
  if (const std::uint32_t urgent = info().urgent; urgent > 0) add(std::to_string(urgent) + " urgent");
  if ((host_->stack().readiness(socket) & kEventPeerClosed) != 0) add("end");
  return text;
}

}  // namespace leat::testing
