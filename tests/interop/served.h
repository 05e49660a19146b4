// Helpers for tests of servers: `leat serve` and `leat echo` in near, and clients on the kernel's TCP in far.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "site.h"

namespace leat::interop {

/// A server of Leat in near that listens.
class Served {
 public:
  /// Starts `command`, "serve" or "echo" with its options, and adds the options of the lab's network. If the server
  /// does not listen, the test fails and running() is false.
  Served(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> command, lab::SpawnOptions options = {});

  bool running() const { return running_; }
  const std::string& address() const { return address_; }
  std::string url(const std::string& path = "/") const { return "http://" + address_ + ":8080" + path; }
  lab::Process& process() { return process_; }
  /// The text on standard error so far.
  std::string errors() const { return process_.errors(); }
  /// The resident memory in bytes.
  std::size_t resident() const;
  /// Sends the first SIGINT.
  void interrupt() { process_.signal(SIGINT); }
  /// Ends the server by SIGINT and expects the exit status 130. Returns the text on standard error, with the
  /// statistics.
  std::string end();

 private:
  std::string address_;
  lab::Process process_;
  bool running_ = false;
};

/// The recorded response of tools/make_picture.py, and the picture in it.
struct Recorded {
  /// Makes both files in `folder`.
  Recorded(const lab::Lab& lab, const Folder& folder);
  std::string response, picture;                ///< paths
  std::string response_sha256, picture_sha256;  ///< in hexadecimal
};

/// Waits for a program in far. The test fails unless it succeeds within the time.
void expect_success(lab::Process& process, std::chrono::seconds limit);

/// The last value of a counter in the output of --stats; 0 if it is missing.
std::uint64_t counter_in(const std::string& stats, const std::string& name);

}  // namespace leat::interop
