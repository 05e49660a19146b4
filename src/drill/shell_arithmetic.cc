#include "drill/shell_arithmetic.h"

#include <array>
#include <charconv>
#include <limits>

#include "drill/cursor.h"

namespace leat::drill {
namespace {

using Number = std::optional<std::int64_t>;

struct Operator {
  std::string_view text;
  int precedence;  ///< larger binds tighter
};
/// Longer ones first, so that << is not read as < twice.
constexpr std::array<Operator, 18> kOperators = {{{"||", 1},
                                                  {"&&", 2},
                                                  {"==", 6},
                                                  {"!=", 6},
                                                  {"<=", 7},
                                                  {">=", 7},
                                                  {"<<", 8},
                                                  {">>", 8},
                                                  {"|", 3},
                                                  {"^", 4},
                                                  {"&", 5},
                                                  {"<", 7},
                                                  {">", 7},
                                                  {"+", 9},
                                                  {"-", 9},
                                                  {"*", 10},
                                                  {"/", 10},
                                                  {"%", 10}}};

Number divide_or_rest(char op, std::int64_t a, std::int64_t b) {
  const bool overflows = a == std::numeric_limits<std::int64_t>::min() && b == -1;
  if (b == 0 || overflows) return std::nullopt;
  return op == '/' ? a / b : a % b;
}

Number shift(std::string_view op, std::int64_t a, std::int64_t b) {
  if (b < 0 || b > 63) return std::nullopt;
  if (op == ">>") return a >> b;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
}

Number apply_operator(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (op == "+") return __builtin_add_overflow(a, b, &out) ? Number{} : out;
  if (op == "-") return __builtin_sub_overflow(a, b, &out) ? Number{} : out;
  if (op == "*") return __builtin_mul_overflow(a, b, &out) ? Number{} : out;
  if (op == "/" || op == "%") return divide_or_rest(op[0], a, b);
  if (op == "<<" || op == ">>") return shift(op, a, b);
  if (op == "|") return a | b;
  if (op == "^") return a ^ b;
  if (op == "&") return a & b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "&&") return a != 0 && b != 0;
  return a != 0 || b != 0;
}

class Evaluator {
 public:
  Evaluator(std::string_view text, const ShellVariables& variables) : text_(text), variables_(variables) {}

  Number whole() {
    const Number value = binary(0, kDeepest);
    skip_space();
    return at_ == text_.size() ? value : std::nullopt;
  }

 private:
  static constexpr int kDeepest = 32;

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  const Operator* next_operator(int least) {
    skip_space();
    for (const Operator& op : kOperators) {
      if (text_.substr(at_).starts_with(op.text)) return op.precedence > least ? &op : nullptr;
    }
    return nullptr;
  }

  Number binary(int least, int depth) {
    Number left = unary(depth);
    while (left) {
      const Operator* op = next_operator(least);
      if (op == nullptr) return left;
      at_ += op->text.size();
      const Number right = binary(op->precedence, depth - 1);
      if (!right) return std::nullopt;
      left = apply_operator(op->text, *left, *right);
    }
    return left;
  }

  Number unary(int depth) {
    if (depth <= 0) return std::nullopt;
    if (accept("(")) {
      const Number value = binary(0, depth - 1);
      return accept(")") ? value : std::nullopt;
    }
    if (accept("-")) {
      const Number value = unary(depth - 1);
      return value ? apply_operator("-", 0, *value) : value;
    }
    if (accept("+")) return unary(depth - 1);
    if (accept("~")) {
      const Number value = unary(depth - 1);
      return value ? Number(~*value) : value;
    }
    if (accept("!")) {
      const Number value = unary(depth - 1);
      return value ? Number(*value == 0) : value;
    }
    return primary();
  }

  Number primary() {
    skip_space();
    const bool braced = accept("${");
    if (!braced) accept("$");
    skip_space();
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word.empty()) return std::nullopt;
    at_ = end;
    if (braced && !accept("}")) return std::nullopt;
    return is_digit(word[0]) ? number(word) : variable(word);
  }

  static Number number(std::string_view word) {
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) base = 16, word.remove_prefix(2);
    else if (word.size() > 1 && word[0] == '0') base = 8;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
  }

  Number variable(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return number(found->second);
  }

  std::string_view text_;
  const ShellVariables& variables_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::int64_t> shell_arithmetic(std::string_view text, const ShellVariables& variables) {
  return Evaluator(text, variables).whole();
}

}  // namespace leat::drill
