#include "http/fetch.h"

#include "http/download.h"

namespace leat::http {
namespace {

unexpected<Failure> failed(const UrlError& error) {
  return failed(error.fault == UrlFault::unsupported ? ExitCode::unsupported_protocol : ExitCode::bad_url,
                error.message);
}

std::string request_for(const Url& url, const FetchOptions& options, const Download& download) {
  Request request;
  request.method = options.head_only ? "HEAD" : "GET";
  request.target = url.target;
  request.host = url.authority();
  request.fields = {{"User-Agent", options.user_agent}, {"Accept", "*/*"}};
  for (Field& field : download.range_fields()) request.fields.push_back(std::move(field));
  return request.serialize();
}

void show_request(const std::string& request, FetchObserver& observer) {
  for (std::size_t at = 0; at < request.size();) {
    const std::size_t end = request.find("\r\n", at);
    observer.line(FetchObserver::Line::sent, std::string_view(request).substr(at, end - at));
    at = end + 2;
  }
}

/// Notes when the first response begins.
class Stopwatch final : public ResponseHandler {
 public:
  Stopwatch(ResponseHandler& next, const FetchOptions& options, Instant start, Duration& first)
      : next_(next), options_(options), start_(start), first_(first) {}
  void interim(const ResponseHead& head) override { next_.interim(head); }
  expected<void, Failure> head(const ResponseHead& head) override {
    if (first_ == Duration::zero()) first_ = options_.now() - start_;
    return next_.head(head);
  }
  expected<void, Failure> body(Bytes piece) override { return next_.body(piece); }

 private:
  ResponseHandler& next_;
  const FetchOptions& options_;
  Instant start_;
  Duration& first_;
};

}  // namespace

Fetcher::Fetcher(Transport& transport, Resolver& resolver, FetchObserver& observer, FetchOptions options)
    : options_(std::move(options)), observer_(observer), connector_(transport, resolver, observer, options_) {}

bool Fetcher::interrupt(int signal) {
  signal_ = signal;
  return connector_.interrupt();
}

Report Fetcher::fetch(const std::string& url, const std::string& output) {
  Report report;
  report.url = report.url_effective = url;
  const Instant start = options_.now();
  const auto result = run(url, output, report);
  report.total = options_.now() - start;
  if (!result) {
    report.exit_code = to_int(result.error().code);
    report.error = result.error().message;
  }
  if (const int signal = signal_; signal != 0 && !result) {
    report.exit_code = 128 + signal;
    report.error = "interrupted";
  }
  return report;
}

expected<void, Failure> Fetcher::run(const std::string& text, const std::string& output, Report& report) {
  const auto url = parse_url(text);
  if (!url) return failed(url.error());
  report.url_effective = url->text();
  report.file = !output.empty() ? output : options_.head_only ? "-" : file_name_of(*url);

  observer_.begin(report.file);

  const Instant start = options_.now();
  Patience patience{options_.idle_timeout, std::nullopt, options_.now};
  if (options_.max_time) patience.deadline = start + *options_.max_time;
  Download download(options_, observer_, report.file, report);
  if (auto ok = follow(*url, download, patience, start, report); !ok) return ok;
  return download.finish();
}

expected<void, Failure> Fetcher::follow(Url url, Download& download, const Patience& patience, Instant start,
                                        Report& report) {
  for (;;) {
    if (auto ok = exchange(url, download, patience, start, report); !ok) return ok;
    const auto location = download.take_location();
    if (!location) return {};
    if (options_.max_redirects && report.redirects >= *options_.max_redirects) {
      return failed(ExitCode::too_many_redirects,
                    "more than " + std::to_string(*options_.max_redirects) + " redirects followed");
    }
    ++report.redirects;
    auto next = resolve_reference(url, *location);
    if (!next) {
      Failure failure = failed(next.error()).error;
      failure.message = "the server redirects to what cannot be followed: " + failure.message;
      return unexpected(std::move(failure));
    }
    url = std::move(*next);
    report.url_effective = url.text();
    observer_.line(FetchObserver::Line::info, "Following the redirect to " + url.text());
  }
}

expected<void, Failure> Fetcher::exchange(const Url& url, Download& download, const Patience& patience, Instant start,
                                          Report& report) {
  const std::string request = request_for(url, options_, download);
  for (;;) {
    const auto stream = connector_.open(url, request, patience, start, report);
    if (!stream) return unexpected(stream.error());
    show_request(request, observer_);
    Stopwatch handler(download, options_, start, report.start_transfer);
    const auto result = reader_.read(**stream, options_.head_only, patience, handler);
    report.tcp = (*stream)->info();
    if (result) {
      result->reusable ? connector_.keep(url.authority()) : connector_.close();
      return {};
    }
    connector_.drop();
    if (connector_.interrupted()) return unexpected(result.error());
    // Where a redirect leads is known from its head; its body may end as it likes.
    if (download.redirected() && result.error().code != ExitCode::write_error) return {};
    // A server may close a kept connection at any moment; nothing was answered, so asking again is safe.
    const bool closed = result.error().code != ExitCode::timed_out;
    if (connector_.reused() && result.error().unanswered && closed) continue;
    return unexpected(result.error());
  }
}

}  // namespace leat::http
