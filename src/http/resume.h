// Going on with a download that was cut off: what to ask for, and what the answer means (RFC 9110 §13.1.5, §14).
//
// Pure; fetch acts on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace leat::http {

/// A Content-Range field. "bytes 5-9/10", "bytes 5-9/*" or "bytes */10".
struct ContentRange {
  std::optional<std::uint64_t> first, last;  ///< both or none; first <= last
  std::optional<std::uint64_t> total;        ///< greater than last when both are known
};
/// Nothing when it is malformed or counts in another unit.
std::optional<ContentRange> parse_content_range(std::string_view value);

/// What must not have changed for the rest to fit what we have: a strong entity tag, else a date of modification
/// that is strong by RFC 9110 §8.8.2.2, else "" (never a weak validator, which If-Range forbids).
std::string validator_of(const ResponseHead& head);

enum class ResumeAnswer {
  append,      ///< 206 with exactly the rest
  restart,     ///< the whole body from its first byte: the server has no ranges, or another file by now
  complete,    ///< 416, and what we have is as long as the whole
  impossible,  ///< the server's ranges do not fit what we have
  refused,     ///< a status that is no answer to a range request, such as 404: what we have must not be touched
};

/// Reads the answer to a request for `bytes=have-` (have > 0) of what had `validator`, "" if unknown.
ResumeAnswer resume_answer(const ResponseHead& head, std::uint64_t have, std::string_view validator);

}  // namespace leat::http
