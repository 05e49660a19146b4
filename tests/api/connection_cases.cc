// Connections: bind, listen, accept, connect, shutdown, close, names.
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "api/player.h"

namespace leat::testing {
namespace {

sockaddr_in at(std::uint32_t host, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(host);
  in.sin_port = htons(port);
  return in;
}

/// A port without a listener.
sockaddr_in nobody(Player& p) {
  const int fd = p.tcp();
  const sockaddr_in in = p.here();
  p.c.bind(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in);
  return p.name(fd);
}

void tell_name(Player& p, const char* what, int result, const sockaddr_in& in, socklen_t size) {
  if (result < 0) {
    p.say(what, result);
    return;
  }
  p.say(what, std::to_string(in.sin_family) + "/" + std::to_string(ntohl(in.sin_addr.s_addr)) + "/" +
                  (in.sin_port != 0 ? "port" : "0") + "/" + std::to_string(size));
}
void sockname(Player& p, int fd) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  const int result = p.c.getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  tell_name(p, "sockname", result, in, size);
}
void peername(Player& p, int fd) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  const int result = p.c.getpeername(fd, reinterpret_cast<sockaddr*>(&in), &size);
  tell_name(p, "peername", result, in, size);
}
long unspec(Player& p, int fd) {
  sockaddr any{};
  any.sa_family = AF_UNSPEC;
  return p.say("unspec", p.c.connect(fd, &any, sizeof any));
}

const Case kCases[] = {
    {"bind: twice",
     [](Player& p) {
       const int fd = p.tcp();
       p.bind(fd, p.here());
       p.bind(fd, p.here());
     }},
    {"bind: too short",
     [](Player& p) {
       const sockaddr_in in = p.here();
       p.say("bind", p.c.bind(p.tcp(), reinterpret_cast<const sockaddr*>(&in), 8));
     }},
    {"bind: absurd length",
     [](Player& p) {
       char room[300] = {};
       p.say("bind", p.c.bind(p.tcp(), reinterpret_cast<const sockaddr*>(room), sizeof room));
     }},
    {"bind: longer than needed",
     [](Player& p) {
       sockaddr_storage room{};
       const sockaddr_in in = p.here();
       std::memcpy(&room, &in, sizeof in);
       p.say("bind", p.c.bind(p.tcp(), reinterpret_cast<const sockaddr*>(&room), sizeof room));
     }},
    {"bind: another family",
     [](Player& p) {
       sockaddr_in in = p.here();
       in.sin_family = AF_INET6;
       p.bind(p.tcp(), in);
     }},
    {"bind: no family",
     [](Player& p) {
       sockaddr_in in = at(INADDR_ANY, 0);
       in.sin_family = AF_UNSPEC;
       p.bind(p.tcp(), in);
       in = p.here();
       in.sin_family = AF_UNSPEC;
       p.bind(p.tcp(), in);
     }},
    {"bind: not our address", [](Player& p) { p.bind(p.tcp(), at(0xc0000207, 0)); }},
    {"bind: any address",
     [](Player& p) {
       const int fd = p.tcp();
       p.bind(fd, at(INADDR_ANY, 0));
       sockname(p, fd);
     }},
    {"bind: a port in use", [](Player& p) { p.bind(p.tcp(), p.name(p.listener())); }},
    {"bind: a port bound at any address",
     [](Player& p) {
       const int fd = p.tcp();
       p.bind(fd, at(INADDR_ANY, 0));
       p.bind(p.tcp(), p.here(ntohs(p.name(fd).sin_port)));
     }},
    {"bind: both reuse",
     [](Player& p) {
       const int a = p.tcp(), b = p.tcp();
       p.set(a, SOL_SOCKET, SO_REUSEADDR, 1);
       p.set(b, SOL_SOCKET, SO_REUSEADDR, 1);
       p.bind(a, p.here());
       p.bind(b, p.name(a));
       p.listen(a);
       p.listen(b);
     }},
    {"bind: one reuses",
     [](Player& p) {
       const int a = p.tcp(), b = p.tcp();
       p.bind(a, p.here());
       p.set(b, SOL_SOCKET, SO_REUSEADDR, 1);
       p.bind(b, p.name(a));
     }},
    {"bind: reuse beside a listener",
     [](Player& p) {
       const int a = p.tcp(), b = p.tcp();
       p.set(a, SOL_SOCKET, SO_REUSEADDR, 1);
       p.set(b, SOL_SOCKET, SO_REUSEADDR, 1);
       p.bind(a, p.here());
       p.listen(a);
       p.bind(b, p.name(a));
     }},
    {"bind: ports shared by listeners",
     [](Player& p) {
       const int a = p.tcp(), b = p.tcp();
       p.set(a, SOL_SOCKET, SO_REUSEPORT, 1);
       p.set(b, SOL_SOCKET, SO_REUSEPORT, 1);
       p.bind(a, p.here());
       p.bind(b, p.name(a));
       p.listen(a);
       p.listen(b);
     }},
    {"bind: free again after close",
     [](Player& p) {
       const int a = p.tcp();
       p.bind(a, p.here());
       const sockaddr_in in = p.name(a);
       p.close(a);
       p.bind(p.tcp(), in);
     }},
    {"bind: a connection keeps its listener's port",
     [](Player& p) {
       const auto pair = p.pair();
       const sockaddr_in in = p.name(pair.listener);
       p.close(pair.listener);
       p.bind(p.tcp(), in);
     }},
    {"bind: TIME-WAIT keeps the port",
     [](Player& p) {
       const auto pair = p.pair();
       const sockaddr_in in = p.name(pair.listener);
       p.close(pair.listener);
       p.shutdown(pair.server, SHUT_WR);
       p.until(pair.client, POLLRDHUP);
       p.close(pair.client);
       p.until(pair.server, POLLHUP);
       p.close(pair.server);
       p.bind(p.tcp(), in);
     }},
    {"bind: connected", [](Player& p) { p.bind(p.pair().client, p.here()); }},

    {"listen: unbound",
     [](Player& p) {
       const int fd = p.tcp();
       p.listen(fd);
       sockname(p, fd);
     }},
    {"listen: twice", [](Player& p) { p.listen(p.listener(), 3); }},
    {"listen: connected", [](Player& p) { p.listen(p.pair().client); }},
    {"listen: backlogs",
     [](Player& p) {
       for (const int backlog : {0, -1, 1 << 30}) p.listen(p.tcp(), backlog);
     }},
    {"listen: option",
     [](Player& p) {
       const auto pair = p.pair();
       p.get(pair.listener, SOL_SOCKET, SO_ACCEPTCONN);
       p.get(pair.server, SOL_SOCKET, SO_ACCEPTCONN);
     }},

    {"accept: not listening", [](Player& p) { p.accept(p.tcp()); }},
    {"accept: connected", [](Player& p) { p.accept(p.pair().client); }},
    {"accept: nobody",
     [](Player& p) {
       const int l = p.listener();
       p.nonblocking(l);
       p.accept(l);
     }},
    {"accept: wrong flags", [](Player& p) { p.accept(p.listener(), 1); }},
    {"accept: time-out",
     [](Player& p) {
       const int l = p.listener();
       const timeval little{0, 20000};
       p.c.setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little);
       p.accept(l);
     }},
    {"accept: flags",
     [](Player& p) {
       const int l = p.listener();
       p.connect(p.tcp(), p.name(l));
       const int fd = p.accept(l, SOCK_NONBLOCK | SOCK_CLOEXEC);
       p.fcntl(fd, F_GETFL);
       p.fcntl(fd, F_GETFD);
     }},
    {"accept: flags are not inherited",
     [](Player& p) {
       const int l = p.listener();
       p.connect(p.tcp(), p.name(l));
       p.until(l, POLLIN);
       p.nonblocking(l);
       p.fcntl(p.accept(l), F_GETFL);
     }},
    {"accept: the peer's name",
     [](Player& p) {
       const int l = p.listener();
       const int client = p.tcp();
       p.connect(client, p.name(l));
       sockaddr_in in{};
       socklen_t size = sizeof in;
       p.descriptor("accept", p.c.accept4(l, reinterpret_cast<sockaddr*>(&in), &size, 0));
       tell_name(p, "from", 0, in, size);
       p.say("port", in.sin_port == p.name(client).sin_port ? "same" : "other");
     }},
    {"accept: little room for the name",
     [](Player& p) {
       const int l = p.listener();
       p.connect(p.tcp(), p.name(l));
       sockaddr_in in{};
       socklen_t size = 2;
       p.descriptor("accept", p.c.accept4(l, reinterpret_cast<sockaddr*>(&in), &size, 0));
       p.say("size", static_cast<long>(size));
       p.say("port", static_cast<long>(in.sin_port));
     }},
    {"accept: a peer that has gone",
     [](Player& p) {
       const int l = p.listener();
       const int client = p.tcp();
       p.connect(client, p.name(l));
       p.send(client, "bye");
       p.close(client);
       const int fd = p.accept(l);
       p.until(fd, POLLRDHUP);
       p.recv(fd);
       p.recv(fd);
     }},
    {"accept: a peer that has reset",
     [](Player& p) {
       const int l = p.listener();
       const int client = p.tcp();
       p.connect(client, p.name(l));
       const linger now{1, 0};
       p.c.setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
       p.close(client);
       sockaddr_in in{};
       socklen_t size = sizeof in;
       const int fd = p.descriptor("accept", p.c.accept4(l, reinterpret_cast<sockaddr*>(&in), &size, 0));
       tell_name(p, "from", 0, in, size);
       p.until(fd, POLLHUP);
       p.recv(fd);
     }},

    {"connect: nobody there", [](Player& p) { p.connect(p.tcp(), nobody(p)); }},
    {"connect: non-blocking",
     [](Player& p) {
       const int l = p.listener();
       const int fd = p.tcp(SOCK_NONBLOCK);
       p.connect(fd, p.name(l));
       p.until(fd, POLLOUT);
       p.get(fd, SOL_SOCKET, SO_ERROR);
       p.connect(fd, p.name(l));
       p.connect(fd, p.name(l));
     }},
    {"connect: refused without blocking",
     [](Player& p) {
       const int fd = p.tcp(SOCK_NONBLOCK);
       const sockaddr_in to = nobody(p);
       p.connect(fd, to);
       p.until(fd, POLLHUP);
       p.events(fd);
       p.get(fd, SOL_SOCKET, SO_ERROR);
       p.get(fd, SOL_SOCKET, SO_ERROR);
       p.events(fd);
       p.connect(fd, to);
     }},
    {"connect: refused, told by connect",
     [](Player& p) {
       const int fd = p.tcp(SOCK_NONBLOCK);
       const sockaddr_in to = nobody(p);
       p.connect(fd, to);
       p.until(fd, POLLHUP);
       p.connect(fd, to);
       p.events(fd);
       p.connect(fd, to);
     }},
    {"connect: refused, told by recv",
     [](Player& p) {
       const int fd = p.tcp(SOCK_NONBLOCK);
       p.connect(fd, nobody(p));
       p.until(fd, POLLHUP);
       p.recv(fd);
       p.recv(fd);
     }},
    {"connect: refused, told by send",
     [](Player& p) {
       const int fd = p.tcp(SOCK_NONBLOCK);
       p.connect(fd, nobody(p));
       p.until(fd, POLLHUP);
       p.send(fd, "x", MSG_NOSIGNAL);
       p.send(fd, "x", MSG_NOSIGNAL);
     }},
    {"connect: again after a refusal",
     [](Player& p) {
       const int fd = p.tcp();
       p.connect(fd, nobody(p));
       p.connect(fd, p.name(p.listener()));
       p.send(fd, "x");
     }},
    {"connect: connected",
     [](Player& p) {
       const auto pair = p.pair();
       p.connect(pair.client, p.name(pair.listener));
       p.connect(pair.server, p.name(pair.listener));
     }},
    {"connect: a listener",
     [](Player& p) {
       const int l = p.listener();
       p.connect(l, p.name(p.listener()));
     }},
    {"connect: too short",
     [](Player& p) {
       const sockaddr_in in = p.here(9);
       p.say("connect", p.c.connect(p.tcp(), reinterpret_cast<const sockaddr*>(&in), 1));
       p.say("connect", p.c.connect(p.tcp(), reinterpret_cast<const sockaddr*>(&in), 8));
     }},
    {"connect: another family",
     [](Player& p) {
       sockaddr_in in = p.here(9);
       in.sin_family = AF_INET6;
       p.connect(p.tcp(), in);
     }},
    {"connect: no route", [](Player& p) { p.connect(p.tcp(), at(0xc0000207, 9)); }},
    {"connect: a group", [](Player& p) { p.connect(p.tcp(), at(0xe0000005, 9)); }},
    {"connect: broadcast", [](Player& p) { p.connect(p.tcp(), at(0xffffffff, 9)); }},
    {"connect: the unspecified address",
     [](Player& p) {
       const int listener = p.listener(), fd = p.tcp();
       sockaddr_in to = p.name(listener);
       to.sin_addr.s_addr = htonl(INADDR_ANY);
       p.connect(fd, to);
       peername(p, fd);
     }},
    {"connect: port 0", [](Player& p) { p.connect(p.tcp(), p.here(0)); }},
    {"bind: another address of loopback", [](Player& p) { p.bind(p.tcp(), at(0x7f000002, 0)); }},
    {"connect: bound",
     [](Player& p) {
       const int fd = p.tcp();
       p.bind(fd, p.here());
       const std::uint16_t port = p.name(fd).sin_port;
       p.connect(fd, p.name(p.listener()));
       p.say("port", p.name(fd).sin_port == port ? "same" : "other");
     }},
    {"connect: dissolved",
     [](Player& p) {
       const auto pair = p.pair();
       unspec(p, pair.client);
       peername(p, pair.client);
       p.until(pair.server, POLLHUP);
       p.recv(pair.server);
       p.get(pair.client, SOL_SOCKET, SO_ERROR);
       p.connect(pair.client, p.name(pair.listener));
     }},
    {"connect: fresh dissolved", [](Player& p) { unspec(p, p.tcp()); }},
    {"connect: listener dissolved",
     [](Player& p) {
       const int l = p.listener();
       const sockaddr_in in = p.name(l);
       unspec(p, l);
       p.get(l, SOL_SOCKET, SO_ACCEPTCONN);
       p.connect(p.tcp(), in);
     }},
    {"connect: after the connection is over",
     [](Player& p) {
       const auto pair = p.reset();
       p.connect(pair.server, p.name(pair.listener));
     }},

    {"names: fresh",
     [](Player& p) {
       const int fd = p.tcp();
       sockname(p, fd);
       peername(p, fd);
     }},
    {"names: connected",
     [](Player& p) {
       const auto pair = p.pair();
       for (const int fd : {pair.client, pair.server}) {
         sockname(p, fd);
         peername(p, fd);
       }
     }},
    {"names: listening", [](Player& p) { peername(p, p.listener()); }},
    {"names: half closed", [](Player& p) { peername(p, p.half_closed().server); }},
    {"names: reset",
     [](Player& p) {
       const int fd = p.reset().server;
       sockname(p, fd);
       peername(p, fd);
     }},
    {"names: refused",
     [](Player& p) {
       const int fd = p.tcp();
       p.connect(fd, nobody(p));
       peername(p, fd);
     }},
    {"names: little room",
     [](Player& p) {
       sockaddr_in in{};
       socklen_t size = 4;
       p.say("name", p.c.getsockname(p.listener(), reinterpret_cast<sockaddr*>(&in), &size));
       p.say("size", static_cast<long>(size));
       p.say("host", static_cast<long>(in.sin_addr.s_addr));
     }},
    {"names: negative room",
     [](Player& p) {
       sockaddr_in in{};
       auto size = static_cast<socklen_t>(-1);
       p.say("name", p.c.getsockname(p.listener(), reinterpret_cast<sockaddr*>(&in), &size));
     }},

    {"shutdown: fresh",
     [](Player& p) {
       const int fd = p.tcp();
       for (const int how : {SHUT_RD, SHUT_WR, SHUT_RDWR}) p.shutdown(fd, how);
     }},
    {"shutdown: wrong way",
     [](Player& p) {
       p.shutdown(p.pair().client, 3);
       p.shutdown(p.tcp(), -1);
     }},
    {"shutdown: writing",
     [](Player& p) {
       const auto pair = p.pair();
       p.shutdown(pair.client, SHUT_WR);
       p.until(pair.server, POLLRDHUP);
       p.events(pair.server);
       p.events(pair.client);
       p.recv(pair.server);
       p.send(pair.client, "x", MSG_NOSIGNAL);
       p.send(pair.server, "back");
       p.until(pair.client, POLLIN);
       p.recv(pair.client);
     }},
    {"shutdown: reading",
     [](Player& p) {
       const auto pair = p.pair();
       p.shutdown(pair.server, SHUT_RD);
       p.events(pair.server);
       p.recv(pair.server);
       p.send(pair.client, "late");
       p.send(pair.server, "still");
       p.until(pair.client, POLLIN);
       p.recv(pair.client);
     }},
    {"shutdown: reading with data left",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "data");
       p.until(pair.server, POLLIN);
       p.shutdown(pair.server, SHUT_RD);
       p.recv(pair.server, 2);
       p.recv(pair.server);
       p.recv(pair.server);
     }},
    {"shutdown: both",
     [](Player& p) {
       const auto pair = p.pair();
       p.shutdown(pair.client, SHUT_RDWR);
       p.events(pair.client);
       p.recv(pair.client);
       p.send(pair.client, "x", MSG_NOSIGNAL);
     }},
    {"shutdown: twice",
     [](Player& p) {
       const int fd = p.pair().client;
       p.shutdown(fd, SHUT_WR);
       p.shutdown(fd, SHUT_WR);
       p.shutdown(fd, SHUT_RD);
     }},
    {"shutdown: both ends",
     [](Player& p) {
       const auto pair = p.half_closed();
       p.shutdown(pair.server, SHUT_WR);
       p.until(pair.server, POLLHUP);
       p.events(pair.server);
       p.shutdown(pair.server, SHUT_RD);
       p.recv(pair.server);
       p.send(pair.server, "x", MSG_NOSIGNAL);
     }},
    {"shutdown: reset", [](Player& p) { p.shutdown(p.reset().server, SHUT_WR); }},
    {"shutdown: listener for writing",
     [](Player& p) {
       const int l = p.listener();
       p.shutdown(l, SHUT_WR);
       p.connect(p.tcp(), p.name(l));
     }},
    {"shutdown: listener for reading",
     [](Player& p) {
       const int l = p.listener();
       p.shutdown(l, SHUT_RD);
       p.events(l);
       p.accept(l);
       p.connect(p.tcp(), p.name(l));
       p.listen(l);
       p.connect(p.tcp(), p.name(l));
     }},

    {"close: with unread data resets",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "unread");
       p.until(pair.server, POLLIN);
       p.close(pair.server);
       p.until(pair.client, POLLHUP);
       p.events(pair.client);
       p.recv(pair.client);
       p.recv(pair.client);
     }},
    {"close: what was sent arrives",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "last");
       p.close(pair.client);
       p.until(pair.server, POLLRDHUP);
       p.recv(pair.server);
       p.recv(pair.server);
       p.send(pair.server, "x");
     }},
    {"close: writing to who has closed",
     [](Player& p) {
       const auto pair = p.pair();
       p.close(pair.client);
       p.until(pair.server, POLLRDHUP);
       p.send(pair.server, "one");
       p.until(pair.server, POLLHUP);
       p.get(pair.server, SOL_SOCKET, SO_ERROR);
       p.send(pair.server, "two", MSG_NOSIGNAL);
       p.recv(pair.server);
     }},
    {"close: zero linger",
     [](Player& p) {
       const auto pair = p.reset();
       p.events(pair.server);
       p.recv(pair.server);
       p.recv(pair.server);
       p.send(pair.server, "x", MSG_NOSIGNAL);
       p.events(pair.server);
     }},
    {"close: linger with nothing to wait for",
     [](Player& p) {
       const auto pair = p.pair();
       const linger some{1, 5};
       p.c.setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &some, sizeof some);
       p.send(pair.client, "x");
       p.close(pair.client);
     }},
    {"close: listener resets who waits",
     [](Player& p) {
       const int l = p.listener();
       const int client = p.tcp();
       p.connect(client, p.name(l));
       p.until(l, POLLIN);
       p.close(l);
       p.until(client, POLLHUP);
       p.recv(client);
     }},
};

}  // namespace

void add_connection_cases(std::vector<Case>& cases) { cases.insert(cases.end(), std::begin(kCases), std::end(kCases)); }

}  // namespace leat::testing
