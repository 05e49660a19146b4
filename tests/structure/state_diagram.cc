// Writes the generated part of docs/state-machine.md, or reports that it is stale. The text between the two marks of
// the document is generated from kStateMoves (src/tcp/state.h); the rest is written by hand.
//
//   leat_state_diagram --check FILE   ends with 1 and says what to do if FILE differs from the table (ctest)
//   leat_state_diagram --write FILE   updates FILE (cmake --build … --target state_diagram)
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include "tcp/state.h"

namespace leat {
namespace {

constexpr std::string_view kBegin = "<!-- generated from src/tcp/state.h: begin -->\n";
constexpr std::string_view kEnd = "<!-- generated from src/tcp/state.h: end -->\n";

constexpr TcpState kStates[] = {
    TcpState::closed,     TcpState::syn_sent,   TcpState::syn_received, TcpState::established, TcpState::fin_wait_1,
    TcpState::fin_wait_2, TcpState::close_wait, TcpState::closing,      TcpState::last_ack,    TcpState::time_wait};
constexpr StateEvent kEvents[] = {StateEvent::active_open, StateEvent::passive_open, StateEvent::syn_received,
                                  StateEvent::syn_acked,   StateEvent::user_close,   StateEvent::fin_received,
                                  StateEvent::fin_acked};

/// The name of the RFC. to_string() returns the names of ss(8), such as UNCONN, SYN-RECV and ESTAB.
std::string rfc_name(TcpState state) {
  switch (state) {
    case TcpState::closed: return "CLOSED";
    case TcpState::syn_received: return "SYN-RECEIVED";
    case TcpState::established: return "ESTABLISHED";
    default: return std::string(to_string(state));
  }
}

/// Replaces hyphens, which identifiers of Mermaid cannot contain.
std::string identifier(TcpState state) {
  std::string name = rfc_name(state);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

std::string label(const StateMove& move) {
  std::string text(to_string(move.event));
  if (!move.sends.empty()) text += " / " + std::string(move.sends);
  return text;
}

void diagram(std::ostream& out) {
  out << "```mermaid\nstateDiagram-v2\n";
  for (TcpState state : kStates) {
    out << "  state \"" << rfc_name(state) << "\" as " << identifier(state) << '\n';
  }
  for (const StateMove& move : kStateMoves) {
    out << "  " << identifier(move.from) << " --> " << identifier(move.to) << " : " << label(move) << '\n';
  }
  out << "  TIME_WAIT --> CLOSED : 2 MSL\n```\n";
}

void table(std::ostream& out) {
  out << "\n| |";
  for (StateEvent event : kEvents) out << ' ' << to_string(event) << " |";
  out << "\n|---|";
  for (std::size_t i = 0; i < std::size(kEvents); ++i) out << "---|";
  out << '\n';
  for (TcpState from : kStates) {
    out << "| **" << rfc_name(from) << "** |";
    for (StateEvent event : kEvents) {
      const std::optional<TcpState> to = next_state(from, event);
      out << ' ' << (to ? rfc_name(*to) : "-") << " |";
    }
    out << '\n';
  }
}

std::string generated() {
  std::ostringstream out;
  out << kBegin << '\n';
  diagram(out);
  table(out);
  out << '\n' << kEnd;
  return out.str();
}

int run(bool write, const std::string& path) {
  std::ifstream in(path);
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  const std::size_t begin = before.find(kBegin), end = before.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    std::cerr << path << ": cannot be read, or has not the lines\n" << kBegin << kEnd;
    return 1;
  }
  const std::string after = before.substr(0, begin) + generated() + before.substr(end + kEnd.size());
  if (after == before) return 0;
  if (!write) {
    std::cerr << path << " is stale: the table in src/tcp/state.h has changed. Bring it up to date with\n"
              << "  cmake --build build/dev --target state_diagram\n";
    return 1;
  }
  std::ofstream out(path);
  out << after;
  return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace leat

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  if (mode != "--check" && mode != "--write") {
    std::cerr << "usage: leat_state_diagram --check|--write FILE\n";
    return 2;
  }
  return leat::run(mode == "--write", argv[2]);
}
