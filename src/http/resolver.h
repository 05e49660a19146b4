// Names to addresses: what --resolve says first, then a literal address, then the system's resolver. IPv4 for now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leat/address.h"
#include "leat/expected.h"

namespace leat::http {

/// One --resolve HOST:PORT:ADDR[,ADDR...]: connections to that host and port go to these addresses.
struct ResolveEntry {
  std::string host;  ///< lower case
  std::uint16_t port = 0;
  std::vector<IpAddress> addresses;
};
/// The error is a sentence.
expected<ResolveEntry, std::string> parse_resolve_entry(std::string_view text);

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// At least one address, the best first, or a sentence why there is none. `host` is in lower case.
  virtual expected<std::vector<IpAddress>, std::string> resolve(const std::string& host, std::uint16_t port) = 0;
};

/// getaddrinfo(3), which may block for as long as the system is configured to.
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(std::vector<ResolveEntry> entries = {}) : entries_(std::move(entries)) {}
  expected<std::vector<IpAddress>, std::string> resolve(const std::string& host, std::uint16_t port) override;

 private:
  std::vector<ResolveEntry> entries_;
};

}  // namespace leat::http
