// The page that lists a folder. Names are escaped for HTML and for URLs.
#pragma once

#include <string>

#include "http/server/site.h"

namespace leat::http {

std::string listing_page(const std::string& path, const SiteFolder& folder);

/// `text` as the path of a URL: everything but unreserved characters and '/' as %XX.
std::string encode_path(std::string_view text);
std::string escape_html(std::string_view text);

}  // namespace leat::http
