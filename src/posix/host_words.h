// The words that leat_host_open() reads, as a HostConfig.
#pragma once

#include <string>
#include <string_view>

#include "leat/expected.h"
#include "leat/host.h"

namespace leat {

/// The link `loopback` is that word alone in HostConfig::link, which open_link() does not know. The error is a
/// sentence.
expected<HostConfig, std::string> parse_host_words(std::string_view words);

}  // namespace leat
