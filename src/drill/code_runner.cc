#include "drill/code_runner.h"

#include <algorithm>
#include <array>

#include "drill/cursor.h"
#include "drill/symbols.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

struct FieldSize {
  std::string_view name;
  std::uint8_t size;
};

/// The fields of struct tcp_info in the order of Linux's header, each aligned to its size. The host's headers may be
/// older than the kernel that answers, so the names are listed here.
constexpr FieldSize kTcpInfo[] = {{"state", 1},
                                  {"ca_state", 1},
                                  {"retransmits", 1},
                                  {"probes", 1},
                                  {"backoff", 1},
                                  {"options", 1},
                                  {"wscales", 1},
                                  {"flags", 1},
                                  {"rto", 4},
                                  {"ato", 4},
                                  {"snd_mss", 4},
                                  {"rcv_mss", 4},
                                  {"unacked", 4},
                                  {"sacked", 4},
                                  {"lost", 4},
                                  {"retrans", 4},
                                  {"fackets", 4},
                                  {"last_data_sent", 4},
                                  {"last_ack_sent", 4},
                                  {"last_data_recv", 4},
                                  {"last_ack_recv", 4},
                                  {"pmtu", 4},
                                  {"rcv_ssthresh", 4},
                                  {"rtt", 4},
                                  {"rttvar", 4},
                                  {"snd_ssthresh", 4},
                                  {"snd_cwnd", 4},
                                  {"advmss", 4},
                                  {"reordering", 4},
                                  {"rcv_rtt", 4},
                                  {"rcv_space", 4},
                                  {"total_retrans", 4},
                                  {"pacing_rate", 8},
                                  {"max_pacing_rate", 8},
                                  {"bytes_acked", 8},
                                  {"bytes_received", 8},
                                  {"segs_out", 4},
                                  {"segs_in", 4},
                                  {"notsent_bytes", 4},
                                  {"min_rtt", 4},
                                  {"data_segs_in", 4},
                                  {"data_segs_out", 4},
                                  {"delivery_rate", 8},
                                  {"busy_time", 8},
                                  {"rwnd_limited", 8},
                                  {"sndbuf_limited", 8},
                                  {"delivered", 4},
                                  {"delivered_ce", 4},
                                  {"bytes_sent", 8},
                                  {"bytes_retrans", 8},
                                  {"dsack_dups", 4},
                                  {"reord_seen", 4},
                                  {"rcv_ooopack", 4},
                                  {"snd_wnd", 4},
                                  {"rcv_wnd", 4},
                                  {"rehash", 4},
                                  {"total_rto", 2},
                                  {"total_rto_recoveries", 2},
                                  {"total_rto_time", 4},
                                  {"received_ce", 4},
                                  {"delivered_e1_bytes", 4},
                                  {"delivered_e0_bytes", 4},
                                  {"delivered_ce_bytes", 4},
                                  {"received_e1_bytes", 4},
                                  {"received_e0_bytes", 4},
                                  {"received_ce_bytes", 4}};

constexpr std::array<std::string_view, 9> kMeminfo = {"RMEM_ALLOC",  "RCVBUF", "WMEM_ALLOC", "SNDBUF", "FWD_ALLOC",
                                                      "WMEM_QUEUED", "OPTMEM", "BACKLOG",    "DROPS"};

/// The fields of struct tcp_bbr_info. The two other members of union tcp_cc_info have one length, so they are not told
/// apart.
constexpr std::array<std::string_view, 5> kBbrInfo = {"bbr_bw_lo", "bbr_bw_hi", "bbr_min_rtt", "bbr_pacing_gain",
                                                      "bbr_cwnd_gain"};

std::uint64_t number_at(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes[at + i];  // little-endian, as x86 and ARM are
  return value;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// The code without the indentation that its lines share. The first line may begin behind `%{` and has its own.
std::string unindented(const std::string& code) {
  std::vector<std::string> lines(1);
  for (const char c : code) {
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  }
  const auto indent_of = [](const std::string& line) { return line.find_first_not_of(" \t"); };
  std::size_t shared = std::string::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!is_blank(lines[i])) shared = std::min(shared, indent_of(lines[i]));
  }
  const bool opens_block = !is_blank(lines[0]) && lines[0].find_last_not_of(" \t\r") == lines[0].rfind(':');
  if (opens_block || shared == std::string::npos) shared = 0;
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_blank(lines[i])) out += "\n";
    else out += lines[i].substr(i == 0 ? indent_of(lines[i]) : shared) + "\n";
  }
  return out;
}

}  // namespace

Variables tcp_info_variables(Bytes info) {
  Variables out;
  std::size_t at = 0;
  for (const FieldSize& field : kTcpInfo) {
    at = (at + field.size - 1) / field.size * field.size;
    if (at + field.size > info.size()) break;
    const std::uint64_t value = number_at(info, at, field.size);
    at += field.size;
    if (field.name == "wscales") {
      out.emplace_back("tcpi_snd_wscale", value & 15);
      out.emplace_back("tcpi_rcv_wscale", value >> 4);
    } else if (field.name == "flags") {
      out.emplace_back("tcpi_delivery_rate_app_limited", value & 1);
      out.emplace_back("tcpi_fastopen_client_fail", value >> 1 & 3);
    } else {
      out.emplace_back(concat("tcpi_", field.name), value);
    }
  }
  return out;
}

Variables meminfo_variables(Bytes info) {
  Variables out;
  for (std::size_t i = 0; i < kMeminfo.size() && 4 * (i + 1) <= info.size(); ++i) {
    out.emplace_back(concat("SK_MEMINFO_", kMeminfo[i]), number_at(info, 4 * i, 4));
  }
  return out;
}

Variables congestion_variables(Bytes info) {
  Variables out;
  if (info.size() != 4 * kBbrInfo.size()) return out;
  for (std::size_t i = 0; i < kBbrInfo.size(); ++i) out.emplace_back(kBbrInfo[i], number_at(info, 4 * i, 4));
  return out;
}

std::optional<std::string> variable_wanted(const std::string& code, const Variables& variables) {
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto end = std::find_if_not(code.begin() + static_cast<std::ptrdiff_t>(i), code.end(), is_word);
    const std::string word(code.begin() + static_cast<std::ptrdiff_t>(i), end);
    i += word.size();
    constexpr std::array<std::string_view, 4> kPrefixes = {"tcpi_", "bbr_", "dctcp_", "tcpv_"};
    const bool is_of_kernel = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                                          [&](std::string_view prefix) { return word.starts_with(prefix); });
    const auto is_named = [&](const auto& variable) { return variable.first == word; };
    if (is_of_kernel && std::none_of(variables.begin(), variables.end(), is_named)) return word;
  }
  return std::nullopt;
}

void CodeRunner::add(int line, const Variables& variables, const std::string& code) {
  fragments_.push_back({line, variables, code});
}

std::string CodeRunner::program() const {
  std::string text;
  for (const Symbol& symbol : tcp_symbols()) {
    if (symbol.name.starts_with("TCP")) text += concat(symbol.name, " = ", symbol.value, "\n");
  }
  for (const Fragment& fragment : fragments_) {
    text += concat("\n# line ", fragment.line, "\n");
    for (const auto& [name, value] : fragment.variables) text += concat(name, " = ", value, "\n");
    text += unindented(fragment.code);
  }
  return text;
}

std::optional<std::string> CodeRunner::run(const std::string& file, Interpreter& interpreter) const {
  const auto trouble = interpreter.run(program());
  if (!trouble) return std::nullopt;
  return concat("the code in ", file, " failed:\n", *trouble);
}

}  // namespace leat::drill
