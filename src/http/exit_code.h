// How a transfer ended, with the numbers of curl's exit codes, so that scripts need not learn others.
#pragma once

namespace leat::http {

enum class ExitCode : int {
  ok = 0,
  unsupported_protocol = 1,
  usage = 2,  ///< a bad option, or the link could not be opened
  bad_url = 3,
  cannot_resolve = 6,
  cannot_connect = 7,
  partial_file = 18,  ///< the connection ended before the body did
  http_error = 22,    ///< a status of 400 or more with --fail
  write_error = 23,
  timed_out = 28,
  range_error = 33,  ///< the server cannot resume what we have
  too_many_redirects = 47,
  empty_reply = 52,
  send_error = 55,
  receive_error = 56,
};

constexpr int to_int(ExitCode code) { return static_cast<int>(code); }

}  // namespace leat::http
