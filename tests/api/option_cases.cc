// Options of all levels: their defaults, the values that they accept, and the values that they then return.
#include <linux/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "api/player.h"

namespace leat::testing {
namespace {

void tell_timeout(Player& p, int fd, int option) {
  timeval tv{-1, -1};
  socklen_t size = sizeof tv;
  p.say("get", p.c.getsockopt(fd, SOL_SOCKET, option, &tv, &size));
  p.say("is", std::to_string(tv.tv_sec) + "." + std::to_string(tv.tv_usec) + "/" + std::to_string(size));
}
void set_timeout(Player& p, int fd, int option, timeval tv) {
  p.say("set", p.c.setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv));
}
void tell_linger(Player& p, int fd) {
  linger value{-1, -1};
  socklen_t size = sizeof value;
  p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size));
  p.say("is", std::to_string(value.l_onoff) + "/" + std::to_string(value.l_linger));
}
void congestion(Player& p, int fd, const char* name) {
  p.say("set", p.c.setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, static_cast<socklen_t>(std::strlen(name))));
}
void tell_congestion(Player& p, int fd) {
  char name[16] = "???????????????";
  socklen_t size = sizeof name;
  p.say("get", p.c.getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size));
  p.say("is", std::string(name, strnlen(name, sizeof name)) + "/" + std::to_string(size));
}
void tell_info(Player& p, int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  p.say("get", p.c.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
  p.say("state", static_cast<long>(info.tcpi_state));
  p.say("ca", static_cast<long>(info.tcpi_ca_state));
  p.say("retransmits", static_cast<long>(info.tcpi_retransmits));
}
void say_each(Player& p, int level, std::initializer_list<int> options) {
  const int fd = p.tcp();
  for (const int option : options) p.get(fd, level, option);
}
void set_each(Player& p, int level, int option, std::initializer_list<int> values) {
  const int fd = p.tcp();
  for (const int value : values) p.set_get(fd, level, option, value);
}

/// True if the kernel permits privileged options to this process. It refuses them to root of a user namespace.
bool is_administrator() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0), value = 5000;
  const bool can = ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof value) == 0;
  ::close(fd);
  return can;
}

const Case kOptionCases[] = {
    {"options: wrong level",
     [](Player& p) {
       p.set(p.tcp(), 250, 1, 1);
       p.get(p.tcp(), 250, 1);
     }},
    {"options: unknown ones",
     [](Player& p) {
       for (const int level : {SOL_SOCKET, int{IPPROTO_TCP}, int{IPPROTO_IP}}) {
         p.set(p.tcp(), level, 180, 1);
         p.get(p.tcp(), level, 180);
       }
     }},
    {"options: negative lengths",
     [](Player& p) {
       const int fd = p.tcp();
       int value = 1;
       auto size = static_cast<socklen_t>(-1);
       p.say("set", p.c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, size));
       p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, &size));
       p.say("get", p.c.getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size));
     }},
    {"options: short values",
     [](Player& p) {
       const int fd = p.tcp();
       int value = 1;
       p.say("socket", p.c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 3));
       p.say("tcp", p.c.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3));
       p.say("nothing", p.c.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 0));
       p.say("linger", p.c.setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, 4));
       p.say("time", p.c.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, 4));
     }},
    {"options: little room",
     [](Player& p) {
       const int fd = p.tcp();
       int value = -1;
       socklen_t size = 2;
       p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
       p.say("is", std::to_string(value) + "/" + std::to_string(size));
       size = 0;
       p.say("get", p.c.getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
       p.say("size", static_cast<long>(size));
     }},
    {"options: much room",
     [](Player& p) {
       long long value[2] = {-1, -1};
       socklen_t size = sizeof value;
       p.say("get", p.c.getsockopt(p.tcp(), SOL_SOCKET, SO_TYPE, value, &size));
       p.say("size", static_cast<long>(size));
     }},

    {"SOL_SOCKET: what a socket is",
     [](Player& p) {
       say_each(p, SOL_SOCKET, {SO_TYPE, SO_PROTOCOL, SO_DOMAIN, SO_ERROR, SO_ACCEPTCONN});
     }},
    {"SOL_SOCKET: what is off at first",
     [](Player& p) {
       say_each(p, SOL_SOCKET,
                {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_OOBINLINE, SO_BROADCAST, SO_DONTROUTE, SO_DEBUG,
                 SO_PRIORITY, SO_NO_CHECK});
     }},
    {"SOL_SOCKET: low water marks",
     [](Player& p) {
       say_each(p, SOL_SOCKET, {SO_RCVLOWAT, SO_SNDLOWAT});
     }},
    {"SOL_SOCKET: what cannot be set",
     [](Player& p) {
       for (const int option : {SO_TYPE, SO_PROTOCOL, SO_DOMAIN, SO_ERROR, SO_ACCEPTCONN, SO_SNDLOWAT}) {
         p.set(p.tcp(), SOL_SOCKET, option, 1);
       }
     }},
    {"SOL_SOCKET: flags",
     [](Player& p) {
       for (const int option : {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_OOBINLINE, SO_BROADCAST, SO_DONTROUTE}) {
         set_each(p, SOL_SOCKET, option, {5, 0});
       }
     }},
    {"SO_SNDBUF",
     [](Player& p) {
       set_each(p, SOL_SOCKET, SO_SNDBUF, {0, 1, 3000, 20000, 200000});
     }},
    {"SO_RCVBUF",
     [](Player& p) {
       set_each(p, SOL_SOCKET, SO_RCVBUF, {0, 1, 3000, 20000, 200000});
     }},
    {"SO_SNDBUFFORCE, SO_RCVBUFFORCE",
     [](Player& p) {
       if (!is_administrator()) return p.say("not", "an administrator");
       const int fd = p.tcp();
       for (const auto& [force, plain] : {std::pair{SO_SNDBUFFORCE, SO_SNDBUF}, {SO_RCVBUFFORCE, SO_RCVBUF}}) {
         for (const int value : {0, -1, 3000, 1'000'000, 1'100'000'000}) {
           p.set(fd, SOL_SOCKET, force, value);
           p.get(fd, SOL_SOCKET, plain);
         }
         p.get(fd, SOL_SOCKET, force);
       }
     }},
    {"buffers at first",
     [](Player& p) {
       say_each(p, SOL_SOCKET, {SO_SNDBUF, SO_RCVBUF});
     }},
    {"SO_RCVLOWAT",
     [](Player& p) {
       set_each(p, SOL_SOCKET, SO_RCVLOWAT, {0, 1, 7});
     }},
    {"SO_RCVLOWAT: no more than there is room for",
     [](Player& p) {
       const int fd = p.tcp();
       p.set(fd, SOL_SOCKET, SO_RCVBUF, 20000);
       for (const int value : {19999, 20001, -1}) p.set_get(fd, SOL_SOCKET, SO_RCVLOWAT, value);
     }},
    {"SO_RCVLOWAT: readiness",
     [](Player& p) {
       const auto pair = p.pair();
       p.set(pair.server, SOL_SOCKET, SO_RCVLOWAT, 3);
       p.send(pair.client, "ab");
       p.recv(pair.server, 2, MSG_PEEK | MSG_WAITALL);
       p.events(pair.server);
       p.send(pair.client, "c");
       p.until(pair.server, POLLIN);
       p.recv(pair.server);
     }},
    {"SO_PRIORITY",
     [](Player& p) {
       set_each(p, SOL_SOCKET, SO_PRIORITY, {6, 0});
     }},
    {"SO_LINGER",
     [](Player& p) {
       const int fd = p.tcp();
       tell_linger(p, fd);
       for (const linger value : {linger{1, 7}, linger{5, 0}, linger{0, 9}}) {
         p.say("set", p.c.setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
         tell_linger(p, fd);
       }
     }},
    {"SO_RCVTIMEO",
     [](Player& p) {
       const int fd = p.tcp();
       tell_timeout(p, fd, SO_RCVTIMEO);
       set_timeout(p, fd, SO_RCVTIMEO, {3, 500000});
       tell_timeout(p, fd, SO_RCVTIMEO);
       set_timeout(p, fd, SO_RCVTIMEO, {0, 1000000});
       set_timeout(p, fd, SO_RCVTIMEO, {0, -1});
       tell_timeout(p, fd, SO_RCVTIMEO);
       set_timeout(p, fd, SO_RCVTIMEO, {0, 0});
       tell_timeout(p, fd, SO_RCVTIMEO);
     }},
    {"SO_SNDTIMEO",
     [](Player& p) {
       const int fd = p.tcp();
       set_timeout(p, fd, SO_SNDTIMEO, {0, 500000});
       tell_timeout(p, fd, SO_SNDTIMEO);
       tell_timeout(p, fd, SO_RCVTIMEO);
       set_timeout(p, fd, SO_SNDTIMEO, {-5, 0});
       tell_timeout(p, fd, SO_SNDTIMEO);
     }},
    {"SO_ERROR: once",
     [](Player& p) {
       const auto pair = p.reset();
       p.get(pair.server, SOL_SOCKET, SO_ERROR);
       p.get(pair.server, SOL_SOCKET, SO_ERROR);
       p.recv(pair.server);
     }},
    {"SO_KEEPALIVE is inherited",
     [](Player& p) {
       const int l = p.listener();
       p.set(l, SOL_SOCKET, SO_KEEPALIVE, 1);
       p.set(l, IPPROTO_TCP, TCP_KEEPIDLE, 33);
       p.connect(p.tcp(), p.name(l));
       const int fd = p.accept(l);
       p.get(fd, SOL_SOCKET, SO_KEEPALIVE);
       p.get(fd, IPPROTO_TCP, TCP_KEEPIDLE);
       p.get(fd, SOL_SOCKET, SO_REUSEADDR);
     }},

    {"IPPROTO_TCP: what is off at first",
     [](Player& p) {
       say_each(p, IPPROTO_TCP,
                {TCP_NODELAY, TCP_CORK, TCP_DEFER_ACCEPT, TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT, TCP_WINDOW_CLAMP,
                 TCP_SAVE_SYN, TCP_INQ, TCP_THIN_LINEAR_TIMEOUTS, TCP_THIN_DUPACK});
     }},
    {"IPPROTO_TCP: the system's values",
     [](Player& p) {
       say_each(p, IPPROTO_TCP,
                {TCP_MAXSEG, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_QUICKACK});
     }},
    {"TCP_NODELAY",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_NODELAY, {1, 0, 7, -1});
     }},
    {"TCP_CORK",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_CORK, {1, 0, 7});
     }},
    {"TCP_MAXSEG",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_MAXSEG, {1000, 87, 88, 32767, 32768, -1, 0});
     }},
    {"TCP_KEEPIDLE",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_KEEPIDLE, {1, 0, -1, 32767, 32768});
     }},
    {"TCP_KEEPINTVL",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_KEEPINTVL, {1, 0, -1, 32767, 32768});
     }},
    {"TCP_KEEPCNT",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_KEEPCNT, {1, 0, -1, 127, 128});
     }},
    {"TCP_SYNCNT",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_SYNCNT, {1, 0, -1, 127, 128});
     }},
    {"TCP_LINGER2",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_LINGER2, {5, 120, 121, -1, -9, 0});
     }},
    {"TCP_DEFER_ACCEPT",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_DEFER_ACCEPT, {1, 2, 5, 100, 1000, 0, -1});
     }},
    {"TCP_WINDOW_CLAMP",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_WINDOW_CLAMP, {5000, 10, 0});
     }},
    {"TCP_WINDOW_CLAMP of a connection", [](Player& p) { p.set(p.pair().client, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0); }},
    {"TCP_QUICKACK",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_QUICKACK, {0, 1});
     }},
    {"TCP_USER_TIMEOUT",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_USER_TIMEOUT, {1, 30000, -1, 0});
     }},
    {"TCP_NOTSENT_LOWAT",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_NOTSENT_LOWAT, {1, 128 * 1024, 0});
     }},
    {"TCP_SAVE_SYN",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_SAVE_SYN, {1, 2, 3, -1});
     }},
    {"TCP_INQ",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_INQ, {1, 2, -1, 0});
     }},
    {"TCP_THIN_LINEAR_TIMEOUTS",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, {1, 2, 0});
     }},
    {"TCP_THIN_DUPACK",
     [](Player& p) {
       set_each(p, IPPROTO_TCP, TCP_THIN_DUPACK, {1, 2, 0});
     }},
    {"TCP_REPAIR", [](Player& p) { p.set(p.tcp(), IPPROTO_TCP, TCP_TIMESTAMP, 1); }},
    {"TCP_CONGESTION",
     [](Player& p) {
       const int fd = p.tcp();
       congestion(p, fd, "reno");
       tell_congestion(p, fd);
       congestion(p, fd, "no-such-thing");
       congestion(p, fd, "");
       tell_congestion(p, fd);
       congestion(p, fd, "cubic");
       tell_congestion(p, fd);
     }},
    {"TCP_CONGESTION: little room",
     [](Player& p) {
       const int fd = p.tcp();
       congestion(p, fd, "reno");
       char name[3] = "??";
       socklen_t size = 2;
       p.say("get", p.c.getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size));
       p.say("is", std::string(name) + "/" + std::to_string(size));
     }},
    {"TCP_CONGESTION of a connection",
     [](Player& p) {
       const int fd = p.pair().client;
       congestion(p, fd, "reno");
       tell_congestion(p, fd);
     }},
    {"TCP_INFO: fresh", [](Player& p) { tell_info(p, p.tcp()); }},
    {"TCP_INFO: listening", [](Player& p) { tell_info(p, p.listener()); }},
    {"TCP_INFO: connected", [](Player& p) { tell_info(p, p.pair().server); }},
    {"TCP_INFO: half closed",
     [](Player& p) {
       const auto pair = p.half_closed();
       tell_info(p, pair.server);
     }},
    {"TCP_INFO: over", [](Player& p) { tell_info(p, p.reset().server); }},
    {"TCP_INFO: little room",
     [](Player& p) {
       std::uint8_t state = 99;
       socklen_t size = 1;
       p.say("get", p.c.getsockopt(p.listener(), IPPROTO_TCP, TCP_INFO, &state, &size));
       p.say("is", std::to_string(state) + "/" + std::to_string(size));
     }},
    {"TCP_INFO: bytes",
     [](Player& p) {
       const auto pair = p.pair();
       p.send(pair.client, "hello");
       p.recv(pair.server);
       tcp_info info{};
       socklen_t size = sizeof info;
       p.say("get", p.c.getsockopt(pair.server, IPPROTO_TCP, TCP_INFO, &info, &size));
       p.say("received", static_cast<long>(info.tcpi_bytes_received));
       p.say("segments", static_cast<long>(info.tcpi_data_segs_in));
     }},
    {"TCP_MAXSEG of a connection",
     [](Player& p) {
       const int l = p.listener(), client = p.tcp();
       p.set(client, IPPROTO_TCP, TCP_MAXSEG, 1000);
       p.connect(client, p.name(l));
       p.set(client, IPPROTO_TCP, TCP_MAXSEG, 50);
     }},

    {"TCP_FASTOPEN", [](Player& p) { p.set_get(p.tcp(), IPPROTO_TCP, TCP_FASTOPEN, 5); }},
    {"SO_TIMESTAMP", [](Player& p) { p.set_get(p.tcp(), SOL_SOCKET, SO_TIMESTAMP, 1); }},

    {"IPPROTO_IP at first",
     [](Player& p) {
       say_each(p, IPPROTO_IP, {IP_TOS, IP_TTL, IP_MINTTL, IP_RECVERR, IP_FREEBIND, IP_BIND_ADDRESS_NO_PORT});
     }},
    {"IP_TOS",
     [](Player& p) {
       set_each(p, IPPROTO_IP, IP_TOS, {0x10, 0x13, 0xfc, 0x100, -1, 0});
     }},
    {"IP_TOS as a byte",
     [](Player& p) {
       const int fd = p.tcp();
       std::uint8_t tos = 0x28;
       p.say("set", p.c.setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, 1));
       tos = 0;
       socklen_t size = 1;
       p.say("get", p.c.getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &size));
       p.say("is", std::to_string(tos) + "/" + std::to_string(size));
     }},
    {"IP_TTL",
     [](Player& p) {
       set_each(p, IPPROTO_IP, IP_TTL, {1, 255, 0, 256, -1, -2});
     }},
    {"IP_TTL of no length", [](Player& p) { p.say("set", p.c.setsockopt(p.tcp(), IPPROTO_IP, IP_TTL, "", 0)); }},
    {"IP_MINTTL",
     [](Player& p) {
       set_each(p, IPPROTO_IP, IP_MINTTL, {1, 255, 256, -1, 0});
     }},
    {"IP_MTU_DISCOVER",
     [](Player& p) {
       set_each(p, IPPROTO_IP, IP_MTU_DISCOVER, {0, 2, 5, 6, -1, 1});
     }},
    {"IP_MTU of no connection", [](Player& p) { p.get(p.tcp(), IPPROTO_IP, IP_MTU); }},
    {"IP_FREEBIND",
     [](Player& p) {
       set_each(p, IPPROTO_IP, IP_FREEBIND, {1, 0});
     }},
};

}  // namespace

void add_option_cases(std::vector<Case>& cases) {
  cases.insert(cases.end(), std::begin(kOptionCases), std::end(kOptionCases));
}

}  // namespace leat::testing
