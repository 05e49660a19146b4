#include "drill/call_maker.h"

#include <netinet/in.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "drill/text.h"

namespace leat::drill {
namespace {

using Kind = Value::Kind;

constexpr std::int64_t kMostBytes = std::int64_t{64} << 20;
constexpr std::size_t kControlRoom = 512;

/// What about an argument cannot be; made a value again by make_call.
struct BadArgument {
  std::string message;
};

class Maker {
 public:
  Maker(const CallEvent& event, const Settings& settings, const Descriptors& descriptors, SystemCall& call)
      : event_(event), settings_(settings), descriptors_(descriptors), call_(call) {}

  void make();

 private:
  const Value& argument(std::size_t i) const { return event_.arguments[i]; }
  bool is_open(std::size_t i) const { return argument(i).is(Kind::ellipsis); }
  [[noreturn]] void fail(std::size_t i, std::string_view wanted) const {
    throw BadArgument{concat("argument ", i + 1, " of ", event_.name, ": ", wanted, " is wanted")};
  }
  std::int64_t number(std::size_t i) const {
    if (!argument(i).is(Kind::integer)) fail(i, "a number");
    return argument(i).number;
  }
  int descriptor(std::size_t i) const {
    const auto found = descriptors_.find(static_cast<int>(number(i)));
    return found == descriptors_.end() ? -1 : found->second;
  }
  void buffer(std::size_t i, std::int64_t size);
  void pieces(std::size_t i, const Value& list);
  void address(std::size_t i, bool local);
  void message(std::size_t i, bool sending);
  void option(bool setting);
  void poll();
  epoll_event epoll(std::size_t i) const;
  void make_transfer();
  void make_descriptor_call();

  const CallEvent& event_;
  const Settings& settings_;
  const Descriptors& descriptors_;
  SystemCall& call_;
};

void Maker::buffer(std::size_t i, std::int64_t size) {
  if (size < 0 || size > kMostBytes) fail(i, "a buffer of up to 64 MiB");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  const bool null = argument(i).is_null;
  if (argument(i).is(Kind::text))
    std::copy_n(argument(i).text.begin(), std::min(argument(i).text.size(), bytes.size()), bytes.begin());
  call_.buffers.push_back(std::move(bytes));
  call_.pieces.push_back({null ? nullptr : call_.buffers.back().data(), static_cast<std::size_t>(size)});
}

void Maker::pieces(std::size_t i, const Value& list) {
  if (!list.is(Kind::list)) fail(i, "a list of {..., size}");
  call_.buffers.reserve(list.items.size());
  for (const Value& item : list.items) {
    if (!item.is(Kind::record) || item.fields.size() != 2 || !item.fields[1].value().is(Kind::integer)) {
      fail(i, "a list of {..., size}");
    }
    const std::int64_t size = item.fields[1].value().number;
    if (size < 0 || size > kMostBytes) fail(i, "a buffer of up to 64 MiB");
    call_.buffers.emplace_back(static_cast<std::size_t>(size));
    call_.pieces.push_back({call_.buffers.back().data(), static_cast<std::size_t>(size)});
  }
}

void Maker::address(std::size_t i, bool local) {
  const Value& value = argument(i);
  if (value.is_null) return;
  const Value* family = value.field("sa_family");
  fill_address(settings_, local, call_);
  if (family != nullptr && family->number == AF_UNSPEC) {
    call_.address = {};
    call_.address.ss_family = AF_UNSPEC;
  }
  if (i + 1 < event_.arguments.size() && argument(i + 1).is(Kind::integer)) {
    call_.address_length = static_cast<socklen_t>(number(i + 1));
  }
}

void Maker::message(std::size_t i, bool sending) {
  const Value& header = argument(i);
  if (!header.is(Kind::record)) fail(i, "a msghdr, as {msg_name(...)=..., msg_iov(1)=[{..., 10}]},");
  if (const Value* list = header.field("msg_iov")) pieces(i, *list);
  const Value* name = header.field("msg_name");
  if (name != nullptr && !name->is_null) fill_address(settings_, false, call_);
  const Value* control = header.field("msg_control");
  if (control != nullptr && sending) {
    auto bytes = control_bytes(*control);
    if (!bytes) fail(i, "another form of msg_control");
    call_.control = std::move(*bytes);
  } else if (control != nullptr) {
    call_.control.resize(kControlRoom);
  }
}

void Maker::option(bool setting) {
  call_.fd = descriptor(0);
  call_.number[0] = number(1), call_.number[1] = number(2);
  const Value& size = argument(4);
  std::int64_t length = size.is(Kind::integer) ? size.number : 0;
  if (size.is(Kind::list) && size.items.size() == 1) length = size.items[0].number;
  if (length < 0 || length > kMostBytes) fail(4, "a length");
  call_.option_is_null = argument(3).is_null;
  const bool open_length = size.is(Kind::ellipsis);
  auto bytes = option_bytes(argument(3), static_cast<std::size_t>(length));
  if (!bytes) fail(3, "another form of value");
  call_.option = std::move(*bytes);
  if (open_length) length = static_cast<std::int64_t>(std::max<std::size_t>(call_.option.size(), 4));
  if (!setting || call_.option.size() < static_cast<std::size_t>(length))
    call_.option.resize(static_cast<std::size_t>(length));
  if (!setting) std::fill(call_.option.begin(), call_.option.end(), std::uint8_t{0});
  call_.option_length = static_cast<socklen_t>(length);
}

void Maker::poll() {
  if (!argument(0).is(Kind::list)) fail(0, "a list of {fd=, events=}");
  for (const Value& item : argument(0).items) {
    const Value *fd = item.field("fd"), *events = item.field("events");
    if (fd == nullptr || events == nullptr) fail(0, "a list of {fd=, events=}");
    const auto live = descriptors_.find(static_cast<int>(fd->number));
    // A number that nobody has opened stays one, so that POLLNVAL comes; negative ones are ignored by poll.
    constexpr int kNobodys = 999'999;
    const int number = live != descriptors_.end() ? live->second : fd->number < 0 ? -1 : kNobodys;
    call_.polled.push_back({number, static_cast<short>(events->number), 0});
  }
  call_.number[0] = number(2);
}

epoll_event Maker::epoll(std::size_t i) const {
  const Value& value = argument(i);
  epoll_event event{};
  if (value.is_null || value.is(Kind::ellipsis)) return event;
  if (!value.is(Kind::record)) fail(i, "{events=, fd=}");
  if (const Value* events = value.field("events")) event.events = static_cast<std::uint32_t>(events->number);
  for (const char* name : {"fd", "u32", "u64", "ptr"}) {
    // The data are the program's own: the script's numbers do.
    if (const Value* data = value.field(name)) event.data.u64 = static_cast<std::uint64_t>(data->number);
  }
  return event;
}

void Maker::make_transfer() {
  call_.fd = descriptor(0);
  switch (call_.name) {
    case CallName::read:
    case CallName::write: buffer(1, number(2)); break;
    case CallName::recv:
    case CallName::send: buffer(1, number(2)), call_.number[0] = number(3); break;
    case CallName::sendto: buffer(1, number(2)), call_.number[0] = number(3), address(4, false); break;
    case CallName::recvfrom:
      buffer(1, number(2)), call_.number[0] = number(3);
      call_.has_address = !argument(4).is_null, call_.address_length = sizeof call_.address;
      break;
    case CallName::readv:
    case CallName::writev: pieces(1, argument(1)); break;
    case CallName::sendmsg:
    case CallName::recvmsg: message(1, call_.name == CallName::sendmsg), call_.number[0] = number(2); break;
    default: break;
  }
}

void Maker::make_descriptor_call() {
  switch (call_.name) {
    case CallName::fcntl:
      call_.fd = descriptor(0), call_.number[0] = number(1);
      if (event_.arguments.size() > 2) call_.number[1] = number(2);
      break;
    case CallName::ioctl:
      call_.fd = descriptor(0), call_.number[0] = number(1);
      call_.option.resize(sizeof(int));
      if (event_.arguments.size() > 2 && !is_open(2)) {
        const bool sets = call_.number[0] == FIONBIO || call_.number[0] == FIOASYNC;
        if (const auto bytes = option_bytes(argument(2), sizeof(int)); bytes && sets) call_.option = *bytes;
      }
      break;
    case CallName::poll: poll(); break;
    case CallName::epoll_create:
    case CallName::epoll_create1: call_.number[0] = number(0); break;
    case CallName::epoll_ctl:
      call_.fd = descriptor(0), call_.number[0] = number(1), call_.second_fd = descriptor(2);
      call_.epoll_events.push_back(epoll(3));
      break;
    case CallName::epoll_wait: {
      constexpr std::int64_t kMostEvents = 100'000;
      call_.fd = descriptor(0), call_.number[0] = number(2), call_.number[1] = number(3);
      call_.epoll_events.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(number(2), 0, kMostEvents)));
      break;
    }
    case CallName::open:
      if (!argument(0).is(Kind::text)) fail(0, "the name of a file");
      call_.path = argument(0).text, call_.number[0] = number(1);
      if (event_.arguments.size() > 2) call_.number[1] = number(2);
      break;
    case CallName::sendfile:
      call_.fd = descriptor(0), call_.second_fd = descriptor(1);
      call_.number[0] = argument(2).is(Kind::list) && !argument(2).items.empty() ? argument(2).items[0].number : -1;
      call_.number[1] = number(3);
      break;
    case CallName::splice:
      call_.fd = descriptor(0), call_.second_fd = descriptor(2);
      call_.number[0] = number(4), call_.number[1] = number(5);
      break;
    case CallName::pipe:
      if (!argument(0).is(Kind::list) || argument(0).items.size() != 2) fail(0, "a list of two descriptors");
      break;
    default: break;
  }
}

void Maker::make() {
  call_.name = find_call(event_.name)->call;
  switch (call_.name) {
    case CallName::socket: {
      const int family = settings_.sockets_are_v6() ? AF_INET6 : AF_INET;
      call_.number = {is_open(0) ? family : number(0), number(1), number(2), 0};
      break;
    }
    case CallName::bind:
    case CallName::connect:
      call_.fd = descriptor(0);
      address(1, call_.name == CallName::bind);
      break;
    case CallName::listen:
    case CallName::shutdown: call_.fd = descriptor(0), call_.number[0] = number(1); break;
    case CallName::close: call_.fd = descriptor(0); break;
    case CallName::accept:
    case CallName::accept4:
    case CallName::getsockname:
    case CallName::getpeername:
      call_.fd = descriptor(0);
      call_.has_address = true, call_.address_length = sizeof call_.address;
      if (call_.name == CallName::accept4) call_.number[0] = number(3);
      break;
    case CallName::setsockopt:
    case CallName::getsockopt: option(call_.name == CallName::setsockopt); break;
    default:
      if (event_.name.starts_with("read") || event_.name.starts_with("write") || event_.name.starts_with("recv") ||
          (event_.name.starts_with("send") && call_.name != CallName::sendfile)) {
        make_transfer();
      } else {
        make_descriptor_call();
      }
      break;
  }
}

}  // namespace

void fill_address(const Settings& settings, bool local, SystemCall& call) {
  const IpAddress address = local ? settings.local_address() : settings.remote_address();
  const std::uint16_t port = htons(local ? settings.bind_port : settings.connect_port);
  call.has_address = true;
  call.address = {};
  if (!settings.sockets_are_v6()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET, v4.sin_port = port;
    v4.sin_addr.s_addr = htonl(address.v4_value());
    std::memcpy(&call.address, &v4, sizeof v4);
    call.address_length = sizeof v4;
    return;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6, v6.sin6_port = port;
  if (address.is_v6()) {
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
  } else {
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(v6.sin6_addr.s6_addr + 12, address.bytes.data(), 4);
  }
  std::memcpy(&call.address, &v6, sizeof v6);
  call.address_length = sizeof v6;
}

std::optional<std::string> make_call(const CallEvent& event, const Settings& settings, const Descriptors& descriptors,
                                     SystemCall& call) {
  try {
    Maker(event, settings, descriptors, call).make();
  } catch (const BadArgument& bad) {
    return bad.message;
  }
  return std::nullopt;
}

}  // namespace leat::drill
