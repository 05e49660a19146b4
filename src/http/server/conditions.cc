#include "http/server/conditions.h"

#include "http/date.h"

namespace leat::http {
namespace {

/// Is `tag` in a list of entity tags? A weak comparison looks through "W/".
bool lists(std::string_view list, std::string_view tag, bool weak) {
  if (list == "*") return true;
  while (!list.empty()) {
    const std::size_t begin = list.find_first_not_of(" \t,");
    if (begin == std::string_view::npos) return false;
    list.remove_prefix(begin);
    const bool is_weak = list.substr(0, 2) == "W/";
    if (is_weak) list.remove_prefix(2);
    const std::size_t end = list.empty() || list[0] != '"' ? std::string_view::npos : list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == tag && (weak || !is_weak)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

unsigned judge_conditions(const RequestHead& request, const Validators& validators) {
  constexpr unsigned kNotModified = 304, kPreconditionFailed = 412;
  if (const auto match = request.find("If-Match")) {
    if (!lists(*match, validators.tag, false)) return kPreconditionFailed;
  } else if (const auto unmodified = request.find("If-Unmodified-Since")) {
    const auto date = parse_date(*unmodified);
    if (date && validators.modified > *date) return kPreconditionFailed;
  }
  if (const auto none_match = request.find("If-None-Match")) {
    return lists(*none_match, validators.tag, true) ? kNotModified : 0;
  }
  if (const auto modified = request.find("If-Modified-Since")) {
    const auto date = parse_date(*modified);
    if (date && validators.modified <= *date) return kNotModified;
  }
  return 0;
}

bool range_applies(const RequestHead& request, const Validators& validators) {
  const auto condition = request.find("If-Range");
  if (!condition) return true;
  if (!condition->empty() && condition->front() == '"') return *condition == validators.tag;
  const auto date = parse_date(*condition);
  return date && *date == validators.modified;
}

}  // namespace leat::http
