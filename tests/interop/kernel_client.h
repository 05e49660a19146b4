// KernelClient: a connection of the kernel's TCP that behaves well or badly, as the test says. It is made in a child
// process inside the lab (in_far). A failure, or a step that takes longer than kLimit, is an exception that fails the
// test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lab/lab.h"
#include "lab/unique_fd.h"

namespace leat::interop {

class KernelClient {
 public:
  static constexpr std::chrono::seconds kLimit{60};

  /// `receive_buffer` is in bytes; 0 means the kernel's default.
  KernelClient(const std::string& address, std::uint16_t port, int receive_buffer = 0);

  void send(std::string_view bytes);
  /// Sends until `bytes` are sent, or the connection takes no data for `pause`. Returns the number of bytes.
  std::size_t send_what_fits(std::string_view bytes, std::chrono::milliseconds pause);
  void half_close();
  void reset();

  enum class End { fin, reset };
  /// Reads to the end. `end` receives the kind of end.
  std::string read_all(End& end);
  /// Reads to the FIN.
  std::string read_all();
  /// Reads exactly this number of bytes.
  std::string read(std::size_t count);
  /// Waits for a RST without reading.
  void wait_for_reset();
  /// True if data or the end can be read within `limit`.
  bool is_readable(std::chrono::milliseconds limit) const;

 private:
  lab::UniqueFd socket_;
};

/// Runs `body` in the network far. Its exceptions are failures of the test. See also expect_success.
lab::Process in_far(const lab::Lab& lab, const std::function<void()>& body);

/// Throws `what` unless `holds` is true. For bodies of in_far.
void require(bool holds, const std::string& what);
/// Waits, as a slow client does. For bodies of in_far.
void dawdle(std::chrono::milliseconds pause);
/// Writes a text to standard error, for wait_for_errors. For bodies of in_far.
void announce(std::string_view text);

}  // namespace leat::interop
