// Value: an argument or a result of a system call, as written. Its meaning depends on the call (call_table.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drill/cursor.h"
#include "leat/address.h"

namespace leat::drill {

struct Value;

/// name=value, name(size)=value, or a value without a name.
struct Field {
  std::string name;
  std::vector<Value> size;  ///< the value in parentheses: none or one
  std::vector<Value> held;  ///< one
  const Value& value() const;
};

struct Value {
  enum class Kind : std::uint8_t {
    ellipsis,  ///< ... : the player fills it in
    integer,   ///< a number, constants joined by |, htons(n); `text` has it as written
    text,      ///< "…"
    address,   ///< inet_addr("…"), inet6_addr("…")
    list,      ///< [ … ]
    record,    ///< { … }
  };
  Kind kind = Kind::ellipsis;
  int line = 0;
  bool is_null = false;  ///< the integer was written NULL
  std::int64_t number = 0;
  std::string text{};
  IpAddress address{};
  std::vector<Value> items{};   ///< of a list
  std::vector<Field> fields{};  ///< of a record

  bool is(Kind wanted) const { return kind == wanted; }
  /// The value of a record's field of that name, or null.
  const Value* field(std::string_view name) const;
  const Field* whole_field(std::string_view name) const;
};

inline const Value& Field::value() const { return held.front(); }

/// Reads any form of value. Throws ScriptError.
Value parse_value(Cursor& in);
/// Reads a number, a constant, or constants joined by |.
std::int64_t parse_number(Cursor& in);

}  // namespace leat::drill
