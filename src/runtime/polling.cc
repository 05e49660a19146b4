#include "leat/polling.h"

namespace leat {

std::optional<Polling> parse_polling(std::string_view name) {
  if (name == "adaptive") return Polling::adaptive;
  if (name == "busy") return Polling::busy;
  if (name == "sleep") return Polling::sleep;
  return std::nullopt;
}

}  // namespace leat
