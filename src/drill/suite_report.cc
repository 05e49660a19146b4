#include "drill/suite_report.h"

#include <cstdio>

#include "drill/text.h"

namespace leat::drill {
namespace {

constexpr std::array<std::string_view, 3> kVerdicts = {"passed", "failed", "skipped"};

std::string quoted_json(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\n') out += "\\n";
    else if (byte < 0x20) out += concat("\\u00", kDigits[byte >> 4], kDigits[byte & 15]);
    else out += c;
  }
  return out + "\"";
}

std::string result_json(const ScriptResult& result) {
  const Verdict& verdict = result.verdict;
  std::string text = concat("{\"file\": ", quoted_json(result.file),
                            ", \"verdict\": ", quoted_json(kVerdicts[static_cast<std::size_t>(verdict.kind)]),
                            ", \"milliseconds\": ", result.took.count());
  if (verdict.line > 0) text += concat(", \"line\": ", verdict.line);
  if (!verdict.message.empty()) text += concat(", \"message\": ", quoted_json(verdict.message));
  if (!verdict.warnings.empty()) text += concat(", \"warnings\": ", quoted_json(verdict.warnings));
  for (std::size_t i = 0; i < verdict.notes.size(); ++i) {
    text += concat(i == 0 ? ", \"notes\": [" : ", ", quoted_json(verdict.notes[i]));
  }
  return text + (verdict.notes.empty() ? "}" : "]}");
}

}  // namespace

void SuiteReport::add(ScriptResult result) {
  const Verdict& verdict = result.verdict;
  ++counts_[static_cast<std::size_t>(verdict.kind)];
  for (const std::string& note : verdict.notes) ++notes_[note];
  if (arguments_.json) {
    results_.push_back(std::move(result));
    return;
  }
  std::fputs(verdict.warnings.c_str(), stdout);
  const auto took = static_cast<long long>(result.took.count());
  switch (verdict.kind) {
    case Verdict::Kind::passed:
      if (!arguments_.quiet) std::printf("PASS %7lld ms  %s\n", took, result.file.c_str());
      break;
    case Verdict::Kind::skipped:
      std::printf("SKIP %7lld ms  %s: %s\n", took, result.file.c_str(), verdict.message.c_str());
      break;
    case Verdict::Kind::failed:
      std::printf("FAIL %7lld ms  %s\n%s", took, result.file.c_str(), verdict.message.c_str());
      break;
  }
  std::fflush(stdout);
}

std::string SuiteReport::json() const {
  std::string text = "{\"scripts\": [";
  for (std::size_t i = 0; i < results_.size(); ++i) text += concat(i == 0 ? "\n" : ",\n", result_json(results_[i]));
  text += "\n]";
  for (std::size_t i = 0; i < kVerdicts.size(); ++i) text += concat(", \"", kVerdicts[i], "\": ", counts_[i]);
  return text + "}\n";
}

void SuiteReport::finish() const {
  if (arguments_.json) {
    std::fputs(json().c_str(), stdout);
    return;
  }
  for (const auto& [note, scripts] : notes_) {
    std::printf("note (%u script%s): %s\n", scripts, scripts == 1 ? "" : "s", note.c_str());
  }
  std::printf("%u passed, %u failed, %u skipped\n", counts_[0], counts_[1], counts_[2]);
}

int SuiteReport::exit_status() const {
  const unsigned skipped = count(Verdict::Kind::skipped);
  if (count(Verdict::Kind::failed) > 0 || (skipped > 0 && arguments_.fail_on_skip)) return kSomeFailed;
  return skipped > 0 && count(Verdict::Kind::passed) == 0 ? kAllSkipped : kAllPassed;
}

}  // namespace leat::drill
