#include "drill/call_maker.h"

#include <netinet/in.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "drill/text.h"

namespace leat::drill {
namespace {

using ValueKind = Value::Kind;

constexpr std::int64_t kMostBytes = std::int64_t{64} << 20;
constexpr std::size_t kControlRoom = 512;

/// Thrown for an argument that makes no sense. make_call() returns its message.
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
  bool is_open(std::size_t i) const { return argument(i).is(ValueKind::ellipsis); }
  [[noreturn]] void fail(std::size_t i, std::string_view wanted) const {
    throw BadArgument{concat("argument ", i + 1, " of ", event_.name, ": expected ", wanted)};
  }
  std::int64_t number(std::size_t i) const {
    if (argument(i).is(ValueKind::list) && argument(i).items.empty()) return 0;  // F_GETFL, []
    if (!argument(i).is(ValueKind::integer)) fail(i, "a number");
    return argument(i).number;
  }
  int descriptor(std::size_t i) const {
    const auto found = descriptors_.find(static_cast<int>(number(i)));
    return found == descriptors_.end() ? -1 : found->second;
  }
  void add_number(std::int64_t value) { call_.number[numbers_++] = value; }

  void make(std::size_t i, Argument argument);
  void buffer(std::size_t i, std::int64_t size);
  void pieces(std::size_t i, const Value& list);
  void address(std::size_t i, bool local);
  void message(std::size_t i, bool sending);
  void option(std::size_t i, bool setting);
  void ioctl_value(std::size_t i);
  void poll(std::size_t i);
  void epoll(std::size_t i);
  void epoll_room(std::size_t i);
  void path(std::size_t i);
  void offset(std::size_t i);
  void pipe_ends(std::size_t i) const;

  const CallEvent& event_;
  const Settings& settings_;
  const Descriptors& descriptors_;
  SystemCall& call_;
  std::size_t numbers_ = 0;  ///< of SystemCall::number that are filled in
};

void Maker::buffer(std::size_t i, std::int64_t size) {
  if (size < 0 || size > kMostBytes) fail(i, "a buffer of up to 64 MiB");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  const bool null = argument(i).is_null;
  if (argument(i).is(ValueKind::text))
    std::copy_n(argument(i).text.begin(), std::min(argument(i).text.size(), bytes.size()), bytes.begin());
  call_.buffers.push_back(std::move(bytes));
  call_.pieces.push_back({null ? nullptr : call_.buffers.back().data(), static_cast<std::size_t>(size)});
}

void Maker::pieces(std::size_t i, const Value& list) {
  if (!list.is(ValueKind::list)) fail(i, "a list of {..., size}");
  call_.buffers.reserve(list.items.size());
  for (const Value& item : list.items) {
    if (!item.is(ValueKind::record) || item.fields.size() != 2 || !item.fields[1].value().is(ValueKind::integer)) {
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
  if (i + 1 < event_.arguments.size() && argument(i + 1).is(ValueKind::integer)) {
    call_.address_length = static_cast<socklen_t>(number(i + 1));
  }
}

void Maker::message(std::size_t i, bool sending) {
  const Value& header = argument(i);
  if (!header.is(ValueKind::record)) fail(i, "a msghdr, as {msg_name(...)=..., msg_iov(1)=[{..., 10}]},");
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

void Maker::option(std::size_t i, bool setting) {
  const Value& size = argument(i + 1);
  std::int64_t length = size.is(ValueKind::integer) ? size.number : 0;
  if (size.is(ValueKind::list) && size.items.size() == 1) length = size.items[0].number;
  if (length < 0 || length > kMostBytes) fail(i + 1, "a length");
  call_.option_is_null = argument(i).is_null;
  auto bytes = option_bytes(argument(i), static_cast<std::size_t>(length));
  if (!bytes) fail(i, "another form of value");
  call_.option = std::move(*bytes);
  if (size.is(ValueKind::ellipsis)) length = static_cast<std::int64_t>(call_.option.size());
  call_.option.resize(static_cast<std::size_t>(length));
  if (!setting) std::fill(call_.option.begin(), call_.option.end(), std::uint8_t{0});
  call_.option_length = static_cast<socklen_t>(length);
}

void Maker::ioctl_value(std::size_t i) {
  call_.option.resize(sizeof(int));
  const bool sets = call_.number[0] == FIONBIO || call_.number[0] == FIOASYNC;
  if (i >= event_.arguments.size() || is_open(i) || !sets) return;
  if (const auto bytes = option_bytes(argument(i), sizeof(int))) call_.option = *bytes;
}

void Maker::poll(std::size_t i) {
  if (!argument(i).is(ValueKind::list)) fail(i, "a list of {fd=, events=}");
  for (const Value& item : argument(i).items) {
    const Value *fd = item.field("fd"), *events = item.field("events");
    if (fd == nullptr || events == nullptr) fail(i, "a list of {fd=, events=}");
    const auto live = descriptors_.find(static_cast<int>(fd->number));
    // A number that no call has returned stays one that is not open, so that POLLNVAL comes. poll() ignores negative
    // ones.
    constexpr int kNotOpen = 999'999;
    const int number = live != descriptors_.end() ? live->second : fd->number < 0 ? -1 : kNotOpen;
    call_.polled.push_back({number, static_cast<short>(events->number), 0});
  }
}

void Maker::epoll(std::size_t i) {
  const Value& value = argument(i);
  epoll_event event{};
  if (!value.is_null && !value.is(ValueKind::ellipsis)) {
    if (!value.is(ValueKind::record)) fail(i, "{events=, fd=}");
    if (const Value* events = value.field("events")) event.events = static_cast<std::uint32_t>(events->number);
    for (const char* name : {"fd", "u32", "u64", "ptr"}) {
      // The data belong to the program, so the script's own numbers serve.
      if (const Value* data = value.field(name)) event.data.u64 = static_cast<std::uint64_t>(data->number);
    }
  }
  call_.epoll_events.push_back(event);
}

void Maker::epoll_room(std::size_t i) {
  constexpr std::int64_t kMostEvents = 100'000;
  call_.epoll_events.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(number(i + 1), 0, kMostEvents)));
}

void Maker::path(std::size_t i) {
  if (!argument(i).is(ValueKind::text)) fail(i, "the name of a file");
  call_.path = argument(i).text;
}

void Maker::offset(std::size_t i) {
  const Value& value = argument(i);
  add_number(value.is(ValueKind::list) && !value.items.empty() ? value.items[0].number : -1);
}

void Maker::pipe_ends(std::size_t i) const {
  if (!argument(i).is(ValueKind::list) || argument(i).items.size() != 2) fail(i, "a list of two descriptors");
}

void Maker::make(std::size_t i, Argument shape) {
  switch (shape) {
    case Argument::none:
    case Argument::ignored: break;
    case Argument::descriptor: call_.fd = descriptor(i); break;
    case Argument::second_descriptor: call_.second_fd = descriptor(i); break;
    case Argument::number: add_number(number(i)); break;
    case Argument::domain: add_number(!is_open(i) ? number(i) : settings_.sockets_are_v6() ? AF_INET6 : AF_INET); break;
    case Argument::local_address: address(i, true); break;
    case Argument::remote_address: address(i, false); break;
    case Argument::stored_address: call_.has_address = true, call_.address_length = sizeof call_.address; break;
    case Argument::data: buffer(i, number(i + 1)); break;
    case Argument::pieces: pieces(i, argument(i)); break;
    case Argument::sent_message: message(i, true); break;
    case Argument::received_message: message(i, false); break;
    case Argument::set_option: option(i, true); break;
    case Argument::got_option: option(i, false); break;
    case Argument::ioctl_value: break;  // also where it is left out
    case Argument::polled: poll(i); break;
    case Argument::epoll_event: epoll(i); break;
    case Argument::epoll_room: epoll_room(i); break;
    case Argument::path: path(i); break;
    case Argument::offset: offset(i); break;
    case Argument::pipe_ends: pipe_ends(i); break;
  }
}

void Maker::make() {
  const CallRow& row = *find_call(event_.name);
  call_.name = row.call;
  for (std::size_t i = 0; i < event_.arguments.size(); ++i) make(i, row.arguments[i]);
  for (std::size_t i = 0; i < row.most_arguments(); ++i) {
    if (row.arguments[i] == Argument::ioctl_value) ioctl_value(i);
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
