// bench/loss: the networks and the wire between them. See loss.h.
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "device/impair.h"
#include "device/open_device.h"
#include "lab/capture.h"
#include "loss.h"
#include "runtime/cable.h"

namespace loss_bench {
namespace {

using namespace std::chrono_literals;
using leat::lab::kFar;
using leat::lab::kMiddle;
using leat::lab::kNear;
using leat::lab::Lab;
using leat::lab::LabError;
using leat::lab::LinkKind;
using leat::lab::Place;
using leat::lab::Process;

constexpr const char* kFarAddress = "10.77.1.200";  // in the subnet of near0, so that no router is in between
constexpr std::uint64_t kRate = 1'000'000'000;
constexpr int kSkip = 77;

template <class T>
T need(leat::expected<T, LabError> result, const char* what) {
  if (!result) fail(std::string(what) + ": " + result.error().message);
  return std::move(*result);
}

Lab make_lab() {
  leat::lab::LabConfig config;
  config.use_tun_device = false;
  auto lab = Lab::create(config);
  if (!lab) fail(lab.error().message, lab.error().kind == LabError::Kind::unavailable ? kSkip : 1);
  const auto ip = [&](Place place, const char* commands) {
    leat::lab::SpawnOptions options;
    options.input_text = commands;
    need(lab->run_tool(place, {"ip", "-batch", "-"}, options), "ip");
  };
  ip(kMiddle, "addr flush dev mid_near\naddr flush dev mid_far\n");
  ip(kFar, "addr flush dev far0\naddr add 10.77.1.200/24 dev far0\n");
  for (const Place place : {kNear, kFar}) {
    // Otherwise a window would begin with metrics of the previous one, such as ssthresh and reordering.
    Process setting = need(lab->run_inside(place,
                                           [] {
                                             std::ofstream file("/proc/sys/net/ipv4/tcp_no_metrics_save");
                                             return (file << "1" << std::flush) ? 0 : 1;
                                           }),
                           "tcp_no_metrics_save");
    if (!setting.wait().success()) fail("cannot write tcp_no_metrics_save");
  }
  return std::move(*lab);
}

Figures parse(const std::string& text) {
  Figures figures;
  std::istringstream words(text);
  std::string name;
  for (std::uint64_t value = 0; words >> name >> value;) figures[name] = value;
  return figures;
}

void add(Figures& figures, const std::string& way, const leat::ImpairmentCounters& c) {
  figures[way + "_frames"] = c.frames, figures[way + "_lost"] = c.lost, figures[way + "_reordered"] = c.reordered;
  figures[way + "_queue_drops"] = c.queue_drops, figures[way + "_refused"] = c.refused;
}

/// Runs in a child: joins the two interfaces until SIGTERM, then prints its counters.
int run_wire(const leat::Impairment& impairment) {
  // Blocks the signal in this thread, which runs the cable, and in the thread that waits for it.
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
  leat::DeviceOptions as_wire;
  as_wire.whole_wire = true;
  auto near = leat::open_device("packet:mid_near", as_wire);
  auto far = leat::open_device("packet:mid_far", as_wire);
  if (!near || !far) return std::fprintf(stderr, "%s\n", (near ? far : near).error().message.c_str()), 1;
  auto impaired = leat::impair(std::move(*near), {impairment});
  if (!impaired) return std::fprintf(stderr, "%s\n", impaired.error().message.c_str()), 1;
  auto cable = leat::Cable::create(std::move(*impaired), std::move(*far));
  if (!cable) return std::fprintf(stderr, "%s\n", cable.error().message.c_str()), 1;
  std::jthread watch([&] {
    int number = 0;
    ::sigwait(&term, &number);
    (*cable)->stop();
  });
  std::fputs("ready\n", stderr);
  if ((*cable)->run(std::nullopt, [] {})) return std::fputs("an interface is gone\n", stderr), 1;
  Figures figures;
  for (const auto& report : (*cable)->device(0).impairments()) {
    add(figures, report.impairment.direction == leat::Impairment::Direction::in ? "out" : "back", report.counters);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    figures["overruns"] += (*cable)->device(i).counters().rx_dropped + (*cable)->device(i).counters().tx_refused;
  }
  for (const auto& [name, value] : figures)
    std::printf("%s %llu\n", name.c_str(), static_cast<unsigned long long>(value));
  return std::fflush(stdout);
}

/// The output of a child, which must succeed soon.
Figures finish(Process& process, std::chrono::milliseconds limit, const char* what) {
  const auto ended = process.wait_for(limit);
  if (!ended) fail(std::string(what) + " did not end");
  if (!ended->success()) fail(std::string(what) + ": " + ended->to_string() + ": " + process.errors());
  return parse(process.output());
}

}  // namespace

void fail(const std::string& what, int status) {
  std::fprintf(stderr, "loss: %s\n", what.c_str());
  std::exit(status);
}

std::string Cell::name() const {
  char text[64];
  std::snprintf(text, sizeof text, "%g ms, %g %%", rtt, loss);
  return text;
}

Path::Path() : lab_(make_lab()) {}

Figures Path::set_wire(const Cell& cell, std::uint64_t seed) {
  const Figures before = end_wire();
  leat::Impairment impairment;
  impairment.match.protocol = 6;
  impairment.loss = cell.loss / 100;
  impairment.reorder = cell.reorder / 100;
  impairment.delay = std::chrono::nanoseconds(std::llround(cell.rtt / 2 * 1e6));
  impairment.rate = kRate;
  impairment.seed = seed;
  if (const auto good = impairment.check(); !good) fail(cell.name() + ": " + good.error());
  wire_ = need(lab_.run_inside(kMiddle, [&] { return run_wire(impairment); }), "the wire");
  if (!wire_.wait_for_errors("ready", 10s)) fail("the wire: " + wire_.errors());
  return before;
}

Figures Path::end_wire() {
  if (wire_.pid() <= 0) return {};
  wire_.signal(SIGTERM);
  const Figures figures = finish(wire_, 10s, "the wire");
  wire_ = Process();
  return figures;
}

Figures Path::run(const Pair& pair, const Window& window) {
  const leat::lab::LeatHost host = lab_.leat_host(LinkKind::packet);
  const std::string leat_address = host.address.substr(0, host.address.find('/'));
  // Leat is in near. For kernel to kernel, the kernel of near is the sender or receiver.
  const bool to_near = pair.sink == End::leat;
  Process sink = need(
      lab_.run_inside(to_near ? kNear : kFar,
                      [&] { return to_near ? leat_sink(host, window) : kernel_sink(kFarAddress, window.seconds); }),
      "the sink");
  if (!sink.wait_for_errors("ready", 10s)) fail("the sink: " + sink.errors());
  std::optional<leat::lab::Capture> capture;
  const Place from = to_near ? kFar : kNear;
  if (!window.capture.empty()) {
    capture = need(leat::lab::Capture::start(lab_, from, to_near ? "far0" : "near0", window.capture), "capture");
  }
  Process source = need(lab_.run_inside(from,
                                        [&] {
                                          if (pair.source == End::leat) return leat_source(host, kFarAddress, window);
                                          return kernel_source(to_near ? kFarAddress : Lab::kNearKernelAddress,
                                                               to_near ? leat_address.c_str() : kFarAddress,
                                                               window.controller.c_str(), window.seconds);
                                        }),
                        "the source");
  // A lossy path may need many SYNs.
  const auto patience = std::chrono::milliseconds(static_cast<int>(window.seconds * 1000) + 120'000);
  Figures figures = finish(source, patience, "the source");
  figures.merge(finish(sink, patience, "the sink"));
  if (capture) (void)capture->stop();
  std::this_thread::sleep_for(300ms);  // for frames that are still on the wire
  return figures;
}

}  // namespace loss_bench
