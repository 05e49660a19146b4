#include "drill/fuzz.h"

#include <string>

#include "drill/features.h"
#include "drill/packet_text.h"
#include "drill/parser.h"
#include "drill/shell.h"
#include "drill/tcp_option_bytes.h"

namespace leat::drill {

void drill_fuzz(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  for (const char* version : {"ipv4", "ipv6"}) {
    const auto script = parse_script("fuzz", text, {{"ip_version", version, 0}, {"D", "CODE=host_unreachable", 0}});
    if (!script) {
      static_cast<void>(script.error().to_string());
      continue;
    }
    for (const Event& event : script->events) {
      static_cast<void>(feature_of(event));
      const auto* packet = std::get_if<PacketForm>(&event.what);
      if (packet == nullptr || packet->tcp() == nullptr) continue;
      std::vector<std::uint8_t> bytes;
      for (const TcpOptionForm& option : packet->tcp()->options) encode(option, bytes);
      static_cast<void>(decode_options(bytes));
      static_cast<void>(to_string(*packet));
    }
  }
  static_cast<void>(decode_options(Bytes(data, size)));
  ShellVariables variables;
  static_cast<void>(read_shell(text, variables));
  static_cast<void>(shell_arithmetic(text, variables));
}

}  // namespace leat::drill
