// Cursor: the lexer. The language's tokens depend on the place (1.5 is a time, 1:5 are sequence numbers, SEW are flags,
// 00ff is a cookie), so the parser asks for the kind of token that may stand there.
//
// Every question skips white space first. What is demanded and not there throws ScriptError; what is asked for
// (accept_…, peek_…) does not. The text has no comments any more (source_text.h).
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
  /// Where in the text the cursor is, in bytes.
  std::size_t offset() const { return position_; }
  /// What stands between there and the cursor.
  std::string text_since(std::size_t begin) const { return text_.substr(begin, position_ - begin); }
  /// The next character, or 0 at the end.
  char peek();
  bool peek_is(std::string_view text);
  /// An identifier, or nothing, not taken.
  std::string_view peek_word();
  /// True when a number stands here and behind it, white space apart, `text`.
  bool peek_number_then(std::string_view text);

  bool accept(std::string_view text);
  void expect(std::string_view text);
  /// A whole identifier; case counts.
  bool accept_word(std::string_view word);
  void expect_word(std::string_view word);
  /// `what` names what was wanted, for the message.
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
  /// What stands up to `end`, which is taken too. The opening is taken already; `what` names the whole.
  std::string up_to(std::string_view end, std::string_view what);
  /// ( … ), parentheses inside it in pairs; taken and forgotten when it stands here.
  void skip_note();

  [[noreturn]] void fail(const std::string& message);
  [[noreturn]] void fail_at(int line, const std::string& message);
  /// The script is right, but wants something that no player here has: it will be skipped.
  [[noreturn]] void unsupported_at(int line, const std::string& what);
  /// "x is wanted here, not y"
  [[noreturn]] void fail_wanting(std::string_view wanted);

 private:
  void skip_space();
  int line_here();
  std::string next_token_text();

  std::string file_;
  std::string text_;
  std::size_t position_ = 0;
  int line_ = 1;
  std::size_t counted_ = 0;  ///< up to where line_ has counted
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_word(char c) { return is_word_start(c) || is_digit(c); }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace leat::drill
