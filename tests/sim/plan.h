// The plan of a seed: the faults of the path, the settings of both hosts, the connections and how they end.
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

/// The calls by which an end writes: write(), prepare() and commit(), or write_borrowed().
enum class Writing : std::uint8_t { copies, room, borrowed };
std::string_view to_string(Writing writing);

/// The plan of one end of a connection.
struct PeerPlan {
  std::uint64_t bytes = 0;  ///< bytes to write
  std::uint64_t key = 0;    ///< key of the pattern that it writes
  std::uint32_t write_chunk = 1, read_chunk = 1;
  Writing writing = Writing::copies;
  bool views = false;             ///< reads by view() and consume()
  std::uint64_t pause_every = 0;  ///< bytes read between pauses of the reader; 0: never
  Duration pause{};
  bool ends_first = true;  ///< ends its direction when all is written, without waiting for the other end
  bool shuts_down = true;  ///< calls shutdown before close
  std::optional<std::uint64_t> abort_after;  ///< bytes written and read
};

struct ConnectionPlan {
  std::uint16_t port = 0;
  PeerPlan client, server;
  bool aborts() const { return client.abort_after || server.abort_after; }
};

struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t bytes = 0;          ///< sum over all connections
  Impairment to_server, to_client;  ///< each with a seed
  DeviceCaps caps;
  TcpSettings client, server;
  std::vector<ConnectionPlan> connections;

  /// Replaces the faults of all paths, except for their seeds.
  void set_path(const Impairment& path);
  std::string to_string() const;
};

/// The relative share of this seed in the bytes of a run; about 1 on average.
double weight_of(std::uint64_t seed);
/// The plan of a seed. Its sizes depend on `bytes`.
Plan plan_of(std::uint64_t seed, std::uint64_t bytes);

}  // namespace leat::sim
