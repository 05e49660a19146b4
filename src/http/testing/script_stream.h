// A ByteStream that plays a script: what the server "sends", in pieces of a chosen size, and how it ends.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "http/byte_stream.h"

namespace leat::http {

class ScriptStream final : public ByteStream {
 public:
  /// After `bytes` the stream ends, or fails with `ending`.
  explicit ScriptStream(std::string bytes, std::size_t piece = 1 << 20, Error ending = Error::none)
      : bytes_(std::move(bytes)), piece_(piece), ending_(ending) {}

  expected<std::size_t, Error> read_some(MutableBytes buffer, Duration timeout) override {
    last_timeout = timeout;
    if (at_ == bytes_.size()) {
      if (ending_ != Error::none) return unexpected(ending_);
      return std::size_t{0};
    }
    const std::size_t n = std::min({piece_, buffer.size(), bytes_.size() - at_});
    std::memcpy(buffer.data(), bytes_.data() + at_, n);
    at_ += n;
    return n;
  }
  expected<void, Error> write_all(Bytes data, Duration) override {
    written.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  }
  void close() override { closed = true; }
  void abort() override { aborted = true; }

  std::string written;
  Duration last_timeout{};
  bool closed = false, aborted = false;

 private:
  std::string bytes_;
  std::size_t piece_;
  Error ending_;
  std::size_t at_ = 0;
};

}  // namespace leat::http
