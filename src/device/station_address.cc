#include "device/station_address.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <string>

#include "device/system_random.h"

namespace leat {

MacAddress derive_mac(const SipKey& machine, const StationName& name) {
  std::string text = "leat station address";
  for (const std::string& part : {std::string(name.host), std::string(name.link), name.address.to_string()}) {
    text += '\0';
    text += part;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::uint64_t hash = siphash<2, 4>(machine, Bytes(bytes, text.size()));
  MacAddress mac;
  for (std::uint8_t& byte : mac.bytes) {
    byte = static_cast<std::uint8_t>(hash);
    hash >>= 8;
  }
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfc) | 0x02);
  return mac;
}

std::optional<SipKey> machine_id(const char* path) {
  constexpr std::size_t kDigits = 32;
  std::string id;
  if (!std::getline(std::ifstream(path), id) || id.size() != kDigits) return std::nullopt;
  std::array<std::uint64_t, 2> key{};
  for (std::size_t half = 0; half < key.size(); ++half) {
    const char* begin = id.data() + half * kDigits / 2;
    const char* end = begin + kDigits / 2;
    const auto [parsed, error] = std::from_chars(begin, end, key[half], 16);
    if (error != std::errc() || parsed != end) return std::nullopt;
  }
  if (key[0] == 0 && key[1] == 0) return std::nullopt;
  return SipKey{key[0], key[1]};
}

MacAddress station_mac(std::string_view link, const IpAddress& address) {
  std::optional<SipKey> machine = machine_id("/etc/machine-id");
  if (!machine) machine = machine_id("/var/lib/dbus/machine-id");
  if (!machine) return random_mac();
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return random_mac();
  return derive_mac(*machine, {host.data(), link, address});
}

}  // namespace leat
