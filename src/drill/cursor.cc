#include "drill/cursor.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "drill/script_error.h"

namespace leat::drill {

Cursor::Cursor(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}

void Cursor::skip_space() {
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
}

int Cursor::line() {
  skip_space();
  return line_here();
}

int Cursor::line_here() {
  if (counted_ > position_) line_ = 1, counted_ = 0;
  line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                       text_.begin() + static_cast<std::ptrdiff_t>(position_), '\n'));
  counted_ = position_;
  return line_;
}

bool Cursor::at_end() {
  skip_space();
  return position_ >= text_.size();
}

char Cursor::peek() { return at_end() ? '\0' : text_[position_]; }

bool Cursor::peek_is(std::string_view text) {
  skip_space();
  return std::string_view(text_).substr(position_).starts_with(text);
}

std::string_view Cursor::peek_word() {
  if (!is_word_start(peek())) return {};
  std::size_t end = position_;
  while (end < text_.size() && is_word(text_[end])) ++end;
  return std::string_view(text_).substr(position_, end - position_);
}

bool Cursor::peek_number_then(std::string_view text) {
  skip_space();
  std::size_t end = position_;
  while (end < text_.size() && is_digit(text_[end])) ++end;
  if (end == position_) return false;
  while (end < text_.size() && is_space(text_[end])) ++end;
  return std::string_view(text_).substr(end).starts_with(text);
}

bool Cursor::accept(std::string_view text) {
  if (!peek_is(text)) return false;
  position_ += text.size();
  return true;
}

void Cursor::expect(std::string_view text) {
  if (!accept(text)) fail_wanting(concat("\"", text, "\""));
}

bool Cursor::accept_word(std::string_view word) {
  if (peek_word() != word) return false;
  position_ += word.size();
  return true;
}

void Cursor::expect_word(std::string_view word) {
  if (!accept_word(word)) fail_wanting(concat("\"", word, "\""));
}

std::string Cursor::word(std::string_view what) {
  std::string found(peek_word());
  if (found.empty()) fail_wanting(what);
  position_ += found.size();
  return found;
}

std::int64_t Cursor::integer(std::string_view what) {
  skip_space();
  std::size_t at = position_;
  const bool negative = at < text_.size() && text_[at] == '-';
  if (negative) ++at;
  const bool hex = std::string_view(text_).substr(at).starts_with("0x");
  if (hex) at += 2;
  std::uint64_t value = 0;
  const char* first = text_.data() + at;
  const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value, hex ? 16 : 10);
  if (end == first) fail_wanting(what);
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error != std::errc() || ((!hex || negative) && value > most)) fail(concat("this number is too large for ", what));
  position_ = static_cast<std::size_t>(end - text_.data());
  if (position_ < text_.size() && is_word(text_[position_])) fail(concat(what, " is not a number"));
  const auto number = static_cast<std::int64_t>(value);
  return negative ? -number : number;
}

std::int64_t Cursor::integer(std::string_view what, std::int64_t least, std::int64_t most) {
  const int here = line();
  const std::int64_t value = integer(what);
  if (value < least || value > most) {
    fail_at(here, concat(what, " is from ", least, " to ", most, ", not ", value));
  }
  return value;
}

Duration Cursor::seconds(std::string_view what) {
  constexpr std::int64_t kMostSeconds = 1'000'000'000;
  constexpr int kFractionDigits = 9;
  skip_space();
  std::int64_t whole = 0, fraction = 0;
  std::size_t digits = 0;
  for (; position_ < text_.size() && is_digit(text_[position_]); ++position_, ++digits) {
    whole = whole * 10 + (text_[position_] - '0');
    if (whole > kMostSeconds) fail("this time is too late");
  }
  int places = 0;
  // The first dot of "0...0.2" is none of the number.
  if (position_ + 1 < text_.size() && text_[position_] == '.' && is_digit(text_[position_ + 1])) {
    for (++position_; position_ < text_.size() && is_digit(text_[position_]); ++position_, ++digits) {
      if (places == kFractionDigits) continue;
      fraction = fraction * 10 + (text_[position_] - '0');
      ++places;
    }
  }
  if (digits == 0) fail_wanting(what);
  // "5." is 5, but not in front of "5...": the dots of a blocking call, or of arguments, follow without a blank.
  const bool has_bare_dot = position_ + 1 < text_.size() && text_[position_] == '.' && is_space(text_[position_ + 1]);
  if (has_bare_dot && places == 0) ++position_;
  for (; places < kFractionDigits; ++places) fraction *= 10;
  return std::chrono::seconds(whole) + Duration(fraction);
}

namespace {

int hex_digit(char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }

}  // namespace

std::string Cursor::quoted() {
  const int begin = line();
  expect("\"");
  std::string out;
  while (position_ < text_.size() && text_[position_] != '"') {
    char c = text_[position_++];
    if (c == '\n') break;
    if (c == '\\' && position_ < text_.size()) {
      c = text_[position_++];
      switch (c) {
        case 'n': c = '\n'; break;
        case 't': c = '\t'; break;
        case 'r': c = '\r'; break;
        case '0': c = '\0'; break;
        case 'x':
          if (position_ + 1 < text_.size() && is_hex(text_[position_]) && is_hex(text_[position_ + 1])) {
            c = static_cast<char>(hex_digit(text_[position_]) * 16 + hex_digit(text_[position_ + 1]));
            position_ += 2;
          }
          break;
        default: break;
      }
    }
    out += c;
  }
  if (position_ >= text_.size() || text_[position_] != '"') fail_at(begin, "this string has no closing \"");
  ++position_;
  return out;
}

std::string Cursor::up_to(std::string_view end, std::string_view what) {
  const int begin = line_here();  // white space is part of the text here
  const std::size_t found = text_.find(end, position_);
  if (found == std::string::npos) fail_at(begin, concat(what, " has no closing ", end));
  std::string out = text_.substr(position_, found - position_);
  position_ = found + end.size();
  return out;
}

void Cursor::skip_note() {
  const int begin = line();
  if (!accept("(")) return;
  for (int depth = 1; depth > 0; ++position_) {
    if (position_ >= text_.size()) fail_at(begin, "this note has no closing )");
    if (text_[position_] == '(') ++depth;
    if (text_[position_] == ')') --depth;
  }
}

std::string Cursor::next_token_text() {
  if (at_end()) return "the end of the file";
  std::size_t end = position_;
  if (is_word(text_[end])) {
    while (end < text_.size() && is_word(text_[end]) && end - position_ < 40) ++end;
  } else {
    ++end;
  }
  std::string shown = text_.substr(position_, end - position_);
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return concat("\"", shown, "\"");
}

void Cursor::fail(const std::string& message) { fail_at(line(), message); }
void Cursor::fail_at(int line, const std::string& message) { throw ScriptError{file_, line, message}; }
void Cursor::unsupported_at(int line, const std::string& what) { throw UnsupportedInScript{line, what}; }
void Cursor::fail_wanting(std::string_view wanted) {
  fail(concat("expected ", wanted, wanted.ends_with(",") ? " found " : ", found ", next_token_text()));
}

}  // namespace leat::drill
