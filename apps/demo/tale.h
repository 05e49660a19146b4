// The text of the demo: the facts of a download and of a served picture, and their output. demo.cc and serving.cc call
// it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lab/lab.h"

namespace leat::demo {

/// The format for `leat get --write-out`, and the facts in its output.
std::string write_out_format();
std::map<std::string, std::string> parse_facts(const std::string& text);

struct Story {
  std::string link, link_reason;
  std::string server;                        ///< "nginx" or "python3"
  std::map<std::string, std::string> facts;  ///< facts that leat get printed
  lab::MiddleCounters middle;
  std::uint64_t server_retransmissions = 0;
  std::string sha256_served, sha256_saved;
  std::string saved_as;
};

struct ServingStory {
  struct Client {
    std::string name;
    double seconds = 0;
    std::string sha256, saved_as;
  };
  std::uint64_t bytes = 0;  ///< size of the picture
  std::string sha256_served;
  std::vector<Client> clients;
  std::uint64_t sent = 0, sent_again = 0, time_outs = 0;  ///< segments and time-outs of leat serve
  lab::MiddleCounters middle;                             ///< counters of this scene
};

class Teller {
 public:
  explicit Teller(bool colours) : colours_(colours) {}
  void opening(double loss, std::uint64_t bytes) const;
  void tell(const Story& story) const;
  void opening_of_serving(double loss) const;
  void tell(const ServingStory& story) const;
  void ending() const;

 private:
  std::string strong(const std::string& text) const { return paint("1", text); }
  std::string good(const std::string& text) const { return paint("1;32", text); }
  std::string dim(const std::string& text) const { return paint("2", text); }
  std::string paint(const char* code, const std::string& text) const;
  void line(const char* title, const std::string& text) const;
  void more(const std::string& text) const;
  void tell_loss(const lab::MiddleCounters& middle) const;

  bool colours_;
};

}  // namespace leat::demo
