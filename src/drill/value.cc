#include "drill/value.h"

#include <algorithm>
#include <array>

#include "drill/symbols.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

constexpr int kDeepest = 16;

Value value_at(Cursor& in, int depth);

/// A name as system headers have them: another system's, or of a newer kernel.
bool is_of_family(std::string_view name) {
  constexpr std::array<std::string_view, 23> kFamilies = {
      "SO_", "TCP_", "TCPI_", "IP_",      "IPV6_", "MSG_", "SCTP_",   "UDP_",  "UDPLITE_", "SIOC", "FIO", "F_",
      "O_",  "SCM_", "SOF_",  "IPPROTO_", "SOL_",  "CAP_", "SPLICE_", "MPTCP", "NLA_",     "PSP_", "TLS_"};
  return std::any_of(kFamilies.begin(), kFamilies.end(), [&](auto family) { return name.starts_with(family); });
}

std::int64_t constant(Cursor& in) {
  const int line = in.line();
  const std::string name = in.word("a number or a constant");
  const auto value = symbol_value(name);
  if (value) return *value;
  if (is_of_family(name)) in.unsupported_at(line, concat("the constant ", name, ", which Linux's headers do not have"));
  in.fail_at(line, concat("unknown constant ", name, " (a symbol of the command line needs -D ", name, "=…)"));
}

Value call_like(Cursor& in, const std::string& name, int line) {
  Value value{.kind = Value::Kind::integer, .line = line};
  in.expect("(");
  if (name == "htons" || name == "htonl" || name == "ntohs") {
    value.number = parse_number(in);
  } else {
    value.kind = Value::Kind::address;
    const std::string text = in.quoted();
    const auto address = IpAddress::parse(text);
    if (!address || address->is_v6() != (name == "inet6_addr")) {
      in.fail_at(line, concat("\"", text, "\" is no ", name == "inet6_addr" ? "IPv6" : "IPv4", " address"));
    }
    value.address = *address;
  }
  in.expect(")");
  return value;
}

bool is_function(std::string_view word) {
  return word == "htons" || word == "htonl" || word == "ntohs" || word == "inet_addr" || word == "inet6_addr";
}

Field field_at(Cursor& in, int depth) {
  const int line = in.line();
  const std::string_view next = in.peek_word();
  if (next.empty() || is_function(next) || symbol_value(next)) return Field{{}, {}, {value_at(in, depth)}};
  Field field{std::string(next), {}, {}};
  in.accept_word(field.name);
  if (in.accept("(")) {
    field.size.push_back(value_at(in, depth));
    in.expect(")");
  }
  if (!in.accept("="))
    in.fail_at(line, concat("\"", field.name, "\" is neither a constant nor a field (\"=\" would follow)"));
  field.held.push_back(value_at(in, depth));
  return field;
}

Value record_at(Cursor& in, int depth, int line) {
  Value value{.kind = Value::Kind::record, .line = line};
  in.expect("{");
  while (!in.accept("}")) {
    value.fields.push_back(field_at(in, depth));
    if (!in.peek_is("}")) in.expect(",");
  }
  return value;
}

Value list_at(Cursor& in, int depth, int line) {
  Value value{.kind = Value::Kind::list, .line = line};
  in.expect("[");
  while (!in.accept("]")) {
    value.items.push_back(value_at(in, depth));
    if (!in.peek_is("]")) in.expect(",");
  }
  return value;
}

Value value_at(Cursor& in, int depth) {
  const int line = in.line();
  if (depth == 0) in.fail("values are nested too deeply");
  if (in.accept("...")) return Value{.line = line};
  if (in.peek() == '[') return list_at(in, depth - 1, line);
  if (in.peek() == '{') return record_at(in, depth - 1, line);
  Value value{.kind = Value::Kind::integer, .line = line};
  if (in.peek() == '"') {
    value.kind = Value::Kind::text;
    value.text = in.quoted();
    return value;
  }
  if (const std::string name(in.peek_word()); is_function(name)) {
    in.accept_word(name);
    return call_like(in, name, line);
  }
  if (in.accept_word("NULL")) {
    value.is_null = true;
    return value;
  }
  const std::size_t begin = in.offset();
  value.number = parse_number(in);
  value.text = in.text_since(begin);
  while (!value.text.empty() && is_space(value.text.back())) value.text.pop_back();
  return value;
}

}  // namespace

const Field* Value::whole_field(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const Value* Value::field(std::string_view name) const {
  const Field* found = whole_field(name);
  return found == nullptr ? nullptr : &found->value();
}

std::int64_t parse_number(Cursor& in) {
  std::int64_t value = 0;
  do {
    value |= is_word_start(in.peek()) ? constant(in) : in.integer("a number or a constant");
  } while (in.accept("|"));
  return value;
}

Value parse_value(Cursor& in) { return value_at(in, kDeepest); }

}  // namespace leat::drill
