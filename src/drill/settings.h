// Settings of a run: the options in front of a script and on the command line, with their defaults. A name means the
// same in both places, and the command line wins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drill/source_text.h"
#include "leat/address.h"
#include "leat/time.h"

namespace leat::drill {

enum class IpVersion : std::uint8_t {
  v4,
  v4_mapped_v6,  ///< IPv6 sockets with ::ffff:a.b.c.d, IPv4 on the wire
  v6,
};

struct OptionText {
  std::string name;   ///< without the dashes
  std::string value;  ///< empty when there is none
  int line = 0;       ///< 0: from the command line
};

struct Settings {
  IpVersion ip_version = IpVersion::v4;
  std::uint16_t bind_port = 8080, connect_port = 8080;
  std::optional<IpAddress> local_ip, gateway_ip;
  std::optional<IpPrefix> remote_ip;
  std::uint32_t mtu = 1500;
  std::uint32_t mss = 0;
  Duration tolerance = std::chrono::microseconds(4000);
  double tolerance_percent = 12.5;
  Duration tcp_ts_tick{};  ///< zero: TSvals of the stack are not checked
  bool tcp_ts_ecr_scaled = false;
  bool tcp_ts_ecr_exact = false;  ///< TSecrs of the stack are compared with what the script says
  bool strict_segments = false;
  bool packets_non_fatal = false, calls_non_fatal = false;
  bool is_anyip = false, send_omit_free = false;
  std::string code_command = "python3", code_format = "python", code_sockopt;
  std::string init_scripts;
  bool dry_run = false, verbose = false, debug = false;
  Defines defines;
  /// The part of the script that no player here supports, by name. Such a script is skipped.
  std::string unsupported;

  /// Applies an option. Returns nothing, or the error.
  std::optional<std::string> apply(const OptionText& option);

  /// Called when all have been applied. Returns nothing, or the settings that contradict each other.
  std::optional<std::string> contradiction() const;

  bool sockets_are_v6() const { return ip_version != IpVersion::v4; }
  bool wire_is_v6() const { return ip_version == IpVersion::v6; }
  /// The addresses on the wire, defaults filled in.
  IpAddress local_address() const;
  IpAddress remote_address() const;
};

}  // namespace leat::drill
