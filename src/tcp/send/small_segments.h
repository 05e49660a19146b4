// SmallSegments: when a segment below the MSS has to wait for more data: Nagle's algorithm (RFC 9293 §3.7.4), the cork
// (TCP_CORK) and the rest of a write (MSG_MORE).
#pragma once

namespace leat {

class SmallSegments {
 public:
  explicit SmallSegments(bool nodelay) : nodelay_(nodelay) {}

  /// Switching it on sends waiting data, corked or not (as Linux).
  void set_nodelay(bool on) {
    push_ = push_ || (on && !nodelay_);
    nodelay_ = on;
  }
  void set_cork(bool on) { corked_ = on; }
  /// Sends the data written so far, whatever holds it (Linux: TCP_NAGLE_PUSH).
  void push() { push_ = true; }
  /// Data was written. `more`: the writer has announced more.
  void on_written(bool more) {
    more_ = more;
    push_ = false;
  }
  /// Data that waits for the rest of a write (MSG_MORE) waits no longer.
  void forget_more() { more_ = false; }

  /// `small_in_flight`: an earlier small segment is not acknowledged yet (Minshall's form of Nagle).
  bool hold(bool small_in_flight) const { return !push_ && (corked_ || more_ || (!nodelay_ && small_in_flight)); }

 private:
  bool nodelay_;
  bool corked_ = false;
  bool more_ = false;
  bool push_ = false;
};

}  // namespace leat
