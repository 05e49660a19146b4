// Requests that no client should send, made from a seed: the same each time. Used by the tests of the session and by
// those of the command over real sockets.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace leat::http::testing {

/// `count` streams of bytes, each for a connection of its own; the targets are /ten and /big.
std::vector<std::string> malformed_requests(unsigned seed, std::size_t count);

}  // namespace leat::http::testing
