#include "http/tolerant_framing.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>

#include "http/text.h"

namespace leat::http {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<unsigned> digit_of(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  const std::uint8_t lower = c | 0x20;
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return std::nullopt;
}

/// "HTTP/2 200" and "HTTP/1.1 200" become lines that the parser takes.
std::string strict_status_line(std::string_view line) {
  std::string out(line);
  for (const std::string_view version : {"HTTP/2 ", "HTTP/2.0 "}) {
    if (line.substr(0, version.size()) == version) out = "HTTP/1.1 " + std::string(line.substr(version.size()));
  }
  constexpr std::size_t kWithoutReason = std::string_view("HTTP/1.1 200").size();
  if (out.size() == kWithoutReason) out += ' ';
  return out;
}

struct Line {
  std::string text;
  std::string name;  ///< of a field
  std::string_view value() const { return trimmed(std::string_view(text).substr(text.find(':') + 1)); }
  bool is(std::string_view field) const { return equal_ignoring_case(name, field); }
};

Line field_line(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || is_space(text.front())) return {std::string(text), ""};
  std::size_t end = colon;
  while (end > 0 && is_space(text[end - 1])) --end;
  const std::string name(text.substr(0, end));
  return {name + std::string(text.substr(colon)), name};
}

bool is_chunked(const Line& line) {
  return line.is("Transfer-Encoding") && equal_ignoring_case(line.value(), "chunked");
}

}  // namespace

std::size_t head_length(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view before = text.substr(0, at);
    const bool empty =
        before.size() >= 1 &&
        (before.back() == '\n' || (before.size() >= 2 && before.back() == '\r' && before[before.size() - 2] == '\n'));
    if (empty) return at + 1;
  }
  return 0;
}

StrictHead strict_head(std::string_view head) {
  StrictHead strict;
  std::vector<Line> lines;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = head.find('\n', at);
    std::string_view line = head.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (at == 0) {
      strict.text = strict_status_line(line) + "\r\n";
    } else if (!line.empty()) {
      lines.push_back(field_line(line));
    }
    at = end + 1;
  }
  const auto chunked = std::find_if(lines.begin(), lines.end(), is_chunked);
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    const bool repeats = line > chunked && is_chunked(*line);
    if (repeats || (chunked != lines.end() && line->is("Content-Length"))) {
      strict.dropped.push_back({line->name, std::string(line->value())});
    } else {
      strict.text += line->text + "\r\n";
    }
  }
  strict.text += "\r\n";
  strict.changed = strict.text != head;
  return strict;
}

std::size_t ChunkLines::make_strict(std::span<std::uint8_t> block, std::size_t from, std::size_t used) {
  std::vector<std::uint8_t> rewritten;  // everything from the first bare LF on
  std::size_t kept = used;              // bytes in front of it
  std::size_t at = from;
  while (at < used && part_ != Part::done) {
    std::size_t count = 1;
    if (part_ == Part::data) {
      count = static_cast<std::size_t>(std::min<std::uint64_t>(size_, used - at));
      size_ -= count;
      if (size_ == 0) part_ = Part::end_of_data;
    } else {
      const bool bare = block[at] == '\n' && !after_cr_;
      changed_ |= bare;
      if (bare && kept == used) kept = at;
      if (bare) rewritten.push_back('\r');
      on_framing(block[at]);
    }
    if (kept < used) rewritten.insert(rewritten.end(), &block[at], &block[at] + count);
    at += count;
  }
  if (kept == used) return used;
  rewritten.insert(rewritten.end(), block.begin() + static_cast<std::ptrdiff_t>(at),
                   block.begin() + static_cast<std::ptrdiff_t>(used));
  std::copy(rewritten.begin(), rewritten.end(), block.begin() + static_cast<std::ptrdiff_t>(kept));
  return kept + rewritten.size();
}

void ChunkLines::on_framing(std::uint8_t c) {
  after_cr_ = c == '\r';
  if (c == '\n') return on_line_end();
  if (after_cr_) return;
  line_is_empty_ = false;
  if (part_ != Part::size || size_is_over_) return;
  const std::optional<unsigned> digit = digit_of(c);
  if (!digit || size_ >> 60 != 0) {
    size_is_over_ = true;  // an extension follows, or what the parser refuses
  } else {
    size_ = size_ * 16 + *digit;
  }
}

void ChunkLines::on_line_end() {
  switch (part_) {
    case Part::size: part_ = size_ > 0 ? Part::data : Part::trailer; break;
    case Part::end_of_data: part_ = Part::size, size_ = 0; break;
    case Part::trailer: part_ = line_is_empty_ ? Part::done : Part::trailer; break;
    case Part::data:
    case Part::done: break;
  }
  size_is_over_ = false;
  line_is_empty_ = true;
}

}  // namespace leat::http
