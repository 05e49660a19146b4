// The media type of a file, by its name's ending.
#pragma once

#include <string_view>

namespace leat::http {

/// "application/octet-stream" when the ending says nothing.
std::string_view media_type(std::string_view file_name);

}  // namespace leat::http
