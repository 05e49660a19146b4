// Descriptors: bad ones, wrong kinds, wrong pointers, fcntl and ioctl.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>

#include "api/player.h"

namespace leat::testing {
namespace {

constexpr int kNone = 9999;
void* const kBad = reinterpret_cast<void*>(std::uintptr_t{8});  // NOLINT(performance-no-int-to-ptr): an invalid address

const Case kDescriptorCases[] = {
    {"socket: wrong domain", [](Player& p) { p.descriptor("socket", p.c.socket(-1, SOCK_STREAM, 0)); }},
    {"socket: domain too large", [](Player& p) { p.descriptor("socket", p.c.socket(4000, SOCK_STREAM, 0)); }},
    {"socket: type unknown", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, 9, 0)); }},
    {"socket: type with unknown flags", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, 0x101, 0)); }},
    {"socket: sequenced packets", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, SOCK_SEQPACKET, 0)); }},
    {"socket: datagrams", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, SOCK_DGRAM, 0)); }},
    {"socket: IPv6", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET6, SOCK_STREAM, 0)); }},
    {"socket: protocol of another type",
     [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)); }},
    {"socket: protocol out of range",
     [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, SOCK_STREAM, 5000)); }},
    {"socket: TCP by number", [](Player& p) { p.descriptor("socket", p.c.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)); }},
    {"socket: non-blocking", [](Player& p) { p.fcntl(p.tcp(SOCK_NONBLOCK), F_GETFL); }},
    {"socket: close on exec", [](Player& p) { p.fcntl(p.tcp(SOCK_CLOEXEC), F_GETFD); }},
    {"socket: the lowest number",
     [](Player& p) {
       const int a = p.tcp(), b = p.tcp();
       p.c.close(a);
       p.say("again", p.tcp() == a ? "same" : "other");
       p.say("next", p.tcp() > b ? "above" : "below");
     }},

    {"bad descriptor: bind", [](Player& p) { p.bind(kNone, p.here()); }},
    {"bad descriptor: listen", [](Player& p) { p.listen(kNone); }},
    {"bad descriptor: accept", [](Player& p) { p.accept(kNone); }},
    {"bad descriptor: accept with wrong flags", [](Player& p) { p.accept(kNone, 1); }},
    {"bad descriptor: connect", [](Player& p) { p.connect(kNone, p.here()); }},
    {"bad descriptor: shutdown", [](Player& p) { p.shutdown(kNone, SHUT_RD); }},
    {"bad descriptor: close", [](Player& p) { p.close(kNone); }},
    {"bad descriptor: close twice",
     [](Player& p) {
       const int fd = p.tcp();
       p.close(fd);
       p.close(fd);
     }},
    {"bad descriptor: negative", [](Player& p) { p.close(-1); }},
    {"bad descriptor: dup", [](Player& p) { p.descriptor("dup", p.c.dup(kNone)); }},
    {"bad descriptor: send", [](Player& p) { p.send(kNone, "x"); }},
    {"bad descriptor: recv", [](Player& p) { p.recv(kNone); }},
    {"bad descriptor: read", [](Player& p) { p.say("read", p.c.read(kNone, kBad, 1)); }},
    {"bad descriptor: read of nothing", [](Player& p) { p.say("read", p.c.read(kNone, kBad, 0)); }},
    {"bad descriptor: write", [](Player& p) { p.say("write", p.c.write(kNone, kBad, 1)); }},
    {"bad descriptor: setsockopt", [](Player& p) { p.set(kNone, SOL_SOCKET, SO_REUSEADDR, 1); }},
    {"bad descriptor: getsockopt", [](Player& p) { p.get(kNone, SOL_SOCKET, SO_TYPE); }},
    {"bad descriptor: getsockopt without a length",
     [](Player& p) { p.say("get", p.c.getsockopt(kNone, SOL_SOCKET, SO_TYPE, kBad, nullptr)); }},
    {"bad descriptor: getsockname",
     [](Player& p) {
       sockaddr_in in;
       socklen_t size = sizeof in;
       p.say("getsockname", p.c.getsockname(kNone, reinterpret_cast<sockaddr*>(&in), &size));
       p.say("getpeername", p.c.getpeername(kNone, reinterpret_cast<sockaddr*>(&in), &size));
     }},
    {"bad descriptor: fcntl", [](Player& p) { p.fcntl(kNone, F_GETFL); }},
    {"bad descriptor: ioctl", [](Player& p) { p.ioctl(kNone, FIONREAD); }},
    {"bad descriptor: sendmsg",
     [](Player& p) {
       msghdr message{};
       p.say("sendmsg", p.c.sendmsg(kNone, &message, 0));
       p.say("recvmsg", p.c.recvmsg(kNone, &message, 0));
     }},

    {"not a socket: epoll instance",
     [](Player& p) {
       const int e = p.descriptor("epoll", p.c.epoll_create1(0));
       p.bind(e, p.here());
       p.listen(e);
       p.accept(e);
       p.connect(e, p.here());
       p.shutdown(e, SHUT_RD);
       p.send(e, "x");
       p.recv(e);
       p.set(e, SOL_SOCKET, SO_REUSEADDR, 1);
       p.get(e, SOL_SOCKET, SO_TYPE);
       p.fcntl(e, F_GETFL);
     }},
    {"not a socket: read and write of an epoll instance",
     [](Player& p) {
       const int e = p.descriptor("epoll", p.c.epoll_create1(0));
       char byte = 0;
       p.say("read", p.c.read(e, &byte, 1));
       p.say("write", p.c.write(e, &byte, 1));
     }},
    {"not a socket: ioctl of an epoll instance",
     [](Player& p) { p.ioctl(p.descriptor("epoll", p.c.epoll_create1(0)), FIONREAD); }},

    {"EFAULT: bind", [](Player& p) { p.say("bind", p.c.bind(p.tcp(), nullptr, sizeof(sockaddr_in))); }},
    {"EFAULT: connect",
     [](Player& p) { p.say("connect", p.c.connect(p.tcp(), static_cast<sockaddr*>(kBad), sizeof(sockaddr_in))); }},
    {"EFAULT: connect without a length", [](Player& p) { p.say("connect", p.c.connect(p.tcp(), nullptr, 0)); }},
    {"EFAULT: getsockname",
     [](Player& p) {
       socklen_t size = sizeof(sockaddr_in);
       const int fd = p.tcp();
       p.say("name", p.c.getsockname(fd, nullptr, &size));
       sockaddr_in in;
       p.say("name", p.c.getsockname(fd, reinterpret_cast<sockaddr*>(&in), nullptr));
     }},
    {"EFAULT: setsockopt",
     [](Player& p) {
       const int fd = p.tcp();
       p.say("set", p.c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, nullptr, 4));
       p.say("set", p.c.setsockopt(fd, IPPROTO_TCP, 1, kBad, 4));
     }},
    {"EFAULT: getsockopt",
     [](Player& p) {
       const int fd = p.tcp();
       socklen_t size = 4;
       p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_TYPE, nullptr, &size));
       int value;
       p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, nullptr));
       p.say("get", p.c.getsockopt(fd, IPPROTO_TCP, 1, kBad, &size));
     }},
    {"EFAULT: send",
     [](Player& p) {
       const auto pair = p.pair();
       p.say("send", p.c.send(pair.client, nullptr, 5, 0));
       p.say("write", p.c.write(pair.client, kBad, 5));
       p.say("nothing", p.c.send(pair.client, nullptr, 0, 0));
     }},
    {"EFAULT: recv with data",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "abc");
       p.until(pair.server, POLLIN);
       p.say("recv", p.c.recv(pair.server, nullptr, 3, 0));
       p.say("read", p.c.read(pair.server, kBad, 3));
       p.recv(pair.server);
     }},
    {"EFAULT: recv without data",
     [](Player& p) { p.say("recv", p.c.recv(p.pair().server, nullptr, 3, MSG_DONTWAIT)); }},
    {"EFAULT: send on a fresh socket", [](Player& p) { p.say("send", p.c.send(p.tcp(), nullptr, 5, MSG_NOSIGNAL)); }},
    {"EFAULT: messages",
     [](Player& p) {
       const auto pair = p.pair();
       p.say("sendmsg", p.c.sendmsg(pair.client, nullptr, 0));
       p.say("recvmsg", p.c.recvmsg(pair.client, static_cast<msghdr*>(kBad), 0));
     }},
    {"EFAULT: vectors",
     [](Player& p) {
       const auto pair = p.pair();
       p.say("writev", p.c.writev(pair.client, nullptr, 2));
       p.say("readv", p.c.readv(pair.client, static_cast<iovec*>(kBad), 1));
     }},
    {"EFAULT: poll and epoll",
     [](Player& p) {
       p.say("poll", p.c.poll(nullptr, 1, 0));
       const int e = p.descriptor("epoll", p.c.epoll_create1(0));
       p.say("wait", p.c.epoll_wait(e, nullptr, 1, 0));
       p.say("ctl", p.c.epoll_ctl(e, EPOLL_CTL_ADD, p.tcp(), nullptr));
     }},
    {"EFAULT: select",
     [](Player& p) { p.say("select", p.c.select(5, static_cast<fd_set*>(kBad), nullptr, nullptr, nullptr)); }},
    {"EFAULT: ioctl",
     [](Player& p) {
       const auto pair = p.pair();
       p.say("nread", p.c.ioctl(pair.client, FIONREAD, nullptr));
       p.say("nbio", p.c.ioctl(pair.client, FIONBIO, nullptr));
     }},
    {"EFAULT: accept's address",
     [](Player& p) {
       const int l = p.listener();
       p.connect(p.tcp(), p.name(l));
       p.until(l, POLLIN);
       sockaddr_in in;
       p.say("accept", p.c.accept4(l, reinterpret_cast<sockaddr*>(&in), nullptr, 0));
       p.nonblocking(l);
       p.accept(l);
     }},

    {"fcntl: flags of a file",
     [](Player& p) {
       const int fd = p.tcp();
       p.fcntl(fd, F_GETFL);
       p.fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
       p.fcntl(fd, F_GETFL);
       p.fcntl(fd, F_SETFL, 0);
       p.fcntl(fd, F_GETFL);
     }},
    {"fcntl: flags that cannot change",
     [](Player& p) {
       const int fd = p.tcp();
       p.fcntl(fd, F_SETFL, O_WRONLY | O_CREAT | O_TRUNC);
       p.fcntl(fd, F_GETFL);
     }},
    {"fcntl: direct I/O", [](Player& p) { p.fcntl(p.tcp(), F_SETFL, O_DIRECT); }},
    {"fcntl: flags of a descriptor",
     [](Player& p) {
       const int fd = p.tcp();
       p.fcntl(fd, F_GETFD);
       p.fcntl(fd, F_SETFD, FD_CLOEXEC);
       p.fcntl(fd, F_GETFD);
       p.fcntl(fd, F_SETFD, 0);
       p.fcntl(fd, F_GETFD);
     }},
    {"fcntl: unknown command", [](Player& p) { p.fcntl(p.tcp(), 555); }},
    {"dup: shares flags, not those of the descriptor",
     [](Player& p) {
       const int fd = p.tcp(SOCK_CLOEXEC);
       const int copy = p.descriptor("dup", p.c.dup(fd));
       p.fcntl(fd, F_SETFL, O_NONBLOCK);
       p.fcntl(copy, F_GETFL);
       p.fcntl(copy, F_GETFD);
       p.close(fd);
       p.get(copy, SOL_SOCKET, SO_TYPE);
     }},
    {"dup: of a certain number",
     [](Player& p) {
       const int copy = p.descriptor("dup", p.c.fcntl(p.tcp(), F_DUPFD_CLOEXEC, 200));
       p.say("at least", copy >= 200 ? "200" : "less");
       p.fcntl(copy, F_GETFD);
     }},
    {"dup: beyond the limit", [](Player& p) { p.fcntl(p.tcp(), F_DUPFD, INT32_MAX); }},
    {"dup: negative number", [](Player& p) { p.fcntl(p.tcp(), F_DUPFD, -3); }},
    {"dup: the connection ends with the last copy",
     [](Player& p) {
       const auto pair = p.pair();
       const int copy = p.descriptor("dup", p.c.dup(pair.client));
       p.close(pair.client);
       p.events(pair.server);
       p.close(copy);
       p.until(pair.server, POLLRDHUP);
       p.recv(pair.server);
     }},

    {"ioctl: fresh socket",
     [](Player& p) {
       const int fd = p.tcp();
       for (const unsigned long r : {FIONREAD, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK}) p.ioctl(fd, r);
     }},
    {"ioctl: listener",
     [](Player& p) {
       const int fd = p.listener();
       for (const unsigned long r : {FIONREAD, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK}) p.ioctl(fd, r);
     }},
    {"ioctl: unread bytes",
     [](Player& p) {
       const auto pair = p.pair();
       p.ioctl(pair.server, FIONREAD);
       p.send(pair.client, "hello");
       p.until(pair.server, POLLIN);
       p.ioctl(pair.server, FIONREAD);
       p.recv(pair.server, 2);
       p.ioctl(pair.server, FIONREAD);
     }},
    {"ioctl: unread bytes before the end",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "hello");
       p.shutdown(pair.client, SHUT_WR);
       p.until(pair.server, POLLRDHUP);
       p.ioctl(pair.server, FIONREAD);
       p.recv(pair.server);
       p.ioctl(pair.server, FIONREAD);
     }},
    {"ioctl: non-blocking",
     [](Player& p) {
       const int fd = p.pair().server;
       int on = 1;
       p.say("nbio", p.c.ioctl(fd, FIONBIO, &on));
       p.fcntl(fd, F_GETFL);
       p.recv(fd);
       on = 0;
       p.say("nbio", p.c.ioctl(fd, FIONBIO, &on));
       p.fcntl(fd, F_GETFL);
     }},
    {"ioctl: unknown request", [](Player& p) { p.ioctl(p.tcp(), 0x12345); }},
};

}  // namespace

void add_descriptor_cases(std::vector<Case>& cases) {
  cases.insert(cases.end(), std::begin(kDescriptorCases), std::end(kDescriptorCases));
}

}  // namespace leat::testing
