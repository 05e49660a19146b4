// The status codes (RFC 9110 §15) with which the server refuses a request.
#pragma once

namespace leat::http {

constexpr unsigned kBadRequest = 400, kForbidden = 403, kNotFound = 404, kTooLarge = 413, kHeadTooLarge = 431;
constexpr unsigned kServerError = 500, kNotImplemented = 501, kUnavailable = 503, kBadVersion = 505;

}  // namespace leat::http
