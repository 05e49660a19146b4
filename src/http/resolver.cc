#include "http/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "http/text.h"

namespace leat::http {
expected<ResolveEntry, std::string> parse_resolve_entry(std::string_view text) {
  const std::string usage = "want HOST:PORT:ADDRESS, such as example.org:80:192.0.2.1";
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos || first == 0) return unexpected(usage);

  ResolveEntry entry;
  entry.host = std::string(text.substr(0, first));
  std::transform(entry.host.begin(), entry.host.end(), entry.host.begin(), to_lower);
  const std::string_view port = text.substr(first + 1, second - first - 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), entry.port);
  if (error != std::errc{} || end != port.data() + port.size() || entry.port == 0) {
    return unexpected("\"" + std::string(port) + "\" is no port; " + usage);
  }
  std::string_view rest = text.substr(second + 1);
  for (;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    const auto address = IpAddress::parse(one);
    if (!address || !address->is_v4()) return unexpected("\"" + std::string(one) + "\" is no IPv4 address; " + usage);
    entry.addresses.push_back(*address);
    if (comma == std::string_view::npos) return entry;
    rest.remove_prefix(comma + 1);
  }
}

expected<std::vector<IpAddress>, std::string> SystemResolver::resolve(const std::string& host, std::uint16_t port) {
  for (const ResolveEntry& entry : entries_) {
    if (entry.host == host && entry.port == port) return entry.addresses;
  }
  if (const auto literal = IpAddress::parse(host); literal && literal->is_v4()) return std::vector{*literal};

  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    return unexpected("cannot resolve " + host + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    if (item->ai_family != AF_INET) continue;
    const auto* socket_address = reinterpret_cast<const sockaddr_in*>(item->ai_addr);
    addresses.push_back(IpAddress::v4(ntohl(socket_address->sin_addr.s_addr)));
  }
  if (addresses.empty()) return unexpected("cannot resolve " + host + ": no IPv4 address");
  return addresses;
}

}  // namespace leat::http
