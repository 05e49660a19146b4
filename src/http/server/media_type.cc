#include "http/server/media_type.h"

#include <array>

#include "http/message.h"

namespace leat::http {
namespace {

struct Row {
  std::string_view ending, type;
};

constexpr std::array kTypes{
    Row{"html", "text/html; charset=utf-8"},
    Row{"htm", "text/html; charset=utf-8"},
    Row{"css", "text/css; charset=utf-8"},
    Row{"js", "text/javascript; charset=utf-8"},
    Row{"mjs", "text/javascript; charset=utf-8"},
    Row{"txt", "text/plain; charset=utf-8"},
    Row{"md", "text/markdown; charset=utf-8"},
    Row{"log", "text/plain; charset=utf-8"},
    Row{"csv", "text/csv; charset=utf-8"},
    Row{"c", "text/plain; charset=utf-8"},
    Row{"h", "text/plain; charset=utf-8"},
    Row{"cc", "text/plain; charset=utf-8"},
    Row{"py", "text/plain; charset=utf-8"},
    Row{"json", "application/json"},
    Row{"xml", "application/xml"},
    Row{"wasm", "application/wasm"},
    Row{"pdf", "application/pdf"},
    Row{"zip", "application/zip"},
    Row{"gz", "application/gzip"},
    Row{"xz", "application/x-xz"},
    Row{"zst", "application/zstd"},
    Row{"tar", "application/x-tar"},
    Row{"deb", "application/vnd.debian.binary-package"},
    Row{"png", "image/png"},
    Row{"jpg", "image/jpeg"},
    Row{"jpeg", "image/jpeg"},
    Row{"gif", "image/gif"},
    Row{"svg", "image/svg+xml"},
    Row{"webp", "image/webp"},
    Row{"avif", "image/avif"},
    Row{"ico", "image/x-icon"},
    Row{"bmp", "image/bmp"},
    Row{"mp3", "audio/mpeg"},
    Row{"ogg", "audio/ogg"},
    Row{"wav", "audio/wav"},
    Row{"flac", "audio/flac"},
    Row{"mp4", "video/mp4"},
    Row{"webm", "video/webm"},
    Row{"woff", "font/woff"},
    Row{"woff2", "font/woff2"},
    Row{"ttf", "font/ttf"},
    Row{"pcap", "application/vnd.tcpdump.pcap"},
    Row{"pcapng", "application/x-pcapng"},
};

}  // namespace

std::string_view media_type(std::string_view file_name) {
  const std::size_t slash = file_name.rfind('/');
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  const std::size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const Row& row : kTypes) {
      if (equal_ignoring_case(file_name.substr(dot + 1), row.ending)) return row.type;
    }
  }
  return "application/octet-stream";
}

}  // namespace leat::http
