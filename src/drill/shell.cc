#include "drill/shell.h"

#include <algorithm>
#include <array>

#include "drill/cursor.h"

namespace leat::drill {
namespace {

constexpr std::array<std::string_view, 16> kKeywords = {"if",       "then",  "else", "elif", "fi",   "for",
                                                        "while",    "until", "do",   "done", "case", "esac",
                                                        "function", "{",     "}",    "[["};

class ShellReader {
 public:
  ShellReader(std::string_view text, ShellVariables& variables) : text_(text), variables_(variables) {}

  std::vector<ShellCommand> read() {
    while (at_ < text_.size()) {
      if (!separator() && !redirection() && !space_or_comment()) word_character();
    }
    end_command();
    return std::move(commands_);
  }

 private:
  bool next_is(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  void unreadable(std::string_view why) {
    if (command_.unreadable.empty()) command_.unreadable = why;
  }

  void add(char c) { word_ += c, in_word_ = true; }
  void end_word() {
    if (!in_word_) return;
    if (takes_output_) {
      if (word_ != "/dev/null") command_.output = word_;
      takes_output_ = false;
    } else {
      command_.words.push_back(word_);
    }
    word_.clear(), in_word_ = false;
  }

  void end_command() {
    end_word();
    std::string_view text = text_.substr(begin_, at_ - begin_);
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    command_.text = text;
    const bool is_keyword =
        !command_.words.empty() && std::find(kKeywords.begin(), kKeywords.end(), command_.words[0]) != kKeywords.end();
    if (is_keyword) unreadable("sh's control flow");
    const bool has_any = !command_.words.empty() || !command_.unreadable.empty();
    if (has_any && !is_left_out_ && !assign()) commands_.push_back(std::move(command_));
    command_ = {}, is_left_out_ = false;
  }

  /// A=1 B=2 and nothing else: variables.
  bool assign() {
    const auto is_assignment = [](const std::string& word) {
      const std::size_t equals = word.find('=');
      return equals != std::string::npos && equals > 0 && is_word_start(word[0]) &&
             std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), is_word);
    };
    auto& words = command_.words;
    if (!words.empty() && words[0] == "export") words.erase(words.begin());
    if (!command_.unreadable.empty() || !std::all_of(words.begin(), words.end(), is_assignment)) return false;
    for (const std::string& word : words) {
      const std::size_t equals = word.find('=');
      variables_[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return true;
  }

  void next_command(std::size_t length) {
    end_command();
    at_ += length, begin_ = at_;
  }

  bool separator() {
    if (next_is("||")) {
      command_.may_fail = true;
      next_command(2);
      is_left_out_ = true;
    } else if (next_is("&&")) {
      next_command(2);
    } else if (next_is(";") || next_is("\n")) {
      next_command(1);
    } else if (next_is("|")) {
      unreadable("a pipe"), ++at_;
    } else if (next_is("&") && !next_is("&>")) {
      unreadable("a command in the background"), ++at_;
    } else {
      return false;
    }
    return true;
  }

  bool redirection() {
    std::size_t at = at_;
    const bool numbered = !in_word_ && (text_[at] == '1' || text_[at] == '2' || text_[at] == '&');
    if (numbered) ++at;
    if (at >= text_.size() || (text_[at] != '>' && text_[at] != '<')) return false;
    if (text_[at] == '<') unreadable("input from a file");
    end_word();
    const bool is_error = text_[at_] == '2';
    ++at;
    if (at < text_.size() && text_[at] == '>') ++at;
    at_ = at;
    if (at < text_.size() && text_[at] == '&') {  // 2>&1
      for (++at_; at_ < text_.size() && is_digit(text_[at_]);) ++at_;
      return true;
    }
    takes_output_ = true;
    if (is_error) skip_error_file();
    return true;
  }
  /// Where errors are written to means nothing here.
  void skip_error_file() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ';' && text_[at_] != '&') ++at_;
    takes_output_ = false;
  }

  bool space_or_comment() {
    if (is_space(text_[at_])) {
      end_word(), ++at_;
      return true;
    }
    if (text_[at_] != '#' || in_word_) return false;
    at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
  }

  void word_character() {
    const char c = text_[at_];
    if (c == '\'') {
      const std::size_t end = std::min(text_.find('\'', at_ + 1), text_.size());
      if (end == text_.size()) unreadable("a quote that is not closed");
      word_ += text_.substr(at_ + 1, end - at_ - 1), in_word_ = true;
      at_ = std::min(end + 1, text_.size());
    } else if (c == '"') {
      double_quotes();
    } else if (c == '\\') {
      if (!next_is("\\\n") && at_ + 1 < text_.size()) add(text_[at_ + 1]);
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '$') {
      dollar();
    } else if (c == '(' || c == ')') {
      unreadable("a subshell"), ++at_;
    } else if (c == '`') {
      unreadable("the output of a command"), ++at_;
    } else {
      add(c), ++at_;
    }
  }

  void double_quotes() {
    in_word_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"';) {
      if (text_[at_] == '$') {
        dollar();
      } else if (text_[at_] == '`') {
        unreadable("the output of a command"), ++at_;
      } else {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        add(text_[at_++]);
      }
    }
    if (at_ >= text_.size()) unreadable("a quote that is not closed");
    else ++at_;
  }

  /// $((…)), $NAME, ${NAME}.
  void dollar() {
    in_word_ = true;
    if (next_is("$((")) {
      const std::size_t end = text_.find("))", at_);
      const std::size_t after = end == std::string_view::npos ? text_.size() : end_of_arithmetic();
      const auto value = shell_arithmetic(text_.substr(at_ + 3, after - at_ - 5), variables_);
      if (end == std::string_view::npos || !value) unreadable("an expression in $((…))");
      else word_ += std::to_string(*value);
      at_ = after;
      return;
    }
    const bool braced = next_is("${");
    std::size_t end = at_ + (braced ? 2 : 1);
    const std::size_t begin = end;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const auto known = variables_.find(text_.substr(begin, end - begin));
    const bool closed = !braced || (end < text_.size() && text_[end] == '}');
    if (known == variables_.end() || !closed) unreadable("a variable of the environment");
    else word_ += known->second;
    at_ = std::min(end + (braced ? 1 : 0), text_.size());
    if (end == begin && !braced) at_ = std::min(begin + 1, text_.size());
  }
  /// Behind the )) that belongs to the $(( here.
  std::size_t end_of_arithmetic() const {
    int depth = 0;
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      if (text_[at] == '(') ++depth;
      if (text_[at] == ')' && --depth == 0) return at + 1;
    }
    return text_.size();
  }

  std::string_view text_;
  ShellVariables& variables_;
  std::vector<ShellCommand> commands_;
  std::size_t at_ = 0, begin_ = 0;
  ShellCommand command_;
  std::string word_;
  bool in_word_ = false, takes_output_ = false, is_left_out_ = false;
};

}  // namespace

std::vector<ShellCommand> read_shell(std::string_view text, ShellVariables& variables) {
  return ShellReader(text, variables).read();
}

}  // namespace leat::drill
