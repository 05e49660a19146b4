#include "drill/call_form.h"

#include <algorithm>
#include <array>

namespace leat::drill {
namespace {

constexpr std::array kCalls = {
    CallSignature{"accept", CallName::accept, 3, 3, true},
    CallSignature{"accept4", CallName::accept4, 4, 4, true},
    CallSignature{"bind", CallName::bind, 3, 3, false},
    CallSignature{"cap_set", CallName::cap_set, 1, 3, false},
    CallSignature{"close", CallName::close, 1, 1, false},
    CallSignature{"connect", CallName::connect, 3, 3, false},
    CallSignature{"epoll_create", CallName::epoll_create, 1, 1, true},
    CallSignature{"epoll_create1", CallName::epoll_create1, 1, 1, true},
    CallSignature{"epoll_ctl", CallName::epoll_ctl, 4, 4, false},
    CallSignature{"epoll_wait", CallName::epoll_wait, 4, 4, false},
    CallSignature{"fcntl", CallName::fcntl, 2, 3, false},
    CallSignature{"getpeername", CallName::getpeername, 3, 3, false},
    CallSignature{"getsockname", CallName::getsockname, 3, 3, false},
    CallSignature{"getsockopt", CallName::getsockopt, 5, 5, false},
    CallSignature{"ioctl", CallName::ioctl, 2, 3, false},
    CallSignature{"listen", CallName::listen, 2, 2, false},
    CallSignature{"open", CallName::open, 2, 3, true},
    CallSignature{"pipe", CallName::pipe, 1, 1, false},
    CallSignature{"poll", CallName::poll, 3, 3, false},
    CallSignature{"read", CallName::read, 3, 3, false},
    CallSignature{"readv", CallName::readv, 3, 3, false},
    CallSignature{"recv", CallName::recv, 4, 4, false},
    CallSignature{"recvfrom", CallName::recvfrom, 6, 6, false},
    CallSignature{"recvmsg", CallName::recvmsg, 3, 3, false},
    CallSignature{"send", CallName::send, 4, 4, false},
    CallSignature{"sendfile", CallName::sendfile, 4, 4, false},
    CallSignature{"sendmsg", CallName::sendmsg, 3, 3, false},
    CallSignature{"sendto", CallName::sendto, 6, 6, false},
    CallSignature{"setsockopt", CallName::setsockopt, 5, 5, false},
    CallSignature{"shutdown", CallName::shutdown, 2, 2, false},
    CallSignature{"socket", CallName::socket, 3, 3, true},
    CallSignature{"splice", CallName::splice, 6, 6, false},
    CallSignature{"write", CallName::write, 3, 3, false},
    CallSignature{"writev", CallName::writev, 3, 3, false},
};

}  // namespace

const CallSignature* find_call(std::string_view name) {
  const auto found = std::find_if(kCalls.begin(), kCalls.end(), [&](const auto& c) { return c.name == name; });
  return found == kCalls.end() ? nullptr : &*found;
}

bool is_unsupported_call(std::string_view name) { return name.starts_with("psp_") || name.starts_with("sctp_"); }

}  // namespace leat::drill
