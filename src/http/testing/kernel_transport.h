// For tests: connections of the kernel's TCP, and a server that plays a script over them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/byte_stream.h"

namespace leat::http {

class KernelTransport final : public Transport {
 public:
  expected<std::unique_ptr<ByteStream>, Error> connect(const Endpoint& remote, std::optional<Duration> timeout,
                                                       Bytes first_data) override;
};

/// One request is awaited, `response` is sent, then this happens to the connection.
struct Step {
  std::string response;
  enum class Then { keep, close, hang } then = Then::close;  ///< hang: until the client goes away
};

/// Listens on a free port of 127.0.0.1 and plays one list of steps a connection, one connection after the other.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::vector<Step>> connections);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::uint16_t port() const { return port_; }
  /// All requests received so far, in their order.
  std::vector<std::string> requests() const;
  std::size_t connections() const { return accepted_; }

 private:
  void serve(const std::vector<std::vector<Step>>& connections);
  void play(int fd, const std::vector<Step>& steps);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> accepted_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace leat::http
