#include "cli/http/host_stream.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace leat::command {
namespace {

/// How long close() waits for the peer's FIN, and for the acknowledgement of ours.
constexpr Duration kStreamFarewell = std::chrono::milliseconds(500);

class HostStream final : public http::ByteStream {
 public:
  explicit HostStream(Connection connection) : connection_(std::move(connection)) {}

  expected<std::size_t, Error> read_some(MutableBytes buffer, Duration timeout) override {
    return connection_.read(buffer, timeout);
  }
  expected<void, Error> write_all(Bytes data, Duration timeout) override {
    return connection_.write_all(data, timeout);
  }
  /// FIN, then what still comes up to the peer's FIN, so that its end is acknowledged before our host is gone.
  void close() override {
    std::array<std::uint8_t, 4096> rest;
    const auto end = std::chrono::steady_clock::now() + kStreamFarewell;
    if (connection_.shutdown()) {
      for (;;) {
        const Duration left = end - std::chrono::steady_clock::now();
        if (left <= Duration::zero()) break;
        const auto n = connection_.read(rest, left);
        if (!n || *n == 0) break;
      }
    }
    static_cast<void>(connection_.close(kStreamFarewell).has_value());
  }
  void abort() override { connection_.abort(); }

  TcpInfo info() const override { return connection_.info(); }
  Endpoint local() const override { return connection_.local(); }
  Endpoint remote() const override { return connection_.remote(); }

 private:
  Connection connection_;
};

}  // namespace

expected<std::unique_ptr<http::ByteStream>, Error> HostTransport::connect(const Endpoint& remote,
                                                                          std::optional<Duration> timeout,
                                                                          Bytes first_data) {
  ConnectOptions options;
  options.timeout = timeout;
  options.first_data = first_data.first(std::min(first_data.size(), send_buffer_));
  auto connection = host_.connect(remote, options);
  if (!connection) return unexpected(connection.error());
  if (const Bytes rest = first_data.subspan(options.first_data.size()); !rest.empty()) {
    if (auto ok = connection->write_all(rest, timeout); !ok) return unexpected(ok.error());
  }
  return std::unique_ptr<http::ByteStream>(std::make_unique<HostStream>(std::move(*connection)));
}

}  // namespace leat::command
