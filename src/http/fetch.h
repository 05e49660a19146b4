// A transfer from a URL to a file: redirects, resuming, exit codes. The whole of what `leat get` does but for its
// options and the host it runs on, so that it is tested over any Transport.
#pragma once

#include <atomic>
#include <string>

#include "http/connector.h"
#include "http/fetch_options.h"
#include "http/report.h"

namespace leat::http {

class Fetcher {
 public:
  /// The references must outlive it.
  Fetcher(Transport& transport, Resolver& resolver, FetchObserver& observer, FetchOptions options);

  /// Fetches `url` to `output`: a path, "-", or "" for the URL's last path component ("-" when only heads are
  /// asked for). Connections to one server are kept from one call to the next.
  Report fetch(const std::string& url, const std::string& output);

  /// Ends the connection kept, politely.
  void finish() { connector_.close(); }

  // From any thread.
  bool interrupt(int signal);  ///< see Connector::interrupt; reports end with 128 + signal
  std::optional<Connector::Live> live() const { return connector_.live(); }

 private:
  expected<void, Failure> run(const std::string& url, const std::string& output, Report& report);
  expected<void, Failure> follow(Url url, class Download& download, const Patience& patience, Instant start,
                                 Report& report);
  expected<void, Failure> exchange(const Url& url, class Download& download, const Patience& patience, Instant start,
                                   Report& report);

  FetchOptions options_;
  FetchObserver& observer_;
  Connector connector_;
  ResponseReader reader_;
  std::atomic<int> signal_{0};
};

}  // namespace leat::http
