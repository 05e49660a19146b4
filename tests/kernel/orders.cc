#include "kernel/orders.h"

#include <algorithm>

namespace leat::testing {
namespace {

struct Letter {
  char letter;
  const char* words;
};
constexpr Letter kLetters[] = {
    {'C', "connect"},    {'L', "listen"},    {'w', "write"},     {'r', "read"},          {'s', "shutdown"},
    {'c', "close"},      {'a', "abort"},     {'S', "peer: SYN"}, {'Y', "peer: SYN,ACK"}, {'k', "peer: ACK of all"},
    {'d', "peer: data"}, {'f', "peer: FIN"}, {'x', "peer: RST"}, {'q', "peer: RST,ACK"},
};

const Letter& look_up(char letter) {
  return *std::find_if(std::begin(kLetters), std::end(kLetters), [&](const Letter& l) { return l.letter == letter; });
}

/// The state of an order so far. It allows only steps that change something.
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

Situation situation_after(const std::string& order) {
  Situation s;
  for (char letter : order) s.apply(letter);
  return s;
}

void extend(std::vector<std::string>& out, const std::string& order, const std::string& alphabet, int left) {
  const Situation now = situation_after(order);
  out.push_back(order);
  if (left == 0) return;
  for (char letter : alphabet) {
    const bool thrice = order.size() >= 2 && order.back() == letter && order[order.size() - 2] == letter;
    if (now.allows(letter) && !thrice) extend(out, order + letter, alphabet, left - 1);
  }
}

/// To its end: the user closes, everything is acknowledged, the peer closes, and one more segment shows what is left.
std::string to_the_end(std::string order) {
  for (char letter : std::string("ckfk")) {
    const Situation now = situation_after(order);
    if (letter == 'k' ? !now.reset : now.allows(letter)) order += letter;
  }
  return order + 'd';
}

}  // namespace

std::string in_words(const std::string& order) {
  std::string text;
  for (char letter : order) text += (text.empty() ? "" : ", ") + std::string(look_up(letter).words);
  return text;
}

std::vector<std::string> all_orders() {
  std::vector<std::string> orders;
  for (const char* established : {"CY", "LSk"}) extend(orders, established, "wrscadfkx", 4);
  extend(orders, "C", "wscaSYkdfxq", 3);
  extend(orders, "LS", "cSkdfx", 3);
  extend(orders, "CS", "wscaSYkdfx", 3);
  for (std::string& order : orders) order = to_the_end(order);
  std::sort(orders.begin(), orders.end());
  orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
  return orders;
}

}  // namespace leat::testing
