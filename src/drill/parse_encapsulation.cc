// Headers around a packet: ipv4 A > B:, ipv6 A > B:, gre:, mpls (label 1, tc 0, [S], ttl 64):.
#include "drill/parse_packet.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using HeaderKind = EncapsulationForm::Kind;

IpAddress parse_address(Cursor& in, bool v6) {
  const int line = in.line();
  std::string text = in.run_of([](char c) { return is_hex(c) || c == '.' || c == ':'; });
  // The colon that ends the prefix is no part of an IPv6 address.
  if (v6 && text.ends_with(":") && !text.ends_with("::")) in.fail_at(line, "expected a space before the :");
  const auto address = IpAddress::parse(text);
  if (!address || address->is_v6() != v6) {
    in.fail_at(line, concat("\"", text, "\" is no ", v6 ? "IPv6" : "IPv4", " address"));
  }
  return *address;
}

/// An IPv4 address must not eat the ':' behind it.
IpAddress parse_address_v4(Cursor& in) {
  const int line = in.line();
  const std::string text = in.run_of([](char c) { return is_digit(c) || c == '.'; });
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v4()) in.fail_at(line, concat("\"", text, "\" is no IPv4 address"));
  return *address;
}

void parse_ip_prefix(Cursor& in, EncapsulationForm& form, bool v6) {
  form.kind = v6 ? HeaderKind::ipv6 : HeaderKind::ipv4;
  form.ip = parse_ip_form(in);
  form.source = v6 ? parse_address(in, true) : parse_address_v4(in);
  in.expect(">");
  form.destination = v6 ? parse_address(in, true) : parse_address_v4(in);
}

void parse_gre(Cursor& in, EncapsulationForm& form) {
  form.kind = HeaderKind::gre;
  const auto number = [&](std::int64_t most) { return static_cast<std::uint32_t>(in.integer("a number", 0, most)); };
  while (!in.peek_is(":")) {
    if (in.accept_word("flags")) {
      in.expect("[");
      in.up_to("]", "the list of flags");
    } else if (in.accept_word("sum")) {
      form.has_checksum = true, form.checksum = static_cast<std::uint16_t>(number(0xffff));
    } else if (in.accept_word("off")) {
      number(0xffff);
    } else if (in.accept_word("proto")) {
      form.protocol = static_cast<std::uint16_t>(number(0xffff));
    } else if (in.accept_word("key")) {
      form.key = number(0xffffffff);
    } else if (in.accept_word("seq")) {
      form.sequence = number(0xffffffff);
    } else {
      in.fail_wanting("\":\", flags, proto, sum, off, key or seq");
    }
    in.accept(",");
  }
}

void parse_mpls(Cursor& in, EncapsulationForm& form) {
  form.kind = HeaderKind::mpls;
  while (in.accept("(")) {
    EncapsulationForm::Label label;
    in.expect_word("label");
    label.label = static_cast<std::uint32_t>(in.integer("a label", 0, 0xfffff));
    while (!in.accept(")")) {
      in.expect(",");
      if (in.accept_word("tc")) label.traffic_class = static_cast<std::uint8_t>(in.integer("a class", 0, 7));
      else if (in.accept_word("ttl")) label.ttl = static_cast<std::uint8_t>(in.integer("a TTL", 0, 255));
      else if (in.accept("[S]")) label.is_bottom = true;
      else in.fail_wanting("tc, ttl or [S]");
    }
    form.labels.push_back(label);
    in.accept(",");
  }
  if (form.labels.empty()) in.fail_wanting("(label N, tc N, [S], ttl N)");
}

}  // namespace

std::vector<EncapsulationForm> parse_encapsulation(Cursor& in) {
  constexpr std::size_t kDeepest = 8;
  std::vector<EncapsulationForm> headers;
  for (;;) {
    EncapsulationForm form;
    if (in.accept_word("ipv4")) parse_ip_prefix(in, form, false);
    else if (in.accept_word("ipv6")) parse_ip_prefix(in, form, true);
    else if (in.accept_word("gre")) parse_gre(in, form);
    else if (in.accept_word("mpls")) parse_mpls(in, form);
    else return headers;
    in.expect(":");
    if (headers.size() == kDeepest) in.fail("too many headers around this packet");
    headers.push_back(std::move(form));
  }
}

}  // namespace leat::drill
