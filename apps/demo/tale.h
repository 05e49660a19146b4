// What the demo tells: the facts of one download, and their telling. Called by demo.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lab/lab.h"

namespace leat::demo {

/// The format for `leat get --write-out` from which facts are read, and what it gave.
std::string write_out_format();
std::map<std::string, std::string> parse_facts(const std::string& text);

struct Story {
  std::string link, link_reason;
  std::string server;                        ///< "nginx" or "python3"
  std::map<std::string, std::string> facts;  ///< of leat get
  lab::MiddleCounters middle;
  std::uint64_t server_retransmissions = 0;
  std::string sha256_served, sha256_saved;
  std::string saved_as;
};

class Teller {
 public:
  explicit Teller(bool colours) : colours_(colours) {}
  void opening(double loss, std::uint64_t bytes) const;
  void tell(const Story& story) const;

 private:
  std::string strong(const std::string& text) const { return paint("1", text); }
  std::string good(const std::string& text) const { return paint("1;32", text); }
  std::string dim(const std::string& text) const { return paint("2", text); }
  std::string paint(const char* code, const std::string& text) const;
  void line(const char* title, const std::string& text) const;
  void more(const std::string& text) const;

  bool colours_;
};

}  // namespace leat::demo
