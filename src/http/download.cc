#include "http/download.h"

#include <algorithm>

#include "http/resume.h"
#include "http/text.h"

namespace leat::http {
namespace {

/// A redirect's body is read up to this size, so that the connection can be used again.
constexpr std::uint64_t kRedirectBodyLimit = 64 * 1024;

expected<void, Failure> written(const FileResult& result) {
  if (!result) return failed(ExitCode::write_error, result.error());
  return {};
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Download::Download(const FetchOptions& options, FetchObserver& observer, std::string file, Report& report)
    : options_(options), observer_(observer), file_(std::move(file)), report_(report) {
  if (to_stdout()) {
    output_ = std::make_unique<DescriptorOutput>(options_.standard_output);
    return;
  }
  auto partial = std::make_unique<PartialFile>(file_);
  partial_ = partial.get();
  output_ = std::move(partial);
  if (options_.resume && !options_.head_only) leftover_ = partial_->leftover();
}

std::vector<Field> Download::range_fields() const {
  if (!leftover_) return {};
  std::vector<Field> fields{{"Range", "bytes=" + std::to_string(leftover_->size) + "-"}};
  if (!leftover_->validator.empty()) fields.push_back({"If-Range", leftover_->validator});
  return fields;
}

void Download::show(const ResponseHead& head) {
  const std::string text = head.text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    observer_.line(FetchObserver::Line::received, std::string_view(text).substr(at, end - at));
    at = end + 2;
  }
}

void Download::interim(const ResponseHead& head) { show(head); }

expected<void, Failure> Download::head(const ResponseHead& head) {
  show(head);
  location_.reset();
  report_.http_code = head.status;
  report_.content_type = std::string(head.find("Content-Type").value_or(""));
  const auto location = head.find("Location");
  if (options_.follow_redirects && is_redirect(head.status) && location && !location->empty()) {
    location_ = std::string(*location);
    if (options_.include_head || options_.head_only) {
      if (auto ok = open_output(); !ok) return ok;
      if (auto ok = write(bytes_of(head.text())); !ok) return ok;
    }
    const bool small = options_.head_only || (head.content_length && *head.content_length <= kRedirectBodyLimit);
    if (!small) return failed(ExitCode::ok, "a body that nobody wants");
    return {};
  }
  return begin_output(head);
}

expected<void, Failure> Download::begin_output(const ResponseHead& head) {
  if (leftover_) return resume_output(head);
  if (options_.fail_on_error && head.status >= 400) {
    return failed(ExitCode::http_error, "the requested URL returned error: " + std::to_string(head.status));
  }
  // The request had no condition, and a 304 has no body to replace the file with.
  if (head.status == 304 && partial_ && !options_.include_head && !options_.head_only) {
    unchanged_ = true;
    observer_.line(FetchObserver::Line::info, "The server says that the file has not changed: " + file_ + " stays");
    return {};
  }
  if (head.status == 206) return failed(ExitCode::range_error, "the server sent a part that was not asked for");
  if (auto ok = open_output(); !ok) return ok;
  // Only a whole file can be gone on with, not an error page or a file with heads in it.
  if (partial_ && head.status == 200 && !options_.include_head) partial_->remember(validator_of(head));
  if (options_.include_head || options_.head_only) {
    if (auto ok = write(bytes_of(head.text())); !ok) return ok;
  }
  total_ = head.content_length;
  have_ = 0;
  return {};
}

expected<void, Failure> Download::resume_output(const ResponseHead& head) {
  const std::string what = leftover_->complete_name ? file_ : file_ + ".part";
  const std::uint64_t have = leftover_->size;
  switch (resume_answer(head, have, leftover_->validator)) {
    case ResumeAnswer::append: {
      if (auto ok = written(partial_->resume(*leftover_)); !ok) return ok;
      const auto range = parse_content_range(*head.find("Content-Range"));
      total_ = *range->last + 1;
      have_ = report_.resumed_from = have;
      if (leftover_->validator.empty()) partial_->remember(validator_of(head));
      observer_.line(FetchObserver::Line::info, "Resuming at byte " + std::to_string(have));
      return {};
    }
    case ResumeAnswer::restart:
      observer_.line(FetchObserver::Line::info, "The server sends the whole: starting again from its first byte");
      leftover_.reset();
      return begin_output(head);
    case ResumeAnswer::complete:
      observer_.line(FetchObserver::Line::info, "All of it is there already");
      already_complete_ = true;
      have_ = report_.resumed_from = have;
      return {};
    case ResumeAnswer::impossible:
      return failed(ExitCode::range_error, "the server's answer does not fit the " + std::to_string(have) +
                                               " bytes of " + what + "; remove it to start again");
    case ResumeAnswer::refused: break;
  }
  const ExitCode code = head.status >= 400 ? ExitCode::http_error : ExitCode::range_error;
  return failed(code,
                "the server answered " + std::to_string(head.status) + " to the rest of " + what + ", which is kept");
}

expected<void, Failure> Download::open_output() {
  if (partial_ == nullptr || have_output_) return {};
  have_output_ = true;
  return written(partial_->start());
}

expected<void, Failure> Download::write(Bytes piece) { return written(output_->write(piece)); }

expected<void, Failure> Download::body(Bytes piece) {
  report_.body_bytes += piece.size();
  if (location_ || already_complete_) return {};
  if (auto ok = write(piece); !ok) return ok;
  have_ += piece.size();
  observer_.progress(have_, total_, report_.resumed_from);
  return {};
}

expected<void, Failure> Download::finish() {
  if (unchanged_) return {};
  if (already_complete_) {
    if (leftover_->complete_name) return {};
    if (auto ok = written(partial_->resume(*leftover_)); !ok) return ok;
  } else if (leftover_ && total_ && have_ != *total_) {
    // Without a Content-Length only Content-Range tells where the part ends.
    return failed(ExitCode::partial_file, "the connection ended before the part did");
  }
  return written(output_->commit());
}

}  // namespace leat::http
