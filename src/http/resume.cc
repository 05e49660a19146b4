#include "http/resume.h"

#include <charconv>

#include "http/date.h"

namespace leat::http {
namespace {

/// Takes a decimal number off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view what) {
  if (!equal_ignoring_case(text.substr(0, what.size()), what)) return false;
  text.remove_prefix(what.size());
  return true;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view value) {
  ContentRange range;
  if (!take(value, "bytes")) return std::nullopt;
  if (!take(value, " ")) return std::nullopt;
  while (take(value, " ")) {
  }
  if (!take(value, "*")) {
    range.first = take_number(value);
    if (!range.first || !take(value, "-")) return std::nullopt;
    range.last = take_number(value);
    if (!range.last || *range.last < *range.first) return std::nullopt;
  }
  if (!take(value, "/")) return std::nullopt;
  if (!take(value, "*")) {
    range.total = take_number(value);
    if (!range.total || (range.last && *range.last >= *range.total)) return std::nullopt;
  }
  if (!value.empty() || (!range.first && !range.total)) return std::nullopt;
  return range;
}

std::string validator_of(const ResponseHead& head) {
  if (const auto tag = head.find("ETag")) {
    const bool strong = tag->size() >= 2 && tag->front() == '"' && tag->back() == '"';
    return strong ? std::string(*tag) : std::string();
  }
  const auto modified = head.find("Last-Modified");
  const auto date = head.find("Date");
  if (!modified || !date) return {};
  const auto modified_at = parse_date(*modified), sent_at = parse_date(*date);
  // A file that changes twice within a second would keep its date.
  if (!modified_at || !sent_at || *sent_at - *modified_at < 1) return {};
  return std::string(*modified);
}

ResumeAnswer resume_answer(const ResponseHead& head, std::uint64_t have, std::string_view validator) {
  const auto field = head.find("Content-Range");
  const auto range = field ? parse_content_range(*field) : std::nullopt;
  if (head.status == 416) {
    return range && !range->first && range->total == have ? ResumeAnswer::complete : ResumeAnswer::impossible;
  }
  if (head.status != 206) return head.status == 200 ? ResumeAnswer::restart : ResumeAnswer::refused;
  if (!range || range->first != have) return ResumeAnswer::impossible;
  const std::uint64_t length = *range->last - have + 1;
  if (head.content_length && *head.content_length != length) return ResumeAnswer::impossible;
  // The range must reach the end, or the file would be renamed without its tail.
  if (range->total && *range->last + 1 != *range->total) return ResumeAnswer::impossible;
  const std::string now = validator_of(head);
  if (!validator.empty() && !now.empty() && now.front() == validator.front() && now != validator) {
    return ResumeAnswer::impossible;
  }
  return ResumeAnswer::append;
}

}  // namespace leat::http
