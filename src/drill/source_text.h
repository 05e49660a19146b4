// Prepares a script's text for the parser: comments are blanked out, and defined symbols are replaced. Line ends stay
// where they are, so that line numbers are those of the file.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace leat::drill {

/// Symbols and their values, quotes included: -D CODE=host_unreachable, -D CMD=`true`.
using Defines = std::map<std::string, std::string, std::less<>>;

/// Blanks out // … and /* … */ where they are not inside "…", `…` or %{ … }%.
std::string without_comments(std::string_view text);

/// Replaces each bare word that is defined, outside "…", `…` and %{ … }%.
std::string with_defines(std::string_view text, const Defines& defines);

}  // namespace leat::drill
