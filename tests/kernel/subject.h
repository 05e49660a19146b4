// Subject: a TCP that is played with. Leat in virtual time (leat_subject) and the kernel behind a TUN device
// (kernel_subject) are driven by the same script, by the same calls and the same raw segments of the peer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leat::testing {

enum class Call { connect, listen, write, read, shutdown, close, abort };

class Subject {
 public:
  virtual ~Subject() = default;

  /// The user's call. What it answers is not compared; an error is not one of the test. A connection that a listener
  /// has is accepted by itself. `abort` is SO_LINGER with 0 and close.
  virtual void call(Call what) = 0;
  /// The peer sends a segment, as text (stack/testing/scripted_peer.h).
  virtual void peer(std::string_view segment) = 0;
  /// What was sent since the last time, when all that does not wait for a retransmission timer has been sent.
  virtual std::vector<std::string> sent() = 0;
};

constexpr std::size_t kWriteSize = 10;

std::unique_ptr<Subject> make_leat_subject();

/// The kernel's side of all scripts: one TUN device in the namespace of the caller.
class KernelSide {
 public:
  KernelSide();
  ~KernelSide();
  /// Why there is none, with what to do about it; empty when there is one.
  const std::string& trouble() const { return trouble_; }
  /// A script of its own: ports that no other uses.
  std::unique_ptr<Subject> make_subject();

 private:
  int tun_ = -1;
  std::string trouble_;
  unsigned scripts_ = 0;
};

}  // namespace leat::testing
