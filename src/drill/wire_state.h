// WireState: the flows of a script, the one that is under test, and the packets that have left the stack and that no
// line has asked for yet. It is the part of the player that is about packets.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "drill/flow.h"
#include "drill/script.h"
#include "drill/subject.h"

namespace leat::drill {

struct WaitingPacket {
  IpPacket packet;
  Flow* flow = nullptr;  ///< null: of none
};

class WireState {
 public:
  explicit WireState(const Settings& settings) : settings_(settings) {}

  // Effects of system calls on flows.
  void on_socket(int script_fd, int live_fd, std::uint8_t protocol);
  void on_bind(int script_fd);
  void on_listen(int script_fd);
  void on_connect(int script_fd);
  /// Called when connect() with AF_UNSPEC has succeeded.
  void on_disconnect(int script_fd);
  /// The connection is found by `peer_port`.
  void on_accept(int script_fd, int live_fd, std::uint16_t peer_port);
  void on_close(int script_fd);

  /// The flow that a line of a script means. Makes the flow of a segment to a listener. Null: there is none.
  Flow* flow_for(const PacketForm& form);
  Flow* under_test() { return current_; }
  const std::vector<std::unique_ptr<Flow>>& flows() const { return flows_; }

  /// Adds a packet that has left the stack. Returns its text for the story.
  std::string add(SentPacket sent);
  /// Takes the next packet that `form` may be about out of the queue.
  std::optional<IpPacket> take(const PacketForm& form, const Flow& flow);
  /// Puts a packet back in front.
  void put_back(IpPacket packet, Flow& flow) { waiting_.push_front({std::move(packet), &flow}); }
  /// The packets of the script's flows that no line has asked for.
  std::vector<const WaitingPacket*> leftovers() const;

 private:
  Flow& make_flow(Flow::Role role, std::uint8_t protocol);
  Flow* find(int script_fd);
  Flow* listener();
  Flow* foreign(const PacketForm& form);
  Flow& make_child(std::uint16_t local_port);

  const Settings& settings_;
  std::vector<std::unique_ptr<Flow>> flows_;
  Flow* current_ = nullptr;
  std::deque<WaitingPacket> waiting_;
  std::uint16_t next_port_ = 40001;
};

}  // namespace leat::drill
