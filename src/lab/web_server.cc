#include "lab/web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>
#include <vector>

#include "lab/tools.h"

namespace leat::lab {
namespace {

constexpr std::chrono::seconds kStartLimit{20};

/// The configuration of nginx: one process in the foreground, as the only user of the user namespace, with its files in
/// the private directory of the lab and without an access log. sub_filter removes the content length, as the two
/// locations without one require.
constexpr const char* kConfiguration = R"(
daemon off;
master_process off;
user root root;
error_log stderr warn;
pid @RUN@/nginx-@PORT@.pid;
events { worker_connections 1000; }
http {
  access_log off;
  sendfile on;
  default_type application/octet-stream;
  client_body_temp_path @RUN@/body;
  proxy_temp_path @RUN@/proxy;
  fastcgi_temp_path @RUN@/fastcgi;
  uwsgi_temp_path @RUN@/uwsgi;
  scgi_temp_path @RUN@/scgi;
  server {
    listen @ADDRESS@:@PORT@;
    root "@FOLDER@";
    location / { autoindex on; }
    location /chunked/ {
      alias "@FOLDER@/";
      sub_filter_types *;
      sub_filter "leat-lab: no file has this line" "";
    }
    location /until-close/ {
      alias "@FOLDER@/";
      chunked_transfer_encoding off;
      sub_filter_types *;
      sub_filter "leat-lab: no file has this line" "";
    }
    location ~ ^/rate/([0-9]+[kKmM]?)/(.*)$ {
      alias "@FOLDER@/$2";
      limit_rate $1;
      sendfile_max_chunk 8k;  # evenly, not a second's worth at once
    }
    location /redirect/ { rewrite ^/redirect(/.*)$ $1 redirect; }
    location = /silent { return 444; }
  }
}
)";

void replace_all(std::string& text, const std::string& mark, const std::string& by) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size())) {
    text.replace(at, mark.size(), by);
  }
}

LabError failed(std::string message) { return {LabError::Kind::failed, std::move(message)}; }

/// Runs inside the lab. Tries to connect until it succeeds.
int connect_until_accepted(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, Lab::kFarAddress, &address.sin_addr);
  for (;;) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return 1;
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
    ::poll(nullptr, 0, 5);
  }
}

expected<void, LabError> wait_until_it_answers(const Lab& lab, Process& server, std::uint16_t port) {
  auto client = lab.run_inside(kFar, [port] { return connect_until_accepted(port); });
  if (!client) return unexpected(std::move(client.error()));
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  for (;;) {
    if (client->wait_for(std::chrono::milliseconds(50))) return {};
    if (const auto ended = server.wait_for(std::chrono::milliseconds(0))) {
      return unexpected(failed("the web server ended with " + ended->to_string() + ": " + server.errors()));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return unexpected(failed("the web server does not answer: " + server.errors()));
    }
  }
}

expected<Process, LabError> start_nginx(const Lab& lab, const std::string& folder, std::uint16_t port) {
  if (folder.find_first_of("\"\\$\n") != std::string::npos) {
    return unexpected(failed("nginx cannot be told to serve a folder of this name: " + folder));
  }
  const std::string number = std::to_string(port);
  std::string configuration = kConfiguration;
  replace_all(configuration, "@RUN@", kRunDirectory);
  replace_all(configuration, "@PORT@", number);
  replace_all(configuration, "@ADDRESS@", Lab::kFarAddress);
  replace_all(configuration, "@FOLDER@", folder);
  const std::string path = std::string(kRunDirectory) + "/nginx-" + number + ".conf";
  if (auto done = lab.write_file(path, configuration); !done) return unexpected(done.error());
  return lab.spawn(kFar, {"nginx", "-e", "stderr", "-p", kRunDirectory, "-c", path});
}

}  // namespace

expected<WebServer, LabError> WebServer::start(const Lab& lab, const std::string& folder, Program program,
                                               std::uint16_t port) {
  WebServer server;
  server.is_nginx_ = program == Program::nginx || (program == Program::any && find_tool("nginx"));
  auto process = server.is_nginx_ ? start_nginx(lab, folder, port)
                                  : lab.spawn(kFar, {"python3", "-m", "http.server", "--bind", Lab::kFarAddress,
                                                     "--directory", folder, std::to_string(port)});
  if (!process) return unexpected(std::move(process.error()));
  server.process_ = std::move(*process);
  server.base_url_ = std::string("http://") + Lab::kFarAddress + (port == 80 ? "" : ":" + std::to_string(port));
  if (auto done = wait_until_it_answers(lab, server.process_, port); !done) return unexpected(done.error());
  return server;
}

}  // namespace leat::lab
