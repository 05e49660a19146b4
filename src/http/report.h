// What is known of one transfer when it is over: for --write-out, for summaries, for tests.
#pragma once

#include <cstdint>
#include <string>

#include "leat/address.h"
#include "leat/tcp_info.h"
#include "leat/time.h"

namespace leat::http {

struct Report {
  int exit_code = 0;  ///< of http::ExitCode, or 128 + the number of the signal that ended it
  std::string error;  ///< a sentence, when exit_code is not 0

  std::string url;            ///< as given
  std::string url_effective;  ///< after redirects
  std::string file;           ///< where the body went; "-" is standard output
  unsigned http_code = 0;     ///< of the last response; 0 before one
  std::string content_type;
  unsigned redirects = 0;
  unsigned connections = 0;        ///< opened for this transfer; 0 when an open one was used again
  std::uint64_t body_bytes = 0;    ///< of bodies, received by this transfer
  std::uint64_t resumed_from = 0;  ///< bytes that were there before

  // Since the start of the transfer; zero when it did not come so far.
  Duration name_lookup{};     ///< the address was known
  Duration connect{};         ///< the handshake was complete
  Duration start_transfer{};  ///< the first response began
  Duration total{};

  Endpoint local, remote;  ///< of the last connection
  TcpInfo tcp;             ///< of the last connection, at the end of the transfer

  /// Bytes a second over the whole time.
  double speed() const {
    const double seconds = std::chrono::duration<double>(total).count();
    return seconds > 0 ? static_cast<double>(body_bytes) / seconds : 0;
  }
};

}  // namespace leat::http
