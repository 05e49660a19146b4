// KernelClient: a connection of the kernel's TCP that behaves as it is told, also badly. Made in a child process inside
// the lab (in_far). Whatever goes wrong, or takes longer than kLimit, is an exception that fails the test.
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

  /// `receive_buffer` 0: the kernel's default.
  KernelClient(const std::string& address, std::uint16_t port, int receive_buffer = 0);

  void send(std::string_view bytes);
  /// Until `bytes` are sent or the connection takes no more for `pause`; how many.
  std::size_t send_what_fits(std::string_view bytes, std::chrono::milliseconds pause);
  void half_close();
  void reset();

  enum class End { fin, reset };
  /// Everything up to the end; `end` says which.
  std::string read_all(End& end);
  /// Everything up to a FIN.
  std::string read_all();
  /// Exactly so many bytes.
  std::string read(std::size_t count);
  /// Without reading anything.
  void wait_for_reset();
  /// Something, or the end, can be read within `limit`.
  bool is_readable(std::chrono::milliseconds limit) const;

 private:
  lab::UniqueFd socket_;
};

/// Runs `body` in the lab's far place; its exceptions are the test's failures. See also expect_success.
lab::Process in_far(const lab::Lab& lab, const std::function<void()>& body);

/// For bodies: throws `what` unless `holds`.
void require(bool holds, const std::string& what);
/// For bodies: what a slow client does between two calls.
void dawdle(std::chrono::milliseconds pause);
/// For bodies: text on standard error, for wait_for_errors.
void announce(std::string_view text);

}  // namespace leat::interop
