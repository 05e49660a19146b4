// What iperf3 says on its control connection: the client's cookie, then bytes that name a state, and JSON texts with
// their length before them. Values to bytes and back; what comes from a peer is bounded and judged here. Called by
// iperf_client.cc and iperf_server.cc.
//
//   client                                  server
//   cookie (37 bytes; again on each stream)
//                                           param_exchange
//   the parameters, JSON
//                                           create_streams
//   (connects its streams)
//                                           test_start, test_running
//   (data flows)
//   test_end
//                                           exchange_results
//   its results, JSON
//                                           its results, JSON
//                                           display_results
//   done
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leat/expected.h"

namespace leat::command::iperf {

enum class State : std::int8_t {
  test_start = 1,
  test_running = 2,
  test_end = 4,
  param_exchange = 9,
  create_streams = 10,
  server_terminate = 11,
  client_terminate = 12,
  exchange_results = 13,
  display_results = 14,
  done = 16,
  access_denied = -1,  ///< the server has another test
  server_error = -2,   ///< two numbers of four bytes follow: iperf3's error, and errno
};

inline constexpr std::uint16_t kPort = 5201;
inline constexpr std::size_t kCookieSize = 37;
inline constexpr std::size_t kMostJson = std::size_t{256} << 10;
inline constexpr unsigned kMostStreams = 128;
inline constexpr std::uint64_t kMostBlock = std::uint64_t{1} << 20;
inline constexpr unsigned kMostSeconds = 86400, kMostOmitted = 600;

using Cookie = std::array<std::uint8_t, kCookieSize>;
/// 36 letters and digits, from as many random bytes, and a zero.
Cookie make_cookie(std::span<const std::uint8_t, kCookieSize - 1> random);

/// What the client asks for.
struct Parameters {
  bool reverse = false;                            ///< the server sends
  unsigned seconds = 10;                           ///< 0: until `bytes` have been sent, or the client ends it
  unsigned omit = 0;                               ///< seconds at the beginning that do not count
  std::uint64_t bytes = 0;                         ///< of all streams together; 0: no such limit
  unsigned parallel = 1;                           ///< streams
  std::uint64_t block = std::uint64_t{128} << 10;  ///< bytes of a write or a read
  std::uint64_t bandwidth = 0;                     ///< bits a second of each stream; 0: as fast as it goes
  std::string version;                             ///< of the client
  std::vector<std::string> unsupported;            ///< names of what the client asked for beside that, and will not get
};
std::string to_json(const Parameters& parameters);
/// The error is a sentence.
expected<Parameters, std::string> parse_parameters(std::string_view json);

/// What one side has seen of a stream.
struct StreamResult {
  int id = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> retransmits;  ///< of a sender
  double seconds = 0;
};
struct Results {
  double cpu_total = 0, cpu_user = 0, cpu_system = 0;  ///< per cent
  bool has_retransmits = false;
  std::string congestion;
  std::vector<StreamResult> streams;
};
std::string to_json(const Results& results);
expected<Results, std::string> parse_results(std::string_view json);

/// iperf3 numbers its streams 1, 3, 4, 5 and so on. `index` from 0.
constexpr int stream_id(std::size_t index) { return index == 0 ? 1 : static_cast<int>(index) + 2; }

/// A JSON text as it goes over the wire.
std::string framed(std::string_view json);

/// Takes apart what comes on a control connection, whatever the pieces it comes in.
class Reader {
 public:
  void push(std::span<const std::uint8_t> bytes) { held_.append(bytes.begin(), bytes.end()); }
  /// How much more to push at most before taking.
  std::size_t room() const { return kMostJson + 4 - std::min(held_.size(), kMostJson + 4); }
  std::size_t held() const { return held_.size(); }

  // Nothing: it is not here yet.
  std::optional<Cookie> take_cookie();
  std::optional<State> take_state();
  /// A number of four bytes.
  std::optional<std::uint32_t> take_number();
  /// The error, a sentence: it claims to be longer than kMostJson, or empty.
  expected<std::optional<std::string>, std::string> take_json();

 private:
  std::string held_;
};

}  // namespace leat::command::iperf
