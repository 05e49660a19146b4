// respond: what a site answers to a request (RFC 9110): files whole or in ranges, listings, redirects, refusals.
#pragma once

#include "http/server/request.h"
#include "http/server/response.h"
#include "http/server/site.h"

namespace leat::http {

/// The body is there for a HEAD request too, for its length; do not send it.
Response respond(const RequestHead& request, const Site& site);

}  // namespace leat::http
