// A line of the common log format for each exchange. Nothing that a client sends can break out of its line.
#pragma once

#include <ctime>
#include <string>

#include "http/server/session.h"

namespace leat::http {

std::string log_line(const std::string& client, std::time_t time, const Exchange& exchange);

}  // namespace leat::http
