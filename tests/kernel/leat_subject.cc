// Leat as a Subject: a Stack in virtual time. Between steps a few milliseconds pass, enough for a delayed ACK.
#include <sstream>

#include "kernel/subject.h"
#include "stack/testing/machine.h"

namespace leat::testing {
namespace {

class LeatSubject final : public Subject {
 public:
  LeatSubject() : machine_(config()) {}

  void call(Call what) override {
    switch (what) {
      case Call::connect: machine_.connect(); break;
      case Call::listen: machine_.listen(); break;
      case Call::write: machine_.write(kWriteSize); break;
      case Call::read: machine_.read(4096); break;
      case Call::shutdown: machine_.shutdown(); break;
      case Call::close: machine_.close(); break;
      case Call::abort: machine_.abort(); break;
    }
  }
  void peer(std::string_view segment) override { machine_.peer(segment); }
  std::vector<std::string> sent() override {
    machine_.advance(2 * config().tcp.delayed_ack);
    std::vector<std::string> lines;
    std::string all = machine_.sent();
    for (std::size_t cut; (cut = all.find("; ")) != std::string::npos; all.erase(0, cut + 2)) {
      lines.push_back(all.substr(0, cut));
    }
    if (!all.empty()) lines.push_back(all);
    return lines;
  }

 private:
  static MachineConfig config() {
    MachineConfig config;
    config.tcp.receive_buffer = 65535;
    config.tcp.delayed_ack = 1ms;
    config.wraps_after = 1000;  // a RST with number 0 has a meaning of its own
    return config;
  }

  Machine machine_;
};

}  // namespace

std::unique_ptr<Subject> make_leat_subject() { return std::make_unique<LeatSubject>(); }

}  // namespace leat::testing
