// The connection that a fetch works with: opened for a URL, kept for the next one to the same server, and ended by
// another thread when a signal says so.
//
// One thread fetches; interrupt() and live() may be called from others.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/byte_stream.h"
#include "http/client.h"
#include "http/fetch_options.h"
#include "http/report.h"
#include "http/resolver.h"
#include "http/url.h"

namespace leat::http {

class Connector {
 public:
  Connector(Transport& transport, Resolver& resolver, FetchObserver& observer, const FetchOptions& options)
      : transport_(transport), resolver_(resolver), observer_(observer), options_(options) {}
  ~Connector() { close(); }

  /// Sends `request` to the URL's server, over the kept connection when it leads there. Tries the server's addresses in
  /// their order. `start`: of the transfer, for the report's times.
  expected<ByteStream*, Failure> open(const Url& url, const std::string& request, const Patience& patience,
                                      Instant start, Report& report);
  /// The stream of the last open() was used before, so that its end may be no more than the server's impatience.
  bool reused() const { return reused_; }

  void keep(const std::string& authority);  ///< it stays open for the next request to that server
  void close();                             ///< ends it politely
  void drop();                              ///< ends it at once

  /// Aborts what the fetching thread waits for, and every later connection. False when there was no connection to
  /// abort: the thread may be inside the system's resolver, a handshake or a write to a file.
  bool interrupt();
  bool interrupted() const;

  struct Live {
    Endpoint local, remote;
    TcpInfo info;
  };
  std::optional<Live> live() const;

 private:
  expected<ByteStream*, Failure> open_new(const Url& url, const std::string& request, const Patience& patience,
                                          Instant start, Report& report);
  expected<std::unique_ptr<ByteStream>, Failure> dial(const Url& url, const std::vector<IpAddress>& addresses,
                                                      const std::string& request, const Patience& patience);
  ByteStream* adopt(std::unique_ptr<ByteStream> stream);
  std::unique_ptr<ByteStream> release();
  void describe(const Url& url);
  void say(const std::string& text) { observer_.line(FetchObserver::Line::info, text); }

  Transport& transport_;
  Resolver& resolver_;
  FetchObserver& observer_;
  const FetchOptions& options_;
  std::string kept_for_;  ///< authority of the connection kept open, or ""
  bool reused_ = false;

  mutable std::mutex mutex_;  ///< guards what follows
  std::unique_ptr<ByteStream> stream_;
  bool interrupted_ = false;
};

}  // namespace leat::http
