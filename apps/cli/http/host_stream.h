// leat::Connection as the ByteStream that HTTP speaks over, and leat::Host as the Transport that opens them.
#pragma once

#include <memory>
#include <optional>

#include "http/byte_stream.h"
#include "leat/host.h"

namespace leat::command {

class HostTransport final : public http::Transport {
 public:
  /// `send_buffer`: of the host's connections; more first data than that is written after the handshake.
  HostTransport(Host& host, std::size_t send_buffer) : host_(host), send_buffer_(send_buffer) {}

  expected<std::unique_ptr<http::ByteStream>, Error> connect(const Endpoint& remote, std::optional<Duration> timeout,
                                                             Bytes first_data) override;

 private:
  Host& host_;
  std::size_t send_buffer_;
};

}  // namespace leat::command
