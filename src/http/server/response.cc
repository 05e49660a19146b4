#include "http/server/response.h"

#include <array>

namespace leat::http {
namespace {

struct StatusPhrase {
  unsigned status;
  std::string_view phrase;
};

constexpr std::array kPhrases{
    StatusPhrase{200, "OK"},
    StatusPhrase{206, "Partial Content"},
    StatusPhrase{301, "Moved Permanently"},
    StatusPhrase{304, "Not Modified"},
    StatusPhrase{400, "Bad Request"},
    StatusPhrase{403, "Forbidden"},
    StatusPhrase{404, "Not Found"},
    StatusPhrase{405, "Method Not Allowed"},
    StatusPhrase{408, "Request Timeout"},
    StatusPhrase{412, "Precondition Failed"},
    StatusPhrase{413, "Content Too Large"},
    StatusPhrase{416, "Range Not Satisfiable"},
    StatusPhrase{431, "Request Header Fields Too Large"},
    StatusPhrase{500, "Internal Server Error"},
    StatusPhrase{501, "Not Implemented"},
    StatusPhrase{503, "Service Unavailable"},
    StatusPhrase{505, "HTTP Version Not Supported"},
};

std::uint64_t length_of(const BodyPiece& piece) {
  if (const auto* text = std::get_if<std::string>(&piece)) return text->size();
  if (const auto* shared = std::get_if<SharedText>(&piece)) return shared->length;
  return std::get<FilePiece>(piece).length;
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  for (const StatusPhrase& row : kPhrases) {
    if (row.status == status) return row.phrase;
  }
  return "Unknown";
}

std::uint64_t length_of(const RingDeque<BodyPiece>& body) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < body.size(); ++i) total += length_of(body[i]);
  return total;
}

std::string Response::head(bool keep_alive, std::string_view date) const {
  std::string out;
  out.reserve(384);
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
  out.append("Server: leat/" LEAT_VERSION "\r\nDate: ").append(date).append("\r\n");
  for (const Field& field : fields) out.append(field.name).append(": ").append(field.value).append("\r\n");
  if (has_body) out.append("Content-Length: ").append(std::to_string(length_of(body))).append("\r\n");
  out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return out;
}

Response plain_response(unsigned status) {
  Response response;
  response.status = status;
  response.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body.push_back(std::to_string(status) + " " + std::string(reason_phrase(status)) + "\n");
  return response;
}

}  // namespace leat::http
