// The constants that scripts name: those of this host's headers, by name. The tables are in symbols_*.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace leat::drill {

struct Symbol {
  std::string_view name;
  std::int64_t value;
};

/// Nothing when there is no such constant.
std::optional<std::int64_t> symbol_value(std::string_view name);
/// "EAGAIN", or words for a number without a name.
std::string_view errno_name(int error);

std::span<const Symbol> errno_symbols();
std::span<const Symbol> socket_symbols();      ///< families, types, SOL_, SO_, MSG_, SHUT_, IP_, IPV6_, SCM_
std::span<const Symbol> tcp_symbols();         ///< TCP_ options, states, NLA types
std::span<const Symbol> descriptor_symbols();  ///< poll, epoll, open, fcntl, ioctl, capabilities

}  // namespace leat::drill
