// Reads the words of leat_host_open() into a HostConfig.
#pragma once

#include <string>
#include <string_view>

#include "leat/expected.h"
#include "leat/host.h"

namespace leat {

/// The error is a sentence. For the link `loopback`, HostConfig::link is that word, which open_link() does not accept.
expected<HostConfig, std::string> parse_host_words(std::string_view words);

}  // namespace leat
