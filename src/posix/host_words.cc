#include "posix/host_words.h"

#include <charconv>
#include <optional>
#include <vector>

namespace leat {
namespace {

using Trouble = std::optional<std::string>;

std::vector<std::string_view> split(std::string_view words) {
  constexpr std::string_view kSpace = " \t\n";
  std::vector<std::string_view> found;
  for (std::size_t at = words.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(words.find_first_of(kSpace, at), words.size());
    found.push_back(words.substr(at, end - at));
    at = words.find_first_not_of(kSpace, end);
  }
  return found;
}

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

Trouble set_mtu(HostConfig& config, std::string_view value) {
  std::uint32_t mtu = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mtu);
  if (error != std::errc() || end != value.data() + value.size()) return quoted(value) + " is no MTU: give bytes";
  config.mtu = mtu;
  return std::nullopt;
}

Trouble set(HostConfig& config, std::string_view key, std::string_view value) {
  if (key == "mtu") return set_mtu(config, value);
  if (key == "gateway") {
    config.gateway = IpAddress::parse(value);
    if (!config.gateway) return quoted(value) + " is no address of a gateway, such as 10.0.0.1";
  } else if (key == "mac") {
    config.mac = MacAddress::parse(value);
    if (!config.mac) return quoted(value) + " is no MAC address, such as 02:00:00:00:00:01";
  } else if (key == "impair") {
    auto impairment = Impairment::parse(value);
    if (!impairment) return quoted(value) + ": " + impairment.error();
    config.impairments.push_back(*impairment);
  } else if (key == "poll") {
    const auto polling = parse_polling(value);
    if (!polling) return quoted(value) + " is no way to wait: adaptive, busy or sleep";
    config.polling = *polling;
  } else if (key == "capture") {
    config.capture = value;
  } else {
    config.tcp.congestion_control = value;
  }
  return std::nullopt;
}

bool is_key(std::string_view word) {
  for (const std::string_view key : {"mtu", "gateway", "mac", "impair", "poll", "capture", "congestion"}) {
    if (word == key) return true;
  }
  return false;
}

}  // namespace

expected<HostConfig, std::string> parse_host_words(std::string_view text) {
  const std::vector<std::string_view> words = split(text);
  if (words.empty()) return unexpected("no link given, such as \"tap:leat0 10.0.0.2/24\" or \"loopback\"");
  HostConfig config;
  config.link = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (is_key(words[i])) {
      if (i + 1 == words.size()) return unexpected(quoted(words[i]) + " wants a value behind it");
      if (Trouble trouble = set(config, words[i], words[i + 1])) return unexpected(*trouble);
      ++i;
    } else if (const std::optional<IpPrefix> address = IpPrefix::parse(words[i])) {
      config.addresses.push_back(*address);
    } else {
      return unexpected(quoted(words[i]) +
                        " is neither an address with its prefix length, such as 10.0.0.2/24, nor one " +
                        "of gateway, mac, mtu, impair, poll, capture, congestion");
    }
  }
  return config;
}

}  // namespace leat
