// Features of TCP/IP and of sockets that a stack under test may lack. A script that uses one of them on such a stack is
// skipped with its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drill/script.h"

namespace leat::drill {

enum class Feature : std::uint8_t {
  fast_open,
  ecn,
  accurate_ecn,
  tcp_md5,
  udp,
  ipv6,
  zero_copy,
  error_queue,
  encapsulation,
};

std::string_view feature_name(Feature feature);

struct FeatureUse {
  Feature feature;
  int line = 0;
  std::string by;  ///< the option, flag or call that uses it: "MSG_FASTOPEN"
};

/// The feature that an event needs, found by its options, flags and calls.
std::optional<FeatureUse> feature_of(const Event& event);

/// The feature that a socket option belongs to, by its name: TCP_FASTOPEN_CONNECT. Empty: none with a name.
std::string_view feature_of_option(std::string_view option);

}  // namespace leat::drill
