#include "http/server/listing.h"

#include <array>

namespace leat::http {

std::string encode_path(std::string_view text) {
  constexpr std::string_view kPlain = "-._~/";
  constexpr std::array kDigits{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string listing_page(const std::string& path, const SiteFolder& folder, std::size_t most) {
  const std::string title = escape_html(path);
  std::string page = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" + title +
                     "</title></head>\n<body><h1>" + title + "</h1>\n<table>\n";
  if (path != "/") page += "<tr><td><a href=\"../\">../</a></td><td></td></tr>\n";
  std::size_t listed = 0;
  for (const SiteEntry& entry : folder.entries) {
    if (page.size() >= most) break;
    ++listed;
    const std::string slash = entry.is_folder ? "/" : "";
    // "./" keeps a name with a colon from looking like a scheme.
    page.append("<tr><td><a href=\"./").append(encode_path(entry.name)).append(slash).append("\">");
    page.append(escape_html(entry.name)).append(slash).append("</a></td><td align=\"right\">");
    if (!entry.is_folder) page.append(std::to_string(entry.size));
    page.append("</td></tr>\n");
  }
  page += "</table>";
  if (listed < folder.entries.size()) page += "<p>and " + std::to_string(folder.entries.size() - listed) + " more</p>";
  return page + "</body></html>\n";
}

}  // namespace leat::http
