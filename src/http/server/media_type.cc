#include "http/server/media_type.h"

#include <array>

#include "http/message.h"

namespace leat::http {
namespace {

struct MediaType {
  std::string_view ending, type;
};

constexpr std::array kTypes{
    MediaType{"html", "text/html; charset=utf-8"},
    MediaType{"htm", "text/html; charset=utf-8"},
    MediaType{"css", "text/css; charset=utf-8"},
    MediaType{"js", "text/javascript; charset=utf-8"},
    MediaType{"mjs", "text/javascript; charset=utf-8"},
    MediaType{"txt", "text/plain; charset=utf-8"},
    MediaType{"md", "text/markdown; charset=utf-8"},
    MediaType{"log", "text/plain; charset=utf-8"},
    MediaType{"csv", "text/csv; charset=utf-8"},
    MediaType{"c", "text/plain; charset=utf-8"},
    MediaType{"h", "text/plain; charset=utf-8"},
    MediaType{"cc", "text/plain; charset=utf-8"},
    MediaType{"py", "text/plain; charset=utf-8"},
    MediaType{"json", "application/json"},
    MediaType{"xml", "application/xml"},
    MediaType{"wasm", "application/wasm"},
    MediaType{"pdf", "application/pdf"},
    MediaType{"zip", "application/zip"},
    MediaType{"gz", "application/gzip"},
    MediaType{"xz", "application/x-xz"},
    MediaType{"zst", "application/zstd"},
    MediaType{"tar", "application/x-tar"},
    MediaType{"deb", "application/vnd.debian.binary-package"},
    MediaType{"png", "image/png"},
    MediaType{"jpg", "image/jpeg"},
    MediaType{"jpeg", "image/jpeg"},
    MediaType{"gif", "image/gif"},
    MediaType{"svg", "image/svg+xml"},
    MediaType{"webp", "image/webp"},
    MediaType{"avif", "image/avif"},
    MediaType{"ico", "image/x-icon"},
    MediaType{"bmp", "image/bmp"},
    MediaType{"mp3", "audio/mpeg"},
    MediaType{"ogg", "audio/ogg"},
    MediaType{"wav", "audio/wav"},
    MediaType{"flac", "audio/flac"},
    MediaType{"mp4", "video/mp4"},
    MediaType{"webm", "video/webm"},
    MediaType{"woff", "font/woff"},
    MediaType{"woff2", "font/woff2"},
    MediaType{"ttf", "font/ttf"},
    MediaType{"pcap", "application/vnd.tcpdump.pcap"},
    MediaType{"pcapng", "application/x-pcapng"},
};

}  // namespace

std::string_view media_type(std::string_view file_name) {
  const std::size_t slash = file_name.rfind('/');
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  const std::size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const MediaType& row : kTypes) {
      if (equal_ignoring_case(file_name.substr(dot + 1), row.ending)) return row.type;
    }
  }
  return "application/octet-stream";
}

}  // namespace leat::http
