#include "world.h"

#include <algorithm>
#include <memory>

#include "peer.h"
#include "stack/queue_host.h"

namespace leat::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Instant kStart{std::chrono::seconds(1000)};
/// The time limit of a run. The worst paths need hours, at a few segments per second.
constexpr Duration kLongest = hours(24 * 14);
/// The time for TIME-WAIT, and for the retries of an end whose last ACK was lost.
constexpr Duration kLongestEnding = minutes(60);

struct Host {
  std::vector<std::unique_ptr<Peer>> peers;  ///< they outlive the stack, which releases data that they lent
  BufferPool pool;
  QueueHost machine;
  Stack& stack = machine.stack();
  InterfaceId interface = 0;
  std::vector<SocketHandle> listeners;  ///< one for each connection of the server

  Host(const Plan& plan, const TcpSettings& options, std::uint8_t number)
      : machine({.seed = {plan.seed, number}, .tcp = options}, pool) {
    InterfaceConfig config;
    config.caps = plan.caps;
    config.mtu = plan.caps.mtu;
    config.mac = {{2, 0, 0, 0, 0, number}};
    config.addresses = {{IpAddress::v4(10, 0, 0, number), 24}};
    if (const auto id = machine.attach(config)) interface = *id;
  }
};

class World {
 public:
  World(const Plan& plan, bool sabotage)
      : plan_(plan),
        to_server_(plan.to_server, plan.caps, cable_, trail_, true),
        to_client_(plan.to_client, plan.caps, cable_, trail_, false),
        client_(plan, plan.client, 1),
        server_(plan, plan.server, 2) {
    if (sabotage) to_server_.sabotage(), to_client_.sabotage();
  }

  Outcome run() {
    std::string failure = start();
    if (failure.empty()) failure = loop(kStart + kLongest, [this] { return peers_done(); });
    if (failure.empty()) failure = end();
    Outcome o;
    o.lasted = now_ - kStart;
    o.to_server = to_server_.counters(), o.to_client = to_client_.counters();
    for (Host* h : {&client_, &server_}) {
      o.retransmitted += h->stack.counters()[Counter::TcpRetransSegs];
      for (const auto& p : h->peers) o.bytes += p->received();
    }
    if (!failure.empty()) o.failure = failure, o.story = story();
    return o;
  }

 private:
  std::string start() {
    if (client_.interface == 0 || server_.interface == 0) return "add_interface failed";
    for (const ConnectionPlan& c : plan_.connections) {
      const Endpoint address{IpAddress::v4(10, 0, 0, 2), c.port};
      const auto listener = server_.stack.listen(address, 4);
      if (!listener) return "listen: " + std::string(to_string(listener.error()));
      server_.listeners.push_back(*listener);
      server_.peers.push_back(std::make_unique<Peer>(server_.stack, c.server, c.client, c.aborts()));
      client_.peers.push_back(std::make_unique<Peer>(client_.stack, c.client, c.server, c.aborts()));
      client_.peers.back()->connect(address, now_);
    }
    return {};
  }

  /// Closes the listeners and waits until all connections are gone.
  std::string end() {
    for (SocketHandle l : server_.listeners) (void)server_.stack.close(l, now_);
    const std::string failure = loop(now_ + kLongestEnding, [this] { return nobody_left() && wires_empty(); });
    if (!failure.empty()) return "while the connections end: " + failure;
    for (const auto& [name, pool] :
         {std::pair{"client", &client_.pool}, {"server", &server_.pool}, {"cable", &cable_}}) {
      if (pool->blocks_in_use() == 0) continue;
      return std::to_string(pool->blocks_in_use()) + " blocks of the " + name + "'s pool are still in use";
    }
    for (const Host* h : {&client_, &server_}) {
      for (const auto& p : h->peers) {
        if (p->lent() > 0) return std::to_string(p->lent()) + " borrowed pieces were not given back";
      }
    }
    return {};
  }

  /// Lets time pass until `done` or `limit`. Returns the failure, if there is one.
  template <class Done>
  std::string loop(Instant limit, Done done) {
    unsigned standing = 0;
    for (;;) {
      settle();
      for (Host* h : {&client_, &server_}) {
        for (const auto& p : h->peers) {
          if (!p->failure().empty()) return (h == &client_ ? "client: " : "server: ") + p->failure();
        }
      }
      if (done()) return {};
      const Instant next = next_instant();
      if (next == kNever) return "everything waits for ever";
      if (next > limit) return "not over in time";
      standing = next > now_ ? 0 : standing + 1;
      if (standing > 100'000) return "time stands still: a deadline is due and nothing comes of it";
      now_ = std::max(now_, next);
      arrive(to_server_, server_);
      arrive(to_client_, client_);
      for (Host* h : {&client_, &server_}) {
        for (const auto& p : h->peers) p->on_time(now_);
      }
    }
  }

  /// Delivers events and packets until none is left at this instant.
  void settle() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (Host* h : {&client_, &server_}) {
        moved |= h->machine.dispatch(now_, [&](const Event& event) { dispatch(*h, event); });
      }
      moved |= transmit(client_, to_server_);
      moved |= transmit(server_, to_client_);
    }
  }

  bool transmit(Host& from, Wire& wire) {
    return from.machine.transmit(now_, [&](Packet& packet) {
      batch_.push(std::move(packet));
      wire.send(batch_, now_);
    });
  }

  void arrive(Wire& wire, Host& to) {
    for (bool more = true; more;) {
      more = wire.arrive(batch_, now_);
      if (!batch_.empty()) to.machine.receive(batch_, now_);
    }
  }

  void dispatch(Host& h, const Event& event) {
    for (std::size_t i = 0; i < h.listeners.size(); ++i) {
      if (h.listeners[i] != event.socket) continue;
      while (const auto accepted = h.stack.accept(event.socket)) h.peers[i]->adopt(*accepted, now_);
      return;
    }
    for (const auto& p : h.peers) {
      if (p->handle() == event.socket) return p->on_event(event.bits, now_);
    }
  }

  Instant next_instant() const {
    Instant next = std::min({to_server_.next_arrival(), to_client_.next_arrival(), client_.stack.next_deadline(),
                             server_.stack.next_deadline()});
    for (const Host* h : {&client_, &server_}) {
      for (const auto& p : h->peers) next = std::min(next, p->next_action());
    }
    return next;
  }

  /// An end that is aborted before it starts leaves the other end without a connection to accept.
  bool peers_done() const {
    for (std::size_t i = 0; i < plan_.connections.size(); ++i) {
      const Peer& c = *client_.peers[i];
      const Peer& s = *server_.peers[i];
      const bool never_accepted = plan_.connections[i].aborts() && !s.started();
      if (!c.done() || !(s.done() || never_accepted)) return false;
    }
    return true;
  }

  bool nobody_left() const {
    for (const Host* h : {&client_, &server_}) {
      const Stack::Population p = h->stack.population();
      if (p.connections + p.listeners + p.time_wait + p.orphans > 0) return false;
    }
    return true;
  }

  bool wires_empty() const { return to_server_.next_arrival() == kNever && to_client_.next_arrival() == kNever; }

  std::string story() const {
    std::string out = "  at " + std::to_string(std::chrono::duration<double>(now_ - kStart).count()) + " s\n";
    for (const Host* h : {&client_, &server_}) {
      const char* name = h == &client_ ? "client" : "server";
      const Stack::Population p = h->stack.population();
      out += std::string("  ") + name + ": connections " + std::to_string(p.connections) + " listeners " +
             std::to_string(p.listeners) + " time_wait " + std::to_string(p.time_wait) + " orphans " +
             std::to_string(p.orphans) + "\n";
      for (const auto& peer : h->peers) out += "    " + peer->to_string() + "\n";
      const Counters& c = h->stack.counters();
      for (std::size_t i = 0; i < c.values.size(); ++i) {
        if (c.values[i] > 0) out += "    " + std::string(to_string(Counter(i))) + " " + std::to_string(c.values[i]);
      }
      for (std::size_t i = 0; i < c.drops.size(); ++i) {
        if (c.drops[i] > 0) out += "    " + std::string(to_string(DropReason(i))) + " " + std::to_string(c.drops[i]);
      }
      out += "\n";
    }
    return out + "  the last frames:\n" + trail_.to_string(plan_.caps.has_link_layer);
  }

  const Plan& plan_;
  Trail trail_;
  BufferPool cable_;
  Wire to_server_, to_client_;
  Host client_, server_;
  PacketBatch batch_;
  Instant now_ = kStart;
};

}  // namespace

Outcome run(const Plan& plan, bool sabotage) {
  // The object is too large for the thread stack of some test runners.
  return std::make_unique<World>(plan, sabotage)->run();
}

}  // namespace leat::sim
