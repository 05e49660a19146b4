#include "drill/source_text.h"

#include <algorithm>

#include "drill/cursor.h"

namespace leat::drill {
namespace {

/// The end of the literal that begins at `at`, or `at` when none begins there. An unclosed one goes to the end.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const auto after = [&](std::string_view end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  if (text.substr(at).starts_with("%{")) return after("}%", at + 2);
  if (text[at] == '`') return after("`", at + 1);
  if (text[at] != '"') return at;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != '"' && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

/// Likewise for a comment.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const bool is_first_line = at == 0 && rest.starts_with("#!");
  if (rest.starts_with("//") || is_first_line) return std::min(text.find('\n', at), text.size());
  if (!rest.starts_with("/*")) return at;
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

}  // namespace

std::string without_comments(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t literal = end_of_literal(text, at);
    const std::size_t comment = literal == at ? end_of_comment(text, at) : at;
    if (comment > at) {
      for (; at < comment; ++at) out += text[at] == '\n' ? '\n' : ' ';
    } else {
      const std::size_t end = std::max(literal, at + 1);
      out += text.substr(at, end - at);
      at = end;
    }
  }
  return out;
}

std::string with_defines(std::string_view text, const Defines& defines) {
  if (defines.empty()) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = end_of_literal(text, at);
    if (end > at) {
      out += text.substr(at, end - at);
    } else if (is_word(text[at])) {
      end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      const std::string_view word = text.substr(at, end - at);
      const auto define = defines.find(word);
      out += define == defines.end() ? word : define->second;
    } else {
      out += text[at], end = at + 1;
    }
    at = end;
  }
  return out;
}

}  // namespace leat::drill
