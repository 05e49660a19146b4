// What the tests of servers share: `leat serve` and `leat echo` in near, and clients on the kernel's TCP in far.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "site.h"

namespace leat::interop {

/// A server of ours in near, that listens.
class Served {
 public:
  /// `command` is "serve" or "echo" with its options; those of the lab's network are added. Fails the test when it does
  /// not begin to listen: then running() is false.
  Served(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> command,
         const lab::SpawnOptions& options = {});

  bool running() const { return running_; }
  const std::string& address() const { return address_; }
  std::string url(const std::string& path = "/") const { return "http://" + address_ + ":8080" + path; }
  lab::Process& process() { return process_; }
  /// What it has written to standard error so far.
  std::string errors() const { return process_.errors(); }
  /// Bytes of memory that it has in use now.
  std::size_t resident() const;
  /// The first SIGINT.
  void interrupt() { process_.signal(SIGINT); }
  /// Ends it with SIGINT and expects its exit status to be 130. What it wrote to standard error, with its statistics.
  std::string end();

 private:
  std::string address_;
  lab::Process process_;
  bool running_ = false;
};

/// The recorded response of tools/make_picture.py, and the picture in it.
struct Recorded {
  /// Makes both in `folder`.
  Recorded(const lab::Lab& lab, const Folder& folder);
  std::string response, picture;                ///< paths
  std::string response_sha256, picture_sha256;  ///< in hexadecimal
};

/// A program in far that should end with success within a time; fails the test when not.
void expect_success(lab::Process& process, std::chrono::seconds limit);

/// The value of a counter that --stats has printed last; 0 when it is not there.
std::uint64_t counter_in(const std::string& stats, const std::string& name);

}  // namespace leat::interop
