// Values of socket options and of control messages: from a script's forms to bytes.
#include <sys/time.h>

#include <cstring>

#include "drill/call_maker.h"

#include <linux/errqueue.h>

namespace leat::drill {
namespace {

using Bytes_ = std::vector<std::uint8_t>;
using ValueKind = Value::Kind;

template <class T>
Bytes_ bytes_of(const T& value) {
  Bytes_ out(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

Bytes_ integer_bytes(std::int64_t value, std::size_t length) {
  switch (length) {
    case 1: return bytes_of(static_cast<std::uint8_t>(value));
    case 2: return bytes_of(static_cast<std::uint16_t>(value));
    case 8: return bytes_of(value);
    default: return bytes_of(static_cast<std::int32_t>(value));
  }
}

std::int64_t number_in(const Value& record, std::string_view name, std::string_view other_name = {}) {
  const Value* value = record.field(name);
  if (value == nullptr && !other_name.empty()) value = record.field(other_name);
  return value == nullptr ? 0 : value->number;
}

std::optional<Bytes_> record_bytes(const Value& record) {
  if (record.field("onoff") != nullptr || record.field("l_onoff") != nullptr) {
    return bytes_of(linger{static_cast<int>(number_in(record, "onoff", "l_onoff")),
                           static_cast<int>(number_in(record, "linger", "l_linger"))});
  }
  if (record.field("tv_sec") != nullptr || record.field("tv_usec") != nullptr) {
    return bytes_of(timeval{number_in(record, "tv_sec"), number_in(record, "tv_usec")});
  }
  if (record.field("ee_origin") != nullptr || record.field("ee_errno") != nullptr) {
    sock_extended_err error{};
    error.ee_errno = static_cast<std::uint32_t>(number_in(record, "ee_errno"));
    error.ee_origin = static_cast<std::uint8_t>(number_in(record, "ee_origin"));
    error.ee_type = static_cast<std::uint8_t>(number_in(record, "ee_type"));
    error.ee_code = static_cast<std::uint8_t>(number_in(record, "ee_code"));
    error.ee_info = static_cast<std::uint32_t>(number_in(record, "ee_info"));
    error.ee_data = static_cast<std::uint32_t>(number_in(record, "ee_data"));
    return bytes_of(error);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Bytes_> option_bytes(const Value& value, std::size_t length) {
  switch (value.kind) {
    case ValueKind::integer: return integer_bytes(value.number, length);
    case ValueKind::text: {
      Bytes_ out(value.text.begin(), value.text.end());
      if (length > 0) out.resize(length);
      return out;
    }
    case ValueKind::record: return record_bytes(value);
    case ValueKind::address: {
      const std::size_t size = value.address.is_v6() ? 16 : 4;
      return Bytes_(value.address.bytes.begin(), value.address.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
    case ValueKind::list: {
      if (value.items.size() == 1) return option_bytes(value.items[0], length);
      Bytes_ out;
      for (const Value& item : value.items) {
        const auto piece = option_bytes(item, 0);
        if (!piece) return std::nullopt;
        out.insert(out.end(), piece->begin(), piece->end());
      }
      return out;
    }
    case ValueKind::ellipsis: return Bytes_(length);
  }
  return std::nullopt;
}

std::optional<Bytes_> control_bytes(const Value& list) {
  Bytes_ out;
  for (const Value& message : list.items) {
    const Value* data = message.field("cmsg_data");
    if (!message.is(ValueKind::record) || data == nullptr) return std::nullopt;
    const auto payload = option_bytes(*data, 0);
    if (!payload) return std::nullopt;
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(payload->size());
    header.cmsg_level = static_cast<int>(number_in(message, "cmsg_level"));
    header.cmsg_type = static_cast<int>(number_in(message, "cmsg_type"));
    const std::size_t at = out.size();
    out.resize(at + CMSG_SPACE(payload->size()));
    std::memcpy(out.data() + at, &header, sizeof header);
    std::memcpy(out.data() + at + CMSG_LEN(0), payload->data(), payload->size());
  }
  return out;
}

}  // namespace leat::drill
