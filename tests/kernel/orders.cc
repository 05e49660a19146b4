#include "kernel/script.h"

#include <algorithm>
#include <optional>

#include "stack/testing/scripted_peer.h"

namespace leat::testing {
namespace {

struct Letter {
  char letter;
  std::optional<Call> call;
  const char* words;
};
constexpr Letter kLetters[] = {
    {'C', Call::connect, "connect"},
    {'L', Call::listen, "listen"},
    {'w', Call::write, "write"},
    {'r', Call::read, "read"},
    {'s', Call::shutdown, "shutdown"},
    {'c', Call::close, "close"},
    {'a', Call::abort, "abort"},
    {'S', {}, "peer: SYN"},
    {'Y', {}, "peer: SYN,ACK"},
    {'k', {}, "peer: ACK of all"},
    {'d', {}, "peer: data"},
    {'f', {}, "peer: FIN"},
    {'x', {}, "peer: RST"},
    {'q', {}, "peer: RST,ACK"},
};

const Letter& look_up(char letter) {
  return *std::find_if(std::begin(kLetters), std::end(kLetters), [&](const Letter& l) { return l.letter == letter; });
}

/// The peer's side of the numbers.
struct Numbers {
  std::int64_t next = 0;      ///< that it sends next
  std::int64_t acked = 0;     ///< that it has acknowledged
  std::int64_t received = 0;  ///< after everything that the subject has sent

  std::string segment(char letter);
  void on_sent(const std::string& line) {
    const RawSegment s = RawSegment::from_text(line);
    if (s.flags.rst()) return;
    received = std::max(received, s.seq + s.length + (s.flags.syn() ? 1 : 0) + (s.flags.fin() ? 1 : 0));
  }
};

std::string Numbers::segment(char letter) {
  const std::string seq = std::to_string(next);
  const auto with_ack = [&](const std::string& text) { return text + " ack " + std::to_string(acked); };
  switch (letter) {
    case 'S': next = 1; return "S 0 mss 1460";
    case 'Y': acked = received, next = 1; return with_ack("S. 0") + " mss 1460";
    case 'k': acked = received; return with_ack(". " + seq);
    case 'd': next += 5; return with_ack("P. " + seq + ':' + std::to_string(next));
    case 'f': next += 1; return with_ack("F. " + seq);
    case 'x': return "R " + seq;
    default: return "R. " + seq + " ack " + std::to_string(received);
  }
}

/// Who may do what next, so that no script does what changes nothing.
struct Situation {
  bool user_gone = false, shut = false, peer_done = false, reset = false, opened = false, listening = false;
  int unread = 0, unacked = 0;

  bool allows(char letter) const {
    switch (letter) {
      case 'w': return !user_gone && !shut && !reset && !listening;
      case 'r': return !user_gone && unread > 0 && !reset;
      case 's': return !user_gone && !shut && !reset && !listening;
      case 'c': return !user_gone;
      case 'a': return !user_gone;
      case 'S': return !reset && !opened;
      case 'Y': return !reset && !opened;
      case 'k': return !reset && (unacked > 0 || !opened);
      case 'd': return !reset && !peer_done;
      case 'f': return !reset && !peer_done;
      case 'x': return !reset;
      case 'q': return !reset && !opened;
      default: return true;
    }
  }
  void apply(char letter) {
    switch (letter) {
      case 'C': unacked = 1; break;
      case 'L': listening = true; break;
      case 'w': ++unacked; break;
      case 'r': unread = 0; break;
      case 's': shut = true, ++unacked; break;
      case 'c':
      case 'a': user_gone = true, ++unacked; break;
      case 'Y': opened = true, unacked = 0; break;
      case 'k':
        unacked = 0;
        opened = opened || listening;
        listening = false;
        break;
      case 'd': ++unread; break;
      case 'f': peer_done = true; break;
      case 'x':
      case 'q': reset = true; break;
      default: break;
    }
  }
};

Situation situation_after(const std::string& script) {
  Situation s;
  for (char letter : script) s.apply(letter);
  return s;
}

void extend(std::vector<std::string>& out, const std::string& script, const std::string& alphabet, int left) {
  const Situation now = situation_after(script);
  out.push_back(script);
  if (left == 0) return;
  for (char letter : alphabet) {
    const bool thrice = script.size() >= 2 && script.back() == letter && script[script.size() - 2] == letter;
    if (now.allows(letter) && !thrice) extend(out, script + letter, alphabet, left - 1);
  }
}

/// To its end: the user closes, everything is acknowledged, the peer closes, and one more segment shows what is left.
std::string to_the_end(std::string script) {
  for (char letter : std::string("ckfk")) {
    const Situation now = situation_after(script);
    if (letter == 'k' ? !now.reset : now.allows(letter)) script += letter;
  }
  return script + 'd';
}

}  // namespace

Transcript play(Subject& subject, const std::string& script) {
  Transcript transcript;
  Numbers numbers;
  for (char letter : script) {
    if (const auto call = look_up(letter).call) {
      subject.call(*call);
    } else {
      subject.peer(numbers.segment(letter));
    }
    std::string all;
    for (const std::string& line : subject.sent()) {
      numbers.on_sent(line);
      all += (all.empty() ? "" : "; ") + line;
    }
    transcript.push_back(all);
  }
  return transcript;
}

std::string in_words(const std::string& script) {
  std::string text;
  for (char letter : script) text += (text.empty() ? "" : ", ") + std::string(look_up(letter).words);
  return text;
}

std::vector<std::string> all_scripts() {
  std::vector<std::string> scripts;
  for (const char* established : {"CY", "LSk"}) extend(scripts, established, "wrscadfkx", 4);
  extend(scripts, "C", "wscaSYkdfxq", 3);
  extend(scripts, "LS", "cSkdfx", 3);
  extend(scripts, "CS", "wscaSYkdfx", 3);
  for (std::string& script : scripts) script = to_the_end(script);
  std::sort(scripts.begin(), scripts.end());
  scripts.erase(std::unique(scripts.begin(), scripts.end()), scripts.end());
  return scripts;
}

}  // namespace leat::testing
