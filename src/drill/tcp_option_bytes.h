// TCP options of scripts to bytes and back. Values are those that stand in the bytes: the caller maps relative numbers
// and symbolic time stamps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "drill/packet_form.h"

namespace leat::drill {

std::size_t encoded_size(const TcpOptionForm& option);
/// Appends encoded_size() bytes.
void encode(const TcpOptionForm& option, std::vector<std::uint8_t>& out);
/// Nothing when the bytes are malformed or hold an option that the language has no word for.
std::optional<std::vector<TcpOptionForm>> decode_options(Bytes in);
/// As scripts write it: "mss 1460".
std::string to_string(const TcpOptionForm& option);
std::string to_string(const std::vector<TcpOptionForm>& options);  ///< "<…>", or "" for none

}  // namespace leat::drill
