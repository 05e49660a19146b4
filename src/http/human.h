// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

#include "leat/time.h"

namespace leat::http {

/// "999 B", "1.5 kB", "10.0 MB": powers of 1000, one digit after the point.
std::string human_bytes(double bytes);
/// "850 bit/s", "94.1 Mbit/s".
std::string human_rate(double bytes_per_second);
/// "0:07", "12:34", "1:02:03"; "--:--" when negative or beyond four days.
std::string human_clock(Duration time);
/// "850 us", "12.3 ms", "4.56 s".
std::string human_time(Duration time);

}  // namespace leat::http
