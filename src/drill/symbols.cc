#include "drill/symbols.h"

#include <array>
#include <unordered_map>

namespace leat::drill {
namespace {

using Table = std::unordered_map<std::string_view, std::int64_t>;

const Table& table() {
  static const Table all = [] {
    Table out;
    for (const auto& part : {errno_symbols(), socket_symbols(), tcp_symbols(), descriptor_symbols()}) {
      for (const Symbol& symbol : part) out.emplace(symbol.name, symbol.value);
    }
    return out;
  }();
  return all;
}

}  // namespace

std::optional<std::int64_t> symbol_value(std::string_view name) {
  const auto found = table().find(name);
  if (found == table().end()) return std::nullopt;
  return found->second;
}

std::string_view errno_name(int error) {
  for (const Symbol& symbol : errno_symbols()) {
    if (symbol.value == error) return symbol.name;
  }
  return error == 0 ? "no error" : "an unknown error";
}

}  // namespace leat::drill
