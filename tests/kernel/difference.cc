#include "kernel/difference.h"

#include <algorithm>

namespace leat::testing {
namespace {

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }
bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// The steps before the end of the handshake: a SYN,ACK, or a SYN and an ACK from the peer.
std::string opening_of(const std::string& order) {
  const std::size_t syn = order.find('S');
  const std::size_t acked = syn == std::string::npos ? syn : order.find('k', syn);
  return order.substr(0, std::min(order.find('Y'), acked));
}
/// True after connect, while the handshake is not over.
bool is_opening(const std::string& order) { return begins(order, "C") && opening_of(order) == order; }

constexpr Difference kDifferences[] = {
    {"A RST does not end TIME-WAIT",
     [](const Parting& p) { return contains(p.before, "x") && begins(p.leat, ". ") && begins(p.kernel, "R "); }},
    {"A close in SYN-RECEIVED waits for the handshake",
     [](const Parting& p) {
       return p.step == 'c' && is_opening(p.before) && contains(p.before, "S") && p.leat.empty() &&
              begins(p.kernel, "F. 1:1(0) ack 1");
     }},
    {"An ACK in SYN-RECEIVED has to acknowledge our SYN",
     [](const Parting& p) {
       return (p.step == 'd' || p.step == 'f') && is_opening(p.before) && contains(p.before, "S") &&
              p.leat == "R 0:0(0)" && contains(p.kernel, " ack ");
     }},
    {"A FIN carries the ACK",
     [](const Parting& p) { return begins(p.leat, "F. 1:1(0) ack 1") && p.kernel == p.leat + "; . 2:2(0) ack 1"; }},
};

std::string without_syns(const std::string& sent) {
  std::string rest;
  for (std::size_t begin = 0; begin < sent.size();) {
    const std::size_t end = std::min(sent.find("; ", begin), sent.size());
    const std::string line = sent.substr(begin, end - begin);
    if (!begins(line, "S")) rest += line + "; ";
    begin = std::min(end + 2, sent.size());
  }
  return rest;
}

}  // namespace

std::span<const Difference> known_differences() { return kDifferences; }

bool same(const std::string& leat, const std::string& kernel) {
  const bool has_ours = leat.empty() || !begins(leat, "S") || contains(kernel, leat.c_str());
  return leat == kernel || (has_ours && without_syns(leat) == without_syns(kernel));
}

}  // namespace leat::testing
