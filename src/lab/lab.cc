#include "lab/lab.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lab/loss.h"
#include "lab/tools.h"
#include "lab/topology.h"

namespace leat::lab {
namespace {

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> result = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const auto replaces = [&](const std::string& change) { return change.compare(0, name.size(), name) == 0; };
    if (std::none_of(changes.begin(), changes.end(), replaces)) result.emplace_back(text);
  }
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

struct Lab::State {
  LabConfig config;
  Namespaces namespaces;
  std::string tun_refusal;

  State(const LabConfig& c, Namespaces n) : config(c), namespaces(std::move(n)) {}
};

std::vector<std::string> LeatHost::arguments() const {
  std::vector<std::string> words{"--link", link};
  if (!address.empty()) words.insert(words.end(), {"--address", address});
  if (!gateway.empty()) words.insert(words.end(), {"--gateway", gateway});
  return words;
}

Lab::Lab(std::unique_ptr<State> state) : state_(std::move(state)) {}
Lab::Lab(Lab&&) noexcept = default;
Lab& Lab::operator=(Lab&&) noexcept = default;
Lab::~Lab() = default;

const LabConfig& Lab::config() const { return state_->config; }
bool Lab::is_rootless() const { return state_->namespaces.has_user_namespace(); }
const std::string& Lab::tun_refusal() const { return state_->tun_refusal; }
bool Lab::has(LinkKind kind) const {
  const bool needs_tun_device = kind == LinkKind::tap || kind == LinkKind::tun;
  return !needs_tun_device || state_->tun_refusal.empty();
}
LinkKind Lab::best_link() const { return has(LinkKind::tap) ? LinkKind::tap : LinkKind::packet; }
const Namespaces& Lab::namespaces() const { return state_->namespaces; }

LeatHost Lab::leat_host(LinkKind kind) const {
  switch (kind) {
    case LinkKind::packet: break;
    case LinkKind::packet_shared: return {"packet:near0", "", ""};
    case LinkKind::xdp_shared: return {"xdp:near0", "", ""};
    case LinkKind::raw: return {"raw", "", ""};
    case LinkKind::xdp: return {"xdp:near0", "10.77.1.2/24", "10.77.1.1"};
    case LinkKind::tap: return {std::string("tap:") + kTapDevice, "10.77.0.2/24", "10.77.0.1"};
    case LinkKind::tun: return {std::string("tun:") + kTunDevice, "10.77.3.2/24", "10.77.3.1"};
  }
  return {"packet:near0", "10.77.1.2/24", "10.77.1.1"};
}

expected<Process, LabError> Lab::run_inside(Place place, const std::function<int()>& body,
                                            const SpawnOptions& options) const {
  return state_->namespaces.start(place.network, options, body);
}

expected<Process, LabError> Lab::spawn(Place place, const std::vector<std::string>& argv,
                                       const SpawnOptions& options) const {
  auto program = find_tool(argv.empty() ? "" : argv.front());
  if (!program) return unexpected(std::move(program.error()));
  std::vector<std::string> arguments = argv;
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  return run_inside(
      place,
      [&] {
        ::execve(program->c_str(), argument_pointers.data(), environment_pointers.data());
        const std::string complaint = *program + ": " + std::strerror(errno) + "\n";
        (void)!::write(2, complaint.data(), complaint.size());
        return 126;
      },
      options);
}

expected<std::string, LabError> Lab::run_tool(Place place, const std::vector<std::string>& argv,
                                              const SpawnOptions& options) const {
  auto process = spawn(place, argv, options);
  if (!process) return unexpected(std::move(process.error()));
  const ExitStatus status = process->wait();
  if (status.success()) return process->output();
  return unexpected(
      LabError{LabError::Kind::failed, "'" + joined(argv) + "': " + status.to_string() + ": " + process->errors()});
}

expected<void, LabError> Lab::write_file(const std::string& path, const std::string& text) const {
  auto writer = run_inside(kNear, [&] {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) return errno;
    const ssize_t n = ::write(fd.get(), text.data(), text.size());
    return n == static_cast<ssize_t>(text.size()) ? 0 : n < 0 ? errno : ENOSPC;
  });
  if (!writer) return unexpected(std::move(writer.error()));
  const ExitStatus status = writer->wait();
  if (!status.success()) return unexpected(system_error("writing " + path + " in the lab", status.code));
  return {};
}

expected<MiddleCounters, LabError> Lab::counters() const { return read_counters(*this); }

expected<void, LabError> Lab::set_loss(Loss loss) {
  if (!is_percentage(loss.out) || !is_percentage(loss.back)) {
    return unexpected(LabError{LabError::Kind::failed, "a loss is a percentage between 0 and 100"});
  }
  state_->config.loss = loss;
  if (auto done = set_offloads(*this); !done) return done;
  return apply_loss(*this, loss);
}

expected<Lab, LabError> Lab::create(const LabConfig& config) {
  if (config.clients > kMaxClients) {
    return unexpected(LabError{LabError::Kind::failed, "at most " + std::to_string(kMaxClients) + " clients in a lab"});
  }
  auto namespaces = Namespaces::create(client_place(config.clients).network);
  if (!namespaces) return unexpected(std::move(namespaces.error()));
  Lab lab(std::make_unique<State>(config, std::move(*namespaces)));
  if (auto done = prepare_kernels(lab); !done) return unexpected(done.error());
  State& state = *lab.state_;
  state.tun_refusal = config.use_tun_device ? make_tun_devices(lab) : "TAP and TUN devices are not wanted";
  if (auto done = connect_places(lab); !done) return unexpected(done.error());
  if (auto done = install_rules(lab); !done) return unexpected(done.error());
  if (auto done = lab.set_loss(config.loss); !done) return unexpected(done.error());
  return lab;
}

}  // namespace leat::lab
