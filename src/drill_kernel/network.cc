#include "drill_kernel/network.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "drill/text.h"

namespace leat::drill {
namespace {

constexpr const char* kTun = "tun0";

bool write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return done;
}

/// Returns an error, or nothing when it worked.
std::string enter_namespace() {
  const bool root = ::geteuid() == 0;
  const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER)) != 0) {
    return concat("no network namespace: ", std::strerror(errno),
                  "; run as root or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)");
  }
  if (root) return {};
  write_file("/proc/self/setgroups", "deny");
  if (!write_file("/proc/self/uid_map", concat("0 ", uid, " 1")) ||
      !write_file("/proc/self/gid_map", concat("0 ", gid, " 1"))) {
    return "cannot become root in a user namespace; run as root";
  }
  return {};
}

expected<int, std::string> open_tun() {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  std::strcpy(request.ifr_name, kTun);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (fd >= 0 && ::ioctl(fd, TUNSETIFF, &request) == 0) return fd;
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return unexpected(
      concat("no TUN device: ", why, "; run as root, or `sudo modprobe tun && sudo chmod 0666 /dev/net/tun`"));
}

/// Runs all commands in one process, since starting `ip` for each would take longer than most scripts.
bool run_ip(const std::string& commands) {
  std::FILE* pipe = ::popen("ip -batch - 2>/dev/null", "w");
  if (pipe == nullptr) return false;
  std::fputs(commands.c_str(), pipe);
  return ::pclose(pipe) == 0;
}

/// Sets Linux's own defaults in place of this host's. Scripts count on the window scales and buffers that follow from
/// them.
void set_defaults() {
  write_sysctl("net.ipv4.tcp_rmem", "4096 131072 6291456");
  write_sysctl("net.ipv4.tcp_wmem", "4096 16384 4194304");
}

}  // namespace

bool write_sysctl(const std::string& name, const std::string& value) {
  std::string path = name;
  std::replace(path.begin(), path.end(), '.', '/');
  return write_file("/proc/sys/" + path, value + "\n");
}

expected<int, std::string> make_kernel_network(const Settings& settings) {
  if (const std::string trouble = enter_namespace(); !trouble.empty()) return unexpected(trouble);
  set_defaults();
  auto tun = open_tun();
  if (!tun) return tun;
  const std::string local = settings.local_address().to_string();
  std::string commands = concat("link set lo up\nlink set ", kTun, " addrgenmode none\n");
  if (settings.wire_is_v6()) {
    commands += concat("link set ", kTun, " mtu ", settings.mtu, " up\n-6 address add ", local, "/128 dev ", kTun,
                       " nodad\n-6 route add default dev ", kTun, " src ", local, "\n");
  } else {
    write_sysctl(concat("net.ipv6.conf.", kTun, ".disable_ipv6"), "1");
    commands += concat("link set ", kTun, " mtu ", settings.mtu, " up\naddress add ", local, "/32 dev ", kTun,
                       "\nroute add default dev ", kTun, " src ", local, "\n");
  }
  if (!run_ip(commands)) {
    ::close(*tun);
    return unexpected(std::string("`ip` cannot set the network up; is iproute2 installed?"));
  }
  return tun;
}

}  // namespace leat::drill
