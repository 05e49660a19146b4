#include "device/system_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace leat {

void fill_random(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = ::getrandom(out.data(), out.size(), 0);
    if (n > 0) {
      out = out.subspan(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      std::abort();
    }
  }
}

MacAddress random_mac() {
  MacAddress mac;
  fill_random(mac.bytes);
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfc) | 0x02);
  return mac;
}

}  // namespace leat
