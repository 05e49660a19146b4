// Control messages of sendmsg() and recvmsg().
#include <linux/tcp.h>
#include <netinet/ip.h>

#include <cerrno>
#include <cstring>

#include "api/player.h"

namespace leat::testing {
namespace {

/// Calls recvmsg() for up to `size` bytes, with `room` bytes for control messages.
void receive(Player& p, int fd, std::size_t size, std::size_t room = 200, int flags = 0) {
  std::string data(size, '?');
  alignas(cmsghdr) char control[256];
  iovec v{data.data(), data.size()};
  msghdr message{nullptr, 0, &v, 1, control, room, 77};
  const long got = p.say("recvmsg", p.c.recvmsg(fd, &message, flags));
  p.say("flags", static_cast<long>(message.msg_flags));
  p.say("room", static_cast<long>(message.msg_controllen));
  if (got < 0) return;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    p.say("message",
          std::to_string(c->cmsg_level) + "/" + std::to_string(c->cmsg_type) + "/" + std::to_string(c->cmsg_len));
    int value = 0;
    if (c->cmsg_len >= CMSG_LEN(sizeof value)) {
      std::memcpy(&value, CMSG_DATA(c), sizeof value);
      p.say("value", static_cast<long>(value));
    }
  }
}

struct Control {
  int level, type;
  std::uint32_t value;
  std::size_t length = CMSG_LEN(4);  ///< length in its header
};

/// Calls sendmsg() with "abc" and `length` bytes of control messages (0: all).
void send(Player& p, int fd, std::initializer_list<Control> messages, std::size_t length = 0) {
  alignas(cmsghdr) char control[256] = {};
  std::size_t at = 0;
  for (const Control& m : messages) {
    cmsghdr header{};
    header.cmsg_len = m.length, header.cmsg_level = m.level, header.cmsg_type = m.type;
    std::memcpy(control + at, &header, sizeof header);
    std::memcpy(control + at + CMSG_LEN(0), &m.value, sizeof m.value);
    at += CMSG_SPACE(4);
  }
  char data[] = "abc";
  iovec v{data, 3};
  const msghdr message{nullptr, 0, &v, 1, control, length > 0 ? length : at, 0};
  p.say("sendmsg", p.c.sendmsg(fd, &message, MSG_NOSIGNAL));
}

Player::Pair pair_with_inq(Player& p, std::string_view data = {}) {
  const auto pair = p.pair();
  p.set(pair.server, IPPROTO_TCP, TCP_INQ, 1);
  if (!data.empty()) {
    p.send(pair.client, data);
    p.until(pair.server, POLLIN);
  }
  return pair;
}

const Case kMessageCases[] = {
    {"TCP_INQ: what is left",
     [](Player& p) {
       const auto pair = pair_with_inq(p, "abcdef");
       receive(p, pair.server, 2);
       receive(p, pair.server, 2, 200, MSG_PEEK);
       receive(p, pair.server, 3, 200, MSG_TRUNC);
       receive(p, pair.server, 0);
       receive(p, pair.server, 10);
       receive(p, pair.server, 10, 200, MSG_DONTWAIT);
     }},
    {"TCP_INQ: off again",
     [](Player& p) {
       const auto pair = pair_with_inq(p, "abc");
       p.set(pair.server, IPPROTO_TCP, TCP_INQ, 0);
       receive(p, pair.server, 2);
     }},
    {"TCP_INQ: inherited",
     [](Player& p) {
       const int l = p.listener();
       p.set(l, IPPROTO_TCP, TCP_INQ, 1);
       const int client = p.tcp();
       p.connect(client, p.name(l));
       const int fd = p.accept(l);
       p.get(fd, IPPROTO_TCP, TCP_INQ);
       p.send(client, "abc");
       p.until(fd, POLLIN);
       receive(p, fd, 1);
     }},
    {"TCP_INQ: a FIN counts",
     [](Player& p) {
       const auto pair = pair_with_inq(p, "abc");
       p.shutdown(pair.client, SHUT_WR);
       p.until(pair.server, POLLRDHUP);
       receive(p, pair.server, 1);
       receive(p, pair.server, 2);
       receive(p, pair.server, 10);
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: after both have closed",
     [](Player& p) {
       const auto pair = pair_with_inq(p);
       p.shutdown(pair.server, SHUT_WR);
       p.send(pair.client, "abc");
       p.shutdown(pair.client, SHUT_WR);
       p.until(pair.server, POLLHUP);
       receive(p, pair.server, 2);
       receive(p, pair.server, 10);
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: after a reset",
     [](Player& p) {
       const auto pair = p.reset();
       p.set(pair.server, IPPROTO_TCP, TCP_INQ, 1);
       receive(p, pair.server, 10);
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: shut down by the reader",
     [](Player& p) {
       const auto pair = pair_with_inq(p);
       p.shutdown(pair.server, SHUT_RD);
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: urgent data",
     [](Player& p) {
       const auto pair = pair_with_inq(p);
       p.send(pair.client, "ab!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       receive(p, pair.server, 1);
       receive(p, pair.server, 1, 200, MSG_OOB);
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: a receive that waits",
     [](Player& p) {
       const auto pair = pair_with_inq(p);
       p.set(pair.server, SOL_SOCKET, SO_RCVLOWAT, 5);
       const timeval little{0, 20000};
       p.c.setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little);
       p.send(pair.client, "abc");
       receive(p, pair.server, 10);
     }},
    {"TCP_INQ: fresh, and listener",
     [](Player& p) {
       for (const int fd : {p.tcp(), p.listener()}) {
         p.set(fd, IPPROTO_TCP, TCP_INQ, 1);
         receive(p, fd, 10);
       }
     }},
    {"recvmsg: little room for control messages",
     [](Player& p) {
       const auto pair = pair_with_inq(p, "abcdefgh");
       for (const std::size_t room : {0, 1, 15, 16, 19, 20, 21, 23, 24, 25}) {
         receive(p, pair.server, 1, room, MSG_PEEK);
       }
     }},
    {"recvmsg: no memory for control messages",
     [](Player& p) {
       const auto pair = pair_with_inq(p, "abc");
       char byte;
       iovec v{&byte, 1};
       msghdr message{nullptr, 0, &v, 1, nullptr, 100, 0};
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, 0));
       p.say("flags", static_cast<long>(message.msg_flags));
       p.say("room", static_cast<long>(message.msg_controllen));
     }},
    {"recvmsg: without control messages",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc");
       p.until(pair.server, POLLIN);
       receive(p, pair.server, 1);
       receive(p, pair.server, 1, 0);
       receive(p, pair.server, 1, 200, MSG_CMSG_CLOEXEC);
     }},
    {"recvmsg: nothing is told when it fails",
     [](Player& p) {
       const auto pair = p.pair();
       char byte, control[64];
       iovec v{&byte, 1};
       sockaddr_in in{};
       msghdr message{&in, sizeof in, &v, 1, control, sizeof control, 77};
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, MSG_DONTWAIT));
       p.say("flags", static_cast<long>(message.msg_flags));
       p.say("room", static_cast<long>(message.msg_controllen));
       p.say("name", static_cast<long>(message.msg_namelen));
     }},

    {"sendmsg: control messages of other levels",
     [](Player& p) {
       const auto pair = p.pair();
       send(p, pair.client, {{IPPROTO_TCP, TCP_INQ, 1}});
       send(p, pair.client, {{IPPROTO_IP, IP_TTL, 3}, {250, 1, 1}});
       p.recv(pair.server, 6, MSG_WAITALL);
     }},
    {"sendmsg: control messages of sockets",
     [](Player& p) {
       const auto pair = p.pair();
       for (const int type : {int{SCM_RIGHTS}, int{SCM_CREDENTIALS}, SO_PRIORITY, SO_TYPE, SO_RCVBUF, 99}) {
         send(p, pair.client, {{SOL_SOCKET, type, 1}});
       }
       p.recv(pair.server, 9, MSG_WAITALL);
     }},
    {"sendmsg: lengths of control messages",
     [](Player& p) {
       const int fd = p.pair().client;
       for (const std::size_t length : {0, 15, 16, 20, 24, 25}) send(p, fd, {{250, 1, 1, length}});
       send(p, fd, {{SOL_SOCKET, SO_PRIORITY, 1, CMSG_LEN(1)}});
       send(p, fd, {{SOL_SOCKET, SO_PRIORITY, 1, CMSG_LEN(8)}});
       send(p, fd, {{250, 1, 1}, {SOL_SOCKET, 99, 1}});
       send(p, fd, {{250, 1, 1}, {250, 1, 1, 0}});
       // The second message is cut within its header, or right behind it.
       for (const std::size_t length : {1, 15, 19, 20, 24, 25, 39, 40, 43}) {
         send(p, fd, {{250, 1, 1}, {250, 1, 1}}, length);
       }
     }},
    {"sendmsg: no memory for control messages",
     [](Player& p) {
       const int fd = p.pair().client;
       char data[] = "abc";
       iovec v{data, 3};
       for (const std::size_t length : {std::size_t{0}, std::size_t{20}, std::size_t{1} << 20, SIZE_MAX}) {
         const msghdr message{nullptr, 0, &v, 1, nullptr, length, 0};
         p.say("sendmsg", p.c.sendmsg(fd, &message, MSG_NOSIGNAL));
       }
     }},
    {"sendmsg: a bad control message of what cannot send",
     [](Player& p) {
       for (const int fd : {p.tcp(), p.listener(), p.half_closed().client, p.reset().server, -1}) {
         send(p, fd, {{SOL_SOCKET, 99, 1}});
       }
     }},
};

}  // namespace

void add_message_cases(std::vector<Case>& cases) {
  cases.insert(cases.end(), std::begin(kMessageCases), std::end(kMessageCases));
}

}  // namespace leat::testing
