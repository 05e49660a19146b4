// WebServer: a real web server on the kernel's TCP in the network far.
//
// It is nginx if that is installed, otherwise http.server of python3. It ends with the object, or with the lab.
#pragma once

#include <cstdint>
#include <string>

#include "lab/lab.h"

namespace leat::lab {

class WebServer {
 public:
  enum class Program { any, nginx, python };

  /// Starts a server for the files below `folder`, an absolute path, and waits until it answers.
  static expected<WebServer, LabError> start(const Lab& lab, const std::string& folder, Program program = Program::any,
                                             std::uint16_t port = 80);

  /// Returns "http://10.77.2.2" and, unless it is 80, the port, without a slash at the end. The paths:
  ///   /FILE              with a content length
  /// and with nginx only:
  ///   /chunked/FILE      in chunks, without a content length (for HTTP/1.1)
  ///   /until-close/FILE  without chunks and content length: the end of the connection ends the file
  ///   /rate/R/FILE       at R bytes per second; R is a number, with k or m behind it if you like
  ///   /redirect/FILE     302 to /FILE
  ///   /silent            closes the connection without an answer
  const std::string& base_url() const { return base_url_; }
  bool is_nginx() const { return is_nginx_; }
  Process& process() { return process_; }

 private:
  WebServer() = default;
  Process process_;
  std::string base_url_;
  bool is_nginx_ = false;
};

}  // namespace leat::lab
