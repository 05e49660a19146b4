// What one seed decides: the path's faults, both hosts' settings, the connections and how they end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leat/impairment.h"
#include "leat/tcp_settings.h"
#include "leat/time.h"
#include "packet/device_caps.h"

namespace leat::sim {

/// How an end hands its bytes over: write(), prepare() and commit(), or write_borrowed().
enum class Writing : std::uint8_t { copies, room, borrowed };
std::string_view to_string(Writing writing);

/// What one end of a connection does.
struct PeerPlan {
  std::uint64_t bytes = 0;  ///< to write
  std::uint64_t key = 0;    ///< of the pattern that it writes
  std::uint32_t write_chunk = 1, read_chunk = 1;
  Writing writing = Writing::copies;
  bool views = false;             ///< reads by view() and consume()
  std::uint64_t pause_every = 0;  ///< bytes read between pauses of the reader; 0: never
  Duration pause{};
  bool ends_first = true;                    ///< ends its direction when all is written, not only after the other's end
  bool shuts_down = true;                    ///< by shutdown before close, not by close alone
  std::optional<std::uint64_t> abort_after;  ///< bytes written and read
};

struct ConnectionPlan {
  std::uint16_t port = 0;
  PeerPlan client, server;
  bool aborts() const { return client.abort_after || server.abort_after; }
};

struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t bytes = 0;          ///< in all connections together
  Impairment to_server, to_client;  ///< with a seed each
  DeviceCaps caps;
  TcpSettings client, server;
  std::vector<ConnectionPlan> connections;

  /// All paths are like this one, their seeds apart.
  void set_path(const Impairment& path);
  std::string to_string() const;
};

/// How much of a run's bytes this seed should get, relative to others; about 1 on average.
double weight_of(std::uint64_t seed);
/// The plan depends on the seed, and in its sizes on `bytes`.
Plan plan_of(std::uint64_t seed, std::uint64_t bytes);

}  // namespace leat::sim
