#include "stack/testing/rfc9293_table.h"

#include <optional>

namespace leat::testing {
namespace {

/// See LEAT_RFC9293_EVENTS.
struct Numbers {
  std::int64_t p, u, n;
};

Numbers numbers_of(In state) {
  switch (state) {
    case In::closed:
    case In::listen:
    case In::syn_sent:  // nothing of the peer's has been heard: as if its SYN had number 0
    case In::syn_received_passive:
    case In::syn_received_active: return {1, 1, 1};
    case In::established: return {11, 11, 21};
    case In::fin_wait_1: return {11, 11, 22};
    case In::fin_wait_2: return {11, 22, 22};
    case In::close_wait: return {12, 11, 21};
    case In::closing:
    case In::last_ack: return {12, 11, 22};
    case In::time_wait: return {12, 22, 22};
  }
  return {};
}

std::string segment_of(On event, const Numbers& at) {
  const auto [p, u, n] = at;
  const auto line = [](const char* flags, std::int64_t seq, std::int64_t length, std::optional<std::int64_t> ack) {
    std::string text = std::string(flags) + ' ' + std::to_string(seq);
    if (length > 0) text += ':' + std::to_string(seq + length);
    return ack ? text + " ack " + std::to_string(*ack) : text;
  };
  switch (event) {
    case On::syn_again: return "S 0 mss 1460";
    case On::syn_in_window: return line("S", p + 10, 0, {}) + " mss 1460";
    case On::syn_above: return line("S", p + 100000, 0, {}) + " mss 1460";
    case On::syn_ack: return "S. 0 ack 1 mss 1460";
    case On::ack: return line(".", p, 0, n);
    case On::ack_old: return line(".", p, 0, u - 1);
    case On::ack_ancient: return line(".", p, 0, u - 70000);
    case On::ack_future: return line(".", p, 0, n + 1);
    case On::data: return line("P.", p, 5, u);
    case On::data_ahead: return line("P.", p + 5, 5, u);
    case On::data_old: return line("P.", p - 5, 5, u);
    case On::data_overlap: return line("P.", p - 5, 10, u);
    case On::data_above: return line("P.", p + 5000, 5, u);
    case On::fin: return line("F.", p, 0, u);
    case On::fin_data: return line("FP.", p, 5, u);
    case On::fin_ahead: return line("F.", p + 5, 0, u);
    case On::fin_again: return line("F.", p - 1, 0, u);
    case On::fin_ack: return line("F.", p, 0, n);
    case On::rst: return line("R", p, 0, {});
    case On::rst_ack: return line("R.", p, 0, n);
    case On::rst_in_window: return line("R", p + 10, 0, {});
    case On::rst_above: return line("R", p + 10000, 0, {});
    case On::rst_old: return line("R", p - 1, 0, {});
    case On::no_flags: return line("none", p, 5, {});
    case On::urgent: return line("PU.", p, 5, u) + " urg 3";
    default: return {};
  }
}

/// What the user's call gives; nothing when the event is none of these.
std::optional<std::string> call(Machine& m, On event) {
  switch (event) {
    case On::open_active: return m.connect();
    case On::open_passive: return m.listen();
    case On::send: return m.write(5);
    case On::receive: return m.read(100);
    case On::shutdown: return m.shutdown();
    case On::close: return m.close();
    case On::abort: return m.abort();
    case On::status: return m.state();
    default: return std::nullopt;
  }
}

std::string happen(Machine& m, On event, const Numbers& at) {
  if (const std::optional<std::string> answer = call(m, event)) return *answer;
  switch (event) {
    case On::retransmission: m.advance_until_sent(); break;
    case On::give_up: m.run_out(); break;
    case On::user_timeout: m.advance(31s); break;
    case On::time_wait_over: m.advance(60s); break;
    default: m.peer(segment_of(event, at));
  }
  return m.outcome();
}

MachineConfig config_for(On event) {
  MachineConfig config;
  config.tcp.delayed_ack = Duration::zero();  // timers_test.cc tells what waits for what
  if (event == On::user_timeout) config.tcp.user_timeout = 30s;
  return config;
}

/// Where time-outs come before the one that counts: those are known from the stories.
std::string last_of(const std::string& sent) {
  const std::size_t cut = sent.rfind("; ");
  return cut == std::string::npos ? sent : sent.substr(cut + 2);
}

void establish_with_data(Machine& m) {
  m.connect();
  m.advance(10ms);
  m.peer("S. 0 ack 1 mss 1460");
  m.write(10);
  m.advance(10ms);
  m.peer("P. 1:11 ack 11");
  m.read(10);
  m.write(10);
  m.advance(1ms);
}

}  // namespace

void enter(Machine& m, In state) {
  switch (state) {
    case In::closed: break;
    case In::listen: m.listen(); break;
    case In::syn_sent: m.connect(); break;
    case In::syn_received_passive: m.listen(), m.peer("S 0 mss 1460"); break;
    case In::syn_received_active: m.connect(), m.peer("S 0 mss 1460"); break;
    case In::established: establish_with_data(m); break;
    case In::fin_wait_1: establish_with_data(m), m.shutdown(); break;
    case In::fin_wait_2: establish_with_data(m), m.shutdown(), m.peer(". 11 ack 22"); break;
    case In::close_wait: establish_with_data(m), m.peer("F. 11 ack 11"); break;
    case In::closing: establish_with_data(m), m.shutdown(), m.peer("F. 11 ack 11"); break;
    case In::last_ack: establish_with_data(m), m.peer("F. 11 ack 11"), m.shutdown(); break;
    case In::time_wait: establish_with_data(m), m.shutdown(), m.peer("F. 11 ack 22"); break;
  }
  m.sent();
}

Rows rows_of(In state) {
  switch (state) {
    case In::closed: return closed_rows();
    case In::listen: return listen_rows();
    case In::syn_sent: return syn_sent_rows();
    case In::syn_received_passive: return syn_received_passive_rows();
    case In::syn_received_active: return syn_received_active_rows();
    case In::established: return established_rows();
    case In::fin_wait_1: return fin_wait_1_rows();
    case In::fin_wait_2: return fin_wait_2_rows();
    case In::close_wait: return close_wait_rows();
    case In::closing: return closing_rows();
    case In::last_ack: return last_ack_rows();
    case In::time_wait: return time_wait_rows();
  }
  return {};
}

void play(In state) {
  for (const Row& row : rows_of(state)) {
    if (row.sends == nullptr) continue;
    Machine m(config_for(row.event));
    enter(m, state);
    const std::string outcome = happen(m, row.event, numbers_of(state));
    std::string sent = m.sent();
    if (row.event == On::give_up || row.event == On::user_timeout) sent = last_of(sent);
    const std::string name = to_string(state) + ", " + to_string(row.event) + ": " + row.because + m.story();
    EXPECT_EQ(sent, row.sends) << name;
    EXPECT_EQ(m.state(), row.then) << name;
    EXPECT_EQ(outcome, row.outcome) << name;
  }
}

std::string to_string(In state) {
  switch (state) {
    case In::closed: return "CLOSED";
    case In::listen: return "LISTEN";
    case In::syn_sent: return "SYN-SENT";
    case In::syn_received_passive: return "SYN-RECEIVED (passive open)";
    case In::syn_received_active: return "SYN-RECEIVED (simultaneous open)";
    case In::established: return "ESTABLISHED";
    case In::fin_wait_1: return "FIN-WAIT-1";
    case In::fin_wait_2: return "FIN-WAIT-2";
    case In::close_wait: return "CLOSE-WAIT";
    case In::closing: return "CLOSING";
    case In::last_ack: return "LAST-ACK";
    case In::time_wait: return "TIME-WAIT";
  }
  return "?";
}

std::string to_string(On event) {
  for (const NamedEvent& e : kEveryEvent) {
    if (e.event == event) return e.name;
  }
  return "?";
}

}  // namespace leat::testing
