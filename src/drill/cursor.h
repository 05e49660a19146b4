// Cursor: the lexer. The kinds of tokens depend on the place (1.5 is a time, 1:5 are sequence numbers, SEW are flags,
// 00ff is a cookie), so the parser asks for the kind that may stand there.
//
// Every function skips white space first. A token that is demanded and missing throws ScriptError. accept_… and peek_…
// only ask. Comments have been removed from the text (source_text.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "leat/time.h"

namespace leat::drill {

class Cursor {
 public:
  Cursor(std::string file, std::string text);

  /// The line of the next token.
  int line();
  bool at_end();
  /// The position in the text, in bytes.
  std::size_t offset() const { return position_; }
  /// The text between a position and the cursor.
  std::string text_since(std::size_t begin) const { return text_.substr(begin, position_ - begin); }
  /// The next character, or 0 at the end.
  char peek();
  bool peek_is(std::string_view text);
  /// The identifier that stands here, or nothing. It is not taken.
  std::string_view peek_word();
  /// True when a number stands here, followed by `text`, perhaps after white space.
  bool peek_number_then(std::string_view text);

  bool accept(std::string_view text);
  void expect(std::string_view text);
  /// Takes a whole identifier. Case counts.
  bool accept_word(std::string_view word);
  void expect_word(std::string_view word);
  /// Takes any identifier. `what` names the wanted token for the message.
  std::string word(std::string_view what);
  /// Decimal, 0x… or 0… with an optional sign.
  std::int64_t integer(std::string_view what);
  std::int64_t integer(std::string_view what, std::int64_t least, std::int64_t most);
  /// Seconds with a fraction of up to nine digits.
  Duration seconds(std::string_view what);
  /// The characters for which `belongs` holds, perhaps none.
  template <class Predicate>
  std::string run_of(Predicate belongs) {
    skip_space();
    const std::size_t begin = position_;
    while (position_ < text_.size() && belongs(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }
  /// "…" with \n, \t, \\, \", \xHH and \0.
  std::string quoted();
  /// Takes the text up to and including `end` and returns it without `end`. The opening has been taken already.
  /// `what` names the whole for the message.
  std::string up_to(std::string_view end, std::string_view what);
  /// Skips ( … ) when it stands here, with pairs of parentheses inside it.
  void skip_note();

  [[noreturn]] void fail(const std::string& message);
  [[noreturn]] void fail_at(int line, const std::string& message);
  /// The script is right, but wants something that no player has, so it will be skipped.
  [[noreturn]] void unsupported_at(int line, const std::string& what);
  /// "expected x, found y"
  [[noreturn]] void fail_wanting(std::string_view wanted);

 private:
  void skip_space();
  int line_here();
  std::string next_token_text();

  std::string file_;
  std::string text_;
  std::size_t position_ = 0;
  int line_ = 1;
  std::size_t counted_ = 0;  ///< the position that line_ belongs to
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_word(char c) { return is_word_start(c) || is_digit(c); }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace leat::drill
