// The page that lists a folder. Names are escaped for HTML and for URLs.
#pragma once

#include <string>

#include "http/server/site.h"

namespace leat::http {

/// Not much longer than `most` bytes: what does not fit is counted only.
std::string listing_page(const std::string& path, const SiteFolder& folder, std::size_t most);

/// `text` as the path of a URL: everything but unreserved characters and '/' as %XX.
std::string encode_path(std::string_view text);
std::string escape_html(std::string_view text);

}  // namespace leat::http
