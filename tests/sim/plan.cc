#include "plan.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "base/random.h"

namespace leat::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

double uniform(Random& r, double low, double high) { return low + (high - low) * (r.next32() * 0x1p-32); }

/// A value whose logarithm is uniform, so that small and large values are equally likely.
std::uint64_t log_uniform(Random& r, double low, double high) {
  return static_cast<std::uint64_t>(std::exp(uniform(r, std::log(low), std::log(high))));
}

/// A fault that half of the paths have.
double rate(Random& r, double most) { return r.chance(0.5) ? 0 : uniform(r, 0, most); }

Impairment path_plan(Random& r, std::uint32_t mtu) {
  Impairment i;
  i.loss = rate(r, 0.10);
  i.duplicate = rate(r, 0.05);
  i.reorder = rate(r, 0.10);
  i.corrupt = rate(r, 0.02);
  i.delay = microseconds(log_uniform(r, 10, 80'000));
  if (r.chance(0.5)) i.jitter = i.delay / 4;
  if (r.chance(0.3)) {
    i.rate = log_uniform(r, 2e6, 2e9);
    // The queue holds at least a few frames. If each burst of two lost one, only time-outs would make progress.
    i.queue_bytes = std::max<std::uint64_t>(8ull * mtu, i.rate / 8 * log_uniform(r, 1, 200) / 1000);
  }
  i.seed = r.next();
  return i;
}

TcpSettings tcp_options(Random& r) {
  TcpSettings o;
  // A closed connection gives up after nine consecutive time-outs, which do occur among hundreds of thousands of
  // connections on bad paths. Here all data must arrive.
  o.orphan_retries = o.retries;
  if (r.chance(0.6)) o.send_buffer = log_uniform(r, 2048, 4e6);
  if (r.chance(0.6)) o.receive_buffer = log_uniform(r, 2048, 4e6);
  if (r.chance(0.3)) o.congestion_control = "reno";
  o.sack = r.chance(0.8);
  o.timestamps = r.chance(0.8);
  o.nodelay = r.chance(0.3);
  if (r.chance(0.2)) o.mss = static_cast<std::uint16_t>(log_uniform(r, 88, 9000));
  return o;
}

PeerPlan peer_plan(Random& r, std::uint64_t bytes, std::uint64_t bytes_to_read) {
  PeerPlan p;
  p.bytes = bytes;
  p.key = r.next();
  // Only small transfers have chunks of a few bytes, which limits a run to about 100,000 calls.
  p.write_chunk = static_cast<std::uint32_t>(log_uniform(r, 1.0 + static_cast<double>(bytes) / 1e5, 200'000));
  p.read_chunk = static_cast<std::uint32_t>(log_uniform(r, 1.0 + static_cast<double>(bytes_to_read) / 1e5, 200'000));
  if (r.chance(0.2)) {
    p.pause_every = std::max<std::uint64_t>(1, bytes_to_read / (1 + r.below(20)));
    p.pause = milliseconds(log_uniform(r, 1, 5000));
  }
  p.shuts_down = r.chance(0.6);
  return p;
}

ConnectionPlan connection_plan(Random& r, std::uint16_t port, std::uint64_t bytes) {
  const std::uint32_t shape = r.below(4);  // down, up, both directions, both directions alike
  const std::uint64_t up = shape == 0 ? r.below(2000) : shape == 1 ? bytes : bytes / (2 + r.below(4));
  const std::uint64_t down = shape == 1 ? r.below(2000) : bytes - std::min(bytes, shape == 0 ? 0 : up);
  ConnectionPlan c{.port = port, .client = peer_plan(r, up, down), .server = peer_plan(r, down, up)};
  const std::uint32_t first = r.below(3);
  c.client.ends_first = first != 1;
  c.server.ends_first = first != 0;
  if (r.chance(0.03))
    (r.chance(0.5) ? c.client : c.server).abort_after = r.below(1 + static_cast<std::uint32_t>(bytes));
  return c;
}

void append(std::string& out, const char* format, ...) __attribute__((format(printf, 2, 3)));
void append(std::string& out, const char* format, ...) {
  char line[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  out += line;
}

double ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

void describe(std::string& out, const char* name, const PeerPlan& p) {
  append(out, "    %s writes %llu bytes by %u (%s), reads by %u%s, pauses %.0f ms every %llu bytes, %s, %s%s\n", name,
         static_cast<unsigned long long>(p.bytes), p.write_chunk, to_string(p.writing).data(), p.read_chunk,
         p.views ? " (views)" : "", ms(p.pause), static_cast<unsigned long long>(p.pause_every),
         p.ends_first ? "ends first" : "ends second", p.shuts_down ? "shutdown" : "close",
         p.abort_after ? ", aborts" : "");
}

/// It has random numbers of its own, so the rest of the plan of a seed does not depend on it.
void choose_ways(std::uint64_t seed, std::vector<ConnectionPlan>& connections) {
  Random r({seed, 0x77617973});
  for (ConnectionPlan& c : connections) {
    for (PeerPlan* p : {&c.client, &c.server}) {
      p->writing = r.chance(0.5) ? Writing::copies : r.chance(0.5) ? Writing::room : Writing::borrowed;
      p->views = r.chance(0.4);
    }
  }
}

}  // namespace

std::string_view to_string(Writing writing) {
  switch (writing) {
    case Writing::copies: return "copies";
    case Writing::room: return "in the send buffer";
    case Writing::borrowed: return "borrowed";
  }
  return "";
}

double weight_of(std::uint64_t seed) {
  Random r({seed, 0x77656967});
  return r.chance(0.1) ? 0.0005 : uniform(r, 0.25, 2.0);
}

Plan plan_of(std::uint64_t seed, std::uint64_t bytes) {
  Random r({seed, 0x706c616e});
  Plan p;
  p.seed = seed;
  p.bytes = bytes;
  p.client = tcp_options(r);
  p.server = tcp_options(r);
  p.caps.has_link_layer = !r.chance(0.2);
  p.caps.mtu = r.chance(0.6) ? 1500 : static_cast<std::uint32_t>(log_uniform(r, 576, 9000));
  p.to_server = path_plan(r, p.caps.mtu);
  p.to_client = r.chance(0.3) ? p.to_server : path_plan(r, p.caps.mtu);
  if (r.chance(0.2)) p.caps.max_super_segment = 65535;
  if (p.caps.max_super_segment > 0) p.caps.completes_checksums = true;
  const unsigned connections = r.chance(0.6) ? 1 : 2 + r.below(4);
  for (unsigned i = 0; i < connections; ++i) {
    p.connections.push_back(connection_plan(r, static_cast<std::uint16_t>(80 + i), bytes / connections));
  }
  choose_ways(seed, p.connections);
  return p;
}

void Plan::set_path(const Impairment& path) {
  for (Impairment* direction : {&to_server, &to_client}) {
    const auto own_seed = direction->seed;
    *direction = path;
    direction->seed = own_seed;
  }
}

std::string Plan::to_string() const {
  std::string out;
  append(out, "  MTU %u, %s, super-segments up to %u\n", caps.mtu, caps.has_link_layer ? "Ethernet" : "bare IP",
         caps.max_super_segment);
  for (const TcpSettings* end : {&client, &server}) {
    append(out, "  %s: send and receive buffer %zu %zu (0: as needed), %s%s%s\n", end == &client ? "client" : "server",
           end->send_buffer.value_or(0), end->receive_buffer.value_or(0), end->congestion_control.c_str(),
           end->sack ? ", SACK" : "", end->timestamps ? ", timestamps" : "");
  }
  out += "  to server: " + to_server.to_string() + "\n  to client: " + to_client.to_string() + "\n";
  for (const ConnectionPlan& c : connections) {
    append(out, "  port %u\n", c.port);
    describe(out, "client", c.client);
    describe(out, "server", c.server);
  }
  return out;
}

}  // namespace leat::sim
