#include "drill/call_judge.h"

#include <cstring>

#include "drill/call_maker.h"
#include "drill/symbols.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using ValueKind = Value::Kind;

std::string hex_text(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += kDigits[data[i] >> 4], text += kDigits[data[i] & 15];
  return text;
}

Difference result_mismatch(const CallEvent& event, const SystemCall& call) {
  if (event.result.is(ValueKind::ellipsis)) return std::nullopt;
  const std::int64_t wanted = event.result.number;
  const bool names_descriptor = find_call(event.name)->returns_descriptor && wanted >= 0;
  const bool good = names_descriptor ? call.result >= 0 : call.result == wanted;
  if (good && (!event.error || *event.error == call.error)) return std::nullopt;
  return expected_and_got("result of " + event.name, result_text(wanted, event.error.value_or(0)),
                          result_text(call.result, call.error));
}

Difference poll_mismatch(const Value& argument, const SystemCall& call) {
  const auto& items = argument.items;
  for (std::size_t i = 0; i < items.size() && i < call.polled.size(); ++i) {
    const Value* wanted = items[i].field("revents");
    if (wanted == nullptr || wanted->is(ValueKind::ellipsis)) continue;
    if (auto d = differ(concat("revents of descriptor ", items[i].field("fd")->number), wanted->number,
                        std::int64_t{call.polled[i].revents})) {
      return d;
    }
  }
  return std::nullopt;
}

Difference epoll_mismatch(const Value& argument, const SystemCall& call) {
  const auto compare = [&](const Value& wanted, std::size_t i) -> Difference {
    if (!wanted.is(ValueKind::record) || static_cast<std::int64_t>(i) >= call.result) return std::nullopt;
    const epoll_event got = call.epoll_events[i];
    if (const Value* events = wanted.field("events"); events != nullptr && events->is(ValueKind::integer)) {
      const std::uint32_t got_events = got.events;
      if (auto d = differ(concat("events of entry ", i), events->number, std::int64_t{got_events})) return d;
    }
    for (const char* name : {"fd", "u32", "u64", "ptr"}) {
      const Value* data = wanted.field(name);
      if (data == nullptr || !data->is(ValueKind::integer)) continue;
      const std::uint64_t got_data = got.data.u64;
      if (auto d = differ(concat(name, " of entry ", i), data->number, static_cast<std::int64_t>(got_data))) return d;
    }
    return std::nullopt;
  };
  if (argument.is(ValueKind::record)) return compare(argument, 0);
  for (std::size_t i = 0; i < argument.items.size(); ++i) {
    if (auto d = compare(argument.items[i], i)) return d;
  }
  return std::nullopt;
}

bool is_open(const Value& value) {
  return value.is(ValueKind::ellipsis) || value.is_null ||
         (value.is(ValueKind::list) && value.items.size() == 1 && value.items[0].is(ValueKind::ellipsis));
}

Difference option_mismatch(std::string_view what, const Value& wanted, const std::vector<std::uint8_t>& got,
                           std::size_t size) {
  if (is_open(wanted)) return std::nullopt;
  const auto bytes = option_bytes(wanted, size);
  if (!bytes) return concat(what, ": this form of value cannot be compared");
  if (bytes->size() <= size && std::memcmp(bytes->data(), got.data(), bytes->size()) == 0) return std::nullopt;
  const auto as_int = [](const std::uint8_t* data) {
    std::int32_t value = 0;
    std::memcpy(&value, data, sizeof value);
    return value;
  };
  if (bytes->size() == 4 && size >= 4) return differ(what, as_int(bytes->data()), as_int(got.data()));
  return expected_and_got(what, "0x" + hex_text(bytes->data(), bytes->size()), "0x" + hex_text(got.data(), size));
}

Difference control_mismatch(const Value& wanted, const SystemCall& call) {
  const auto bytes = control_bytes(wanted);
  if (!bytes) return std::string("msg_control: this form cannot be compared");
  // Messages are compared one by one, without their padding.
  std::size_t at = 0, got_at = 0, n = 0;
  for (; at < bytes->size(); ++n) {
    cmsghdr header{}, got{};
    std::memcpy(&header, bytes->data() + at, sizeof header);
    if (got_at + sizeof got > call.control_length) return concat("msg_control: got ", n, " messages only");
    std::memcpy(&got, call.control.data() + got_at, sizeof got);
    if (auto d = differ(concat("cmsg_level of message ", n), header.cmsg_level, got.cmsg_level)) return d;
    if (auto d = differ(concat("cmsg_type of message ", n), header.cmsg_type, got.cmsg_type)) return d;
    const std::size_t size = header.cmsg_len - CMSG_LEN(0);
    const bool fits = got.cmsg_len >= header.cmsg_len && got_at + header.cmsg_len <= call.control_length;
    const std::uint8_t *data = bytes->data() + at + CMSG_LEN(0), *got_data = call.control.data() + got_at + CMSG_LEN(0);
    if (!fits || std::memcmp(data, got_data, size) != 0) {
      return expected_and_got(concat("cmsg_data of message ", n), "0x" + hex_text(data, size),
                              fits ? "0x" + hex_text(got_data, size) : "fewer bytes");
    }
    at += CMSG_SPACE(size);
    got_at += CMSG_ALIGN(got.cmsg_len);
  }
  return std::nullopt;
}

Difference message_mismatch(const Value& header, const SystemCall& call) {
  if (const Value* flags = header.field("msg_flags"); flags != nullptr && flags->is(ValueKind::integer)) {
    if (auto d = differ("msg_flags", flags->number, std::int64_t{call.message_flags})) return d;
  }
  const Value* control = header.field("msg_control");
  if (control != nullptr && control->is(ValueKind::list)) return control_mismatch(*control, call);
  return std::nullopt;
}

/// Compares the result that a successful call has stored through one of its arguments.
Difference stored_mismatch(Argument shape, const Value& wanted, const SystemCall& call) {
  switch (shape) {
    case Argument::polled: return poll_mismatch(wanted, call);
    case Argument::epoll_room: return epoll_mismatch(wanted, call);
    case Argument::got_option: return option_mismatch("value of the option", wanted, call.option, call.option_length);
    case Argument::ioctl_value:
      if (wanted.is(ValueKind::integer)) return std::nullopt;
      return option_mismatch("value that ioctl stores", wanted, call.option, call.option.size());
    case Argument::received_message: return message_mismatch(wanted, call);
    default: return std::nullopt;
  }
}

}  // namespace

std::string result_text(std::int64_t result, int error) {
  if (error == 0) return std::to_string(result);
  return concat(result, " ", errno_name(error));
}

Difference call_mismatch(const CallEvent& event, const SystemCall& call) {
  if (auto d = result_mismatch(event, call)) return d;
  if (call.result < 0) return std::nullopt;
  const CallRow& row = call_row(call.name);
  for (std::size_t i = 0; i < event.arguments.size(); ++i) {
    if (auto d = stored_mismatch(row.arguments[i], event.arguments[i], call)) return d;
  }
  return std::nullopt;
}

}  // namespace leat::drill
