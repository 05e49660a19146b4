// The names of counters and drop reasons, taken from the enumerators, so that they cannot differ.
#include "leat/counters.h"

#include <utility>

namespace leat {
namespace {

/// The name of an enumerator. The compiler prints it in the signature of this function: "... V = leat::Counter::X]".
template <auto V>
constexpr std::string_view enumerator_name() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::string_view value = text.substr(text.find("V = ") + 4);
  const std::string_view qualified = value.substr(0, value.find_first_of(";]"));
  return qualified.substr(qualified.rfind(':') + 1);
}

template <class Enum>
constexpr std::size_t kSize = static_cast<std::size_t>(Enum::kCount);

template <class Enum>
constexpr auto make_names() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{enumerator_name<static_cast<Enum>(I)>()...};
  }
  (std::make_index_sequence<kSize<Enum>>{});
}

constexpr auto kCounterNames = make_names<Counter>();
constexpr auto kDropNames = make_names<DropReason>();
static_assert(kCounterNames[static_cast<std::size_t>(Counter::IpInReceives)] == "IpInReceives");
static_assert(kDropNames.front() == "NOT_SPECIFIED");

}  // namespace

std::string_view to_string(Counter counter) {
  const auto i = static_cast<std::size_t>(counter);
  return i < kCounterNames.size() ? kCounterNames[i] : "unknown";
}

std::string_view to_string(DropReason reason) {
  const auto i = static_cast<std::size_t>(reason);
  return i < kDropNames.size() ? kDropNames[i] : "unknown";
}

}  // namespace leat
