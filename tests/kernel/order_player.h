// OrderPlayer: plays an order (orders.h) on a subject of drill, Leat or the kernel, and tells what it sent at each
// step.
#pragma once

#include <string>
#include <vector>

#include "drill/call_maker.h"
#include "drill/settings.h"
#include "drill/subject.h"
#include "drill/wire_state.h"

namespace leat::testing {

/// The segments that the subject sent at each step, as in a script, without windows and options, joined by "; ".
using Transcript = std::vector<std::string>;

/// The ports of an order. On the kernel each has its own, since connections of earlier orders may still end.
drill::Settings order_settings(std::uint16_t port);

class OrderPlayer {
 public:
  OrderPlayer(drill::Subject& subject, const drill::Settings& settings)
      : subject_(subject), settings_(settings), wire_(settings) {}
  OrderPlayer(const OrderPlayer&) = delete;
  OrderPlayer& operator=(const OrderPlayer&) = delete;
  /// Closes what is open.
  ~OrderPlayer();

  Transcript play(const std::string& order);
  /// The order as a script, each line as it was played.
  const std::string& script() const { return script_; }

 private:
  void step(char letter);
  void user(char letter);
  std::string segment(char letter);
  void call(const std::string& line);
  void inject(const std::string& line);
  void accept();
  std::string sent();

  drill::Subject& subject_;
  const drill::Settings& settings_;
  drill::WireState wire_;
  drill::Descriptors descriptors_;
  std::string script_;
  int socket_ = -1;  ///< the script's descriptor that the user's next call is about
  bool is_listening_ = false;
  // The peer's sequence numbers.
  std::uint32_t next_ = 0;      ///< the number that it sends next
  std::uint32_t acked_ = 0;     ///< the number that it has acknowledged
  std::uint32_t received_ = 0;  ///< the number behind all that the subject has sent
};

}  // namespace leat::testing
