// Readiness: poll, select and epoll.
#include <fcntl.h>

#include <cerrno>

#include "api/player.h"

namespace leat::testing {
namespace {

int epoll(Player& p) { return p.descriptor("epoll", p.c.epoll_create1(0)); }

void select(Player& p, int nfds, int in, int out, int except) {
  fd_set sets[3];
  const int fds[] = {in, out, except};
  for (int i = 0; i < 3; ++i) {
    FD_ZERO(&sets[i]);
    if (fds[i] >= 0) FD_SET(fds[i], &sets[i]);
  }
  timeval none{0, 0};
  const int n = p.c.select(nfds, &sets[0], &sets[1], &sets[2], &none);
  p.say("select", n);
  if (n < 0) return;
  std::string text;
  for (int i = 0; i < 3; ++i) {
    if (fds[i] >= 0 && FD_ISSET(fds[i], &sets[i])) text += "rwx"[i];
  }
  p.say("is", text.empty() ? "-" : text);
}

const Case kReadinessCases[] = {
    {"poll: fresh", [](Player& p) { p.events(p.tcp()); }},
    {"poll: bound",
     [](Player& p) {
       const int fd = p.tcp();
       p.bind(fd, p.here());
       p.events(fd);
     }},
    {"poll: listening",
     [](Player& p) {
       const int l = p.listener();
       p.events(l);
       p.connect(p.tcp(), p.name(l));
       p.until(l, POLLIN);
       p.events(l);
       p.accept(l);
       p.events(l);
     }},
    {"poll: connected",
     [](Player& p) {
       const auto pair = p.pair();
       p.events(pair.client);
       p.send(pair.server, "x");
       p.until(pair.client, POLLIN);
       p.events(pair.client);
       p.recv(pair.client);
       p.events(pair.client);
     }},
    {"poll: the peer has shut down",
     [](Player& p) {
       const auto pair = p.half_closed();
       p.events(pair.server);
       p.recv(pair.server);
       p.events(pair.server);
       p.events(pair.client);
     }},
    {"poll: both have shut down",
     [](Player& p) {
       const auto pair = p.half_closed();
       p.shutdown(pair.server, SHUT_WR);
       p.until(pair.server, POLLHUP);
       p.until(pair.client, POLLHUP);
       p.events(pair.server);
       p.events(pair.client);
     }},
    {"poll: reset", [](Player& p) { p.events(p.reset().server); }},
    {"poll: shut down for writing",
     [](Player& p) {
       const int fd = p.pair().client;
       p.shutdown(fd, SHUT_WR);
       p.events(fd);
     }},
    {"poll: shut down for reading",
     [](Player& p) {
       const int fd = p.pair().client;
       p.shutdown(fd, SHUT_RD);
       p.events(fd);
     }},
    {"poll: bad descriptors",
     [](Player& p) {
       pollfd fds[] = {{9999, POLLIN, 0}, {-1, POLLIN, 5}, {p.tcp(), 0, 0}};
       p.say("poll", p.c.poll(fds, 3, 0));
       for (const pollfd& f : fds) p.say("is", poll_words(static_cast<unsigned short>(f.revents)));
     }},
    {"poll: nothing asked of a reset connection",
     [](Player& p) {
       pollfd fd{p.reset().server, 0, 0};
       p.say("poll", p.c.poll(&fd, 1, 0));
       p.say("is", poll_words(static_cast<unsigned short>(fd.revents)));
     }},
    {"poll: time-out",
     [](Player& p) {
       pollfd fd{p.pair().server, POLLIN, 0};
       p.say("poll", p.c.poll(&fd, 1, 20));
       p.say("sleep", p.c.poll(nullptr, 0, 5));
     }},
    {"poll: one descriptor twice",
     [](Player& p) {
       const int fd = p.pair().server;
       pollfd fds[] = {{fd, POLLOUT, 0}, {fd, POLLIN, 0}};
       p.say("poll", p.c.poll(fds, 2, 0));
     }},
    {"poll: an epoll instance",
     [](Player& p) {
       const auto pair = p.pair();
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, pair.server, EPOLLIN);
       p.events(e);
       p.send(pair.client, "x");
       p.until(e, POLLIN);
       p.events(e);
     }},

    {"select: writable",
     [](Player& p) {
       const int fd = p.pair().client;
       select(p, fd + 1, fd, fd, fd);
     }},
    {"select: fresh",
     [](Player& p) {
       const int fd = p.tcp();
       select(p, fd + 1, fd, fd, fd);
     }},
    {"select: reset",
     [](Player& p) {
       const int fd = p.reset().server;
       select(p, fd + 1, fd, fd, fd);
     }},
    {"select: too few",
     [](Player& p) {
       const int fd = p.tcp();
       select(p, fd, fd, fd, fd);
     }},
    {"select: bad descriptor",
     [](Player& p) {
       const int fd = p.tcp();
       p.close(fd);
       select(p, fd + 1, fd, -1, -1);
     }},
    {"select: negative count", [](Player& p) { select(p, -1, -1, -1, -1); }},
    {"select: urgent data",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       select(p, pair.server + 1, pair.server, -1, pair.server);
     }},
    {"select: wrong time-out",
     [](Player& p) {
       timeval wrong{0, -1};
       p.say("select", p.c.select(0, nullptr, nullptr, nullptr, &wrong));
       timeval little{0, 1000};
       p.say("select", p.c.select(0, nullptr, nullptr, nullptr, &little));
     }},

    {"epoll: wrong flags", [](Player& p) { p.descriptor("epoll", p.c.epoll_create1(7)); }},
    {"epoll: close on exec",
     [](Player& p) {
       const int e = p.descriptor("epoll", p.c.epoll_create1(EPOLL_CLOEXEC));
       p.fcntl(e, F_GETFD);
       p.fcntl(e, F_GETFL);
     }},
    {"epoll: entries",
     [](Player& p) {
       const int e = epoll(p), fd = p.tcp();
       p.ctl(e, EPOLL_CTL_MOD, fd, EPOLLIN);
       p.ctl(e, EPOLL_CTL_DEL, fd);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLIN);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLIN);
       p.ctl(e, EPOLL_CTL_MOD, fd, EPOLLOUT);
       p.epoll_events(e);
       p.ctl(e, EPOLL_CTL_DEL, fd);
       p.epoll_events(e);
       p.ctl(e, 9, fd);
     }},
    {"epoll: bad descriptors",
     [](Player& p) {
       const int e = epoll(p), fd = p.tcp();
       p.ctl(9999, EPOLL_CTL_ADD, fd, EPOLLIN);
       p.ctl(e, EPOLL_CTL_ADD, 9999, EPOLLIN);
       p.ctl(fd, EPOLL_CTL_ADD, fd, EPOLLIN);
       p.ctl(fd, EPOLL_CTL_ADD, e, EPOLLIN);
       p.ctl(e, EPOLL_CTL_ADD, e, EPOLLIN);
       p.epoll_events(9999);
       p.epoll_events(fd);
     }},
    {"epoll: room for nothing",
     [](Player& p) {
       epoll_event event;
       const int e = epoll(p);
       p.say("wait", p.c.epoll_wait(e, &event, 0, 0));
       p.say("wait", p.c.epoll_wait(e, &event, -1, 0));
     }},
    {"epoll: time-out",
     [](Player& p) {
       epoll_event event;
       p.say("wait", p.c.epoll_wait(epoll(p), &event, 1, 20));
     }},
    {"epoll: level",
     [](Player& p) {
       const auto pair = p.pair();
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, pair.server, EPOLLIN);
       p.epoll_events(e);
       p.send(pair.client, "ab");
       p.until(pair.server, POLLIN);
       p.epoll_events(e);
       p.recv(pair.server, 1);
       p.epoll_events(e);
       p.recv(pair.server, 1);
       p.epoll_events(e);
     }},
    {"epoll: edge",
     [](Player& p) {
       const auto pair = p.pair();
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, pair.server, EPOLLIN | EPOLLET);
       p.epoll_events(e);
       p.send(pair.client, "a");
       p.until(pair.server, POLLIN);
       p.epoll_events(e);
       p.epoll_events(e);
       p.send(pair.client, "b");
       p.recv(pair.server, 2, MSG_PEEK | MSG_WAITALL);
       p.epoll_events(e);
       p.epoll_events(e);
     }},
    {"epoll: edge, armed again",
     [](Player& p) {
       const int fd = p.pair().server;
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLOUT | EPOLLET);
       p.epoll_events(e);
       p.epoll_events(e);
       p.ctl(e, EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLET);
       p.epoll_events(e);
     }},
    {"epoll: one shot",
     [](Player& p) {
       const int fd = p.pair().server;
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLOUT | EPOLLONESHOT);
       p.epoll_events(e);
       p.epoll_events(e);
       p.ctl(e, EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLONESHOT);
       p.epoll_events(e);
     }},
    {"epoll: errors need not be asked for",
     [](Player& p) {
       const auto pair = p.reset();
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, pair.server, 0);
       p.epoll_events(e);
     }},
    {"epoll: half close",
     [](Player& p) {
       const auto pair = p.half_closed();
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, pair.server, EPOLLRDHUP);
       p.epoll_events(e);
       p.ctl(e, EPOLL_CTL_MOD, pair.server, EPOLLIN);
       p.epoll_events(e);
     }},
    {"epoll: closing removes",
     [](Player& p) {
       const int fd = p.pair().server;
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLOUT);
       p.epoll_events(e);
       p.close(fd);
       p.epoll_events(e);
     }},
    {"epoll: a copy is another entry",
     [](Player& p) {
       const int fd = p.pair().server;
       const int copy = p.descriptor("dup", p.c.dup(fd));
       const int e = epoll(p);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLOUT);
       p.ctl(e, EPOLL_CTL_ADD, copy, EPOLLOUT);
       p.epoll_events(e);
       p.close(fd);
       p.epoll_events(e);
     }},
    {"epoll: more than there is room for",
     [](Player& p) {
       const int e = epoll(p);
       for (int i = 0; i < 5; ++i) p.ctl(e, EPOLL_CTL_ADD, p.tcp(), EPOLLOUT);
       p.epoll_events(e, 3);
       p.epoll_events(e, 8);
     }},
    {"epoll: instances in instances",
     [](Player& p) {
       const auto pair = p.pair();
       const int inner = epoll(p), outer = epoll(p);
       p.ctl(inner, EPOLL_CTL_ADD, pair.server, EPOLLIN);
       p.ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
       p.epoll_events(outer);
       p.send(pair.client, "x");
       p.until(pair.server, POLLIN);
       p.epoll_events(outer);
       p.epoll_events(inner);
       p.ctl(inner, EPOLL_CTL_ADD, outer, EPOLLIN);
     }},
    {"epoll: too deep",
     [](Player& p) {
       int inner = epoll(p);
       for (int i = 0; i < 6; ++i) {
         const int outer = epoll(p);
         p.ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
         inner = outer;
       }
     }},
    {"epoll: too deep, from the top",
     [](Player& p) {
       int outer = epoll(p);
       for (int i = 0; i < 6; ++i) {
         const int inner = epoll(p);
         p.ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
         outer = inner;
       }
     }},
    {"epoll: exclusive",
     [](Player& p) {
       const int e = epoll(p), l = p.listener(), fd = p.tcp();
       p.ctl(e, EPOLL_CTL_ADD, l, EPOLLIN | EPOLLEXCLUSIVE);
       p.ctl(e, EPOLL_CTL_MOD, l, EPOLLIN);
       p.ctl(e, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP);
       p.connect(fd, p.name(l));
       p.until(l, POLLIN);
       p.epoll_events(e);
     }},
    {"epoll: a listener",
     [](Player& p) {
       const int e = epoll(p), l = p.listener();
       p.ctl(e, EPOLL_CTL_ADD, l, EPOLLIN | EPOLLET);
       p.connect(p.tcp(), p.name(l));
       p.until(l, POLLIN);
       p.epoll_events(e);
       p.epoll_events(e);
       p.accept(l);
       p.epoll_events(e);
     }},
    {"epoll: connecting",
     [](Player& p) {
       const int e = epoll(p), l = p.listener(), fd = p.tcp(SOCK_NONBLOCK);
       p.ctl(e, EPOLL_CTL_ADD, fd, EPOLLOUT | EPOLLET);
       p.epoll_events(e);
       p.connect(fd, p.name(l));
       p.until(fd, POLLOUT);
       p.epoll_events(e);
     }},
};

}  // namespace

void add_readiness_cases(std::vector<Case>& cases) {
  cases.insert(cases.end(), std::begin(kReadinessCases), std::end(kReadinessCases));
}

}  // namespace leat::testing
