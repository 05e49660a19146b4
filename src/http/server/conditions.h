// Conditional requests of RFC 9110 §13: does the client have it already, or something else than it thinks?
#pragma once

#include <ctime>
#include <string_view>

#include "http/server/request.h"

namespace leat::http {

/// What identifies a representation. The tag is strong, with its quotes.
struct Validators {
  std::string_view tag;
  std::time_t modified = 0;
};

/// 304 or 412 when a condition of the request says so, in the order of RFC 9110 §13.2.2; else 0.
unsigned judge_conditions(const RequestHead& request, const Validators& validators);

/// May the Range field be obeyed? Not when If-Range names another version (RFC 9110 §13.1.5).
bool range_applies(const RequestHead& request, const Validators& validators);

}  // namespace leat::http
