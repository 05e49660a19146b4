// Data: the calls that send and receive, and their flags.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "api/player.h"

namespace leat::testing {
namespace {

volatile sig_atomic_t broken_pipes = 0;

const Case kDataCases[] = {
    {"recv: nothing yet", [](Player& p) { p.recv(p.pair().server, 10, MSG_DONTWAIT); }},
    {"recv: fresh", [](Player& p) { p.recv(p.tcp()); }},
    {"recv: listener", [](Player& p) { p.recv(p.listener()); }},
    {"recv: time-out",
     [](Player& p) {
       const auto pair = p.pair();
       const timeval little{0, 20000};
       p.c.setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little);
       p.recv(pair.server);
     }},
    {"recv: pieces",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abcdef");
       p.until(pair.server, POLLIN);
       p.recv(pair.server, 4);
       p.recv(pair.server, 4);
       p.recv(pair.server, 4, MSG_DONTWAIT);
     }},
    {"recv: peek",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abcdef");
       p.until(pair.server, POLLIN);
       p.recv(pair.server, 3, MSG_PEEK);
       p.recv(pair.server, 100, MSG_PEEK);
       p.recv(pair.server, 100);
       p.recv(pair.server, 100, MSG_PEEK | MSG_DONTWAIT);
     }},
    {"recv: thrown away, without memory",
     [](Player& p) {
       const auto pair = p.pair();
       const std::string data(10000, 'x');
       p.send(pair.client, data);
       p.say("recv", p.c.recv(pair.server, nullptr, 9000, MSG_TRUNC | MSG_WAITALL));
       p.say("peek", p.c.recv(pair.server, nullptr, 1000, MSG_TRUNC | MSG_WAITALL | MSG_PEEK));
       p.say("recv", p.c.recv(pair.server, nullptr, 1000, MSG_TRUNC | MSG_WAITALL));
     }},
    {"recv: all",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc");
       p.send(pair.client, "def");
       p.recv(pair.server, 6, MSG_WAITALL);
     }},
    {"recv: all, before the end",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc");
       p.shutdown(pair.client, SHUT_WR);
       p.recv(pair.server, 6, MSG_WAITALL);
       p.recv(pair.server, 6, MSG_WAITALL);
     }},
    {"recv: all, without waiting",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc");
       p.until(pair.server, POLLIN);
       p.recv(pair.server, 6, MSG_WAITALL | MSG_DONTWAIT);
     }},
    {"recv: all, time-out",
     [](Player& p) {
       const auto pair = p.pair();
       const timeval little{0, 20000};
       p.c.setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little);
       p.send(pair.client, "abc");
       p.recv(pair.server, 6, MSG_WAITALL);
     }},
    {"recv: truncate",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abcdef");
       p.until(pair.server, POLLIN);
       p.recv(pair.server, 4, MSG_TRUNC);
       p.recv(pair.server);
     }},
    {"recv: nothing wanted",
     [](Player& p) {
       const auto pair = p.pair();
       p.recv(pair.server, 0, MSG_DONTWAIT);
       char byte;
       p.say("read", p.c.read(pair.server, &byte, 0));
       p.send(pair.client, "x");
       p.until(pair.server, POLLIN);
       p.recv(pair.server, 0);
       p.recv(pair.server);
     }},
    {"recv: error queue", [](Player& p) { p.recv(p.pair().server, 10, MSG_ERRQUEUE); }},
    {"recv: at the end, again and again",
     [](Player& p) {
       const auto pair = p.half_closed();
       for (int i = 0; i < 3; ++i) p.recv(pair.server);
     }},
    {"recvfrom: no address",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "x");
       char byte;
       sockaddr_in in{};
       socklen_t size = sizeof in;
       p.say("recvfrom", p.c.recvfrom(pair.server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&in), &size));
       p.say("size", static_cast<long>(size));
     }},
    {"recvmsg: scattered",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abcdef");
       p.until(pair.server, POLLIN);
       char a[2], b[10];
       iovec v[] = {{a, 2}, {nullptr, 0}, {b, 10}};
       sockaddr_in in{};
       msghdr message{&in, sizeof in, v, 3, nullptr, 0, 77};
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, 0));
       p.say("text", std::string(a, 2) + "," + std::string(b, 4));
       p.say("name", static_cast<long>(message.msg_namelen));
       p.say("flags", static_cast<long>(message.msg_flags));
     }},
    {"recvmsg: too many pieces",
     [](Player& p) {
       iovec v{};
       msghdr message{nullptr, 0, &v, 2000, nullptr, 0, 0};
       const auto pair = p.pair();
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, 0));
       p.say("sendmsg", p.c.sendmsg(pair.server, &message, 0));
     }},
    {"readv: counts",
     [](Player& p) {
       const auto pair = p.pair();
       iovec v{};
       p.say("readv", p.c.readv(pair.server, &v, 2000));
       p.say("readv", p.c.readv(pair.server, &v, -1));
       p.say("readv", p.c.readv(pair.server, &v, 0));
       p.say("writev", p.c.writev(pair.server, &v, -1));
       p.say("writev", p.c.writev(pair.server, &v, 0));
     }},
    {"readv: lengths that no answer can say",
     [](Player& p) {
       char byte = 0;
       iovec v[] = {{&byte, SIZE_MAX / 2}, {&byte, SIZE_MAX / 2}};
       const auto pair = p.pair();
       p.say("readv", p.c.readv(pair.server, v, 2));
       p.say("writev", p.c.writev(pair.server, v, 2));
     }},
    {"writev: gathered",
     [](Player& p) {
       const auto pair = p.pair();
       char a[] = "abc", b[] = "de";
       const iovec v[] = {{a, 3}, {nullptr, 0}, {b, 2}};
       p.say("writev", p.c.writev(pair.client, v, 3));
       p.recv(pair.server, 5, MSG_WAITALL);
     }},
    {"sendmsg: gathered",
     [](Player& p) {
       const auto pair = p.pair();
       char a[] = "abc", b[] = "de";
       iovec v[] = {{a, 3}, {b, 2}};
       const msghdr message{nullptr, 0, v, 2, nullptr, 0, 0};
       p.say("sendmsg", p.c.sendmsg(pair.client, &message, 0));
       p.recv(pair.server, 5, MSG_WAITALL);
     }},
    {"sendto: the address is ignored",
     [](Player& p) {
       const auto pair = p.pair();
       const sockaddr_in in = p.here(1);
       p.say("sendto", p.c.sendto(pair.client, "x", 1, 0, reinterpret_cast<const sockaddr*>(&in), sizeof in));
       p.recv(pair.server);
     }},
    {"sendto: absurd length of the address",
     [](Player& p) {
       const auto pair = p.pair();
       const sockaddr_in in = p.here(1);
       p.say("sendto", p.c.sendto(pair.client, "x", 1, 0, reinterpret_cast<const sockaddr*>(&in), 5000));
     }},
    {"send: fresh", [](Player& p) { p.send(p.tcp(), "x", MSG_NOSIGNAL); }},
    {"send: listener", [](Player& p) { p.send(p.listener(), "x", MSG_NOSIGNAL); }},
    {"send: nothing",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "");
       p.send(p.tcp(), "", MSG_NOSIGNAL);
       p.recv(pair.server, 5, MSG_DONTWAIT);
     }},
    {"send: after a shutdown",
     [](Player& p) {
       const auto pair = p.pair();
       p.shutdown(pair.client, SHUT_WR);
       p.send(pair.client, "x", MSG_NOSIGNAL);
       p.send(pair.client, "", MSG_NOSIGNAL);
     }},
    {"send: after a reset",
     [](Player& p) {
       const auto pair = p.reset();
       p.send(pair.server, "x", MSG_NOSIGNAL);
       p.send(pair.server, "x", MSG_NOSIGNAL);
     }},
    {"send: reset of a half-closed connection",
     [](Player& p) {
       const auto pair = p.half_closed();
       const linger now{1, 0};
       p.c.setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
       p.close(pair.client);
       p.until(pair.server, POLLHUP);
       p.recv(pair.server);
       p.get(pair.server, SOL_SOCKET, SO_ERROR);
     }},
    {"send: a full buffer",
     [](Player& p) {
       const auto pair = p.pair();
       p.nonblocking(pair.client);
       const std::string much(100000, 'm');
       ssize_t n = 1;
       for (int i = 0; i < 1000 && n > 0; ++i) n = p.c.send(pair.client, much.data(), much.size(), 0);
       p.say("send", n);
       p.until(pair.server, POLLIN);
       pollfd poll{pair.client, POLLOUT, 0};
       p.say("poll", p.c.poll(&poll, 1, 0));
     }},
    {"send: time-out",
     [](Player& p) {
       const auto pair = p.pair();
       const timeval little{0, 20000};
       p.c.setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof little);
       const std::string much(100000, 'm');
       ssize_t n = 1;
       for (int i = 0; i < 1000 && n > 0; ++i) n = p.c.send(pair.client, much.data(), much.size(), 0);
       p.say("send", n);
     }},
    {"send: MSG_MORE",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "ab", MSG_MORE);
       p.recv(pair.server, 5, MSG_DONTWAIT);
       p.ioctl(pair.client, SIOCOUTQNSD);
       p.send(pair.client, "cd");
       p.recv(pair.server, 4, MSG_WAITALL);
     }},
    {"SIGPIPE: raised unless it is forbidden",
     [](Player& p) {
       struct sigaction before, count{};
       count.sa_handler = [](int) { broken_pipes = broken_pipes + 1; };
       ::sigaction(SIGPIPE, &count, &before);
       broken_pipes = 0;
       const int fd = p.tcp();
       p.send(fd, "x", MSG_NOSIGNAL);
       p.say("signals", static_cast<long>(broken_pipes));
       p.send(fd, "x");
       p.say("write", p.c.write(fd, "x", 1));
       p.say("signals", static_cast<long>(broken_pipes));
       ::sigaction(SIGPIPE, &before, nullptr);
     }},

    {"urgent: none", [](Player& p) { p.recv(p.pair().server, 1, MSG_OOB); }},
    {"urgent: fresh", [](Player& p) { p.recv(p.tcp(), 1, MSG_OOB); }},
    {"urgent: out of band",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "ab!", MSG_OOB);
       p.send(pair.client, "cd");
       p.until(pair.server, POLLPRI);
       p.events(pair.server);
       p.ioctl(pair.server, SIOCATMARK);
       p.ioctl(pair.server, FIONREAD);
       p.recv(pair.server);
       p.ioctl(pair.server, SIOCATMARK);
       p.recv(pair.server, 1, MSG_OOB | MSG_PEEK);
       p.recv(pair.server, 5, MSG_OOB);
       p.recv(pair.server, 1, MSG_OOB);
       p.events(pair.server);
       p.recv(pair.server, 2, MSG_WAITALL);
     }},
    {"urgent: passed over",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "!", MSG_OOB);
       p.send(pair.client, "cd");
       p.until(pair.server, POLLPRI);
       p.ioctl(pair.server, SIOCATMARK);
       p.recv(pair.server, 2, MSG_WAITALL);
       p.ioctl(pair.server, SIOCATMARK);
       p.recv(pair.server, 1, MSG_OOB);
     }},
    {"urgent: in line",
     [](Player& p) {
       const auto pair = p.pair();
       p.set(pair.server, SOL_SOCKET, SO_OOBINLINE, 1);
       p.send(pair.client, "ab!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       p.recv(pair.server, 1, MSG_OOB);
       p.recv(pair.server);
       p.recv(pair.server);
     }},
    {"urgent: message flags",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       char byte = 0;
       iovec v{&byte, 1};
       msghdr message{nullptr, 0, &v, 1, nullptr, 0, 0};
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, MSG_OOB));
       p.say("flags", static_cast<long>(message.msg_flags));
     }},
    {"urgent: message flags, without waiting",
     [](Player& p) {
       const auto pair = p.pair();
       p.nonblocking(pair.server);
       p.send(pair.client, "!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       char byte = 0;
       iovec v{&byte, 1};
       msghdr message{nullptr, 0, &v, 1, nullptr, 0, 0};
       p.say("recvmsg", p.c.recvmsg(pair.server, &message, MSG_OOB));
       p.say("flags", static_cast<long>(message.msg_flags));
     }},
    {"urgent: thrown away",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "!", MSG_OOB);
       p.until(pair.server, POLLPRI);
       p.say("recv", p.c.recv(pair.server, nullptr, 1, MSG_OOB | MSG_TRUNC));
     }},
    {"urgent: peek stops at the mark",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc!", MSG_OOB);
       p.send(pair.client, "ef");
       p.until(pair.server, POLLPRI);
       p.recv(pair.server, 100, MSG_PEEK);
       p.recv(pair.server, 2, MSG_PEEK);
       p.recv(pair.server);
       p.recv(pair.server, 2, MSG_PEEK | MSG_WAITALL);
       p.recv(pair.server, 2, MSG_WAITALL);
     }},
};

}  // namespace

void add_data_cases(std::vector<Case>& cases) {
  cases.insert(cases.end(), std::begin(kDataCases), std::end(kDataCases));
}

}  // namespace leat::testing
