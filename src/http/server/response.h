// Response: a head, and a body in pieces of text and of files, so that no file is ever held in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/ring.h"
#include "http/message.h"
#include "http/server/site.h"

namespace leat::http {

struct FilePiece {
  std::shared_ptr<const SharedFile> file;
  std::uint64_t offset = 0, length = 0;  ///< bytes
};

/// A part of a text that several responses share.
struct SharedText {
  std::shared_ptr<const std::string> text;
  std::size_t offset = 0, length = 0;  ///< bytes
};

using BodyPiece = std::variant<std::string, SharedText, FilePiece>;
/// Bytes.
std::uint64_t length_of(const RingDeque<BodyPiece>& body);

struct Response {
  unsigned status = 200;
  std::vector<Field> fields;
  RingDeque<BodyPiece> body;
  bool has_body = true;  ///< false: a status that never has one (304)

  /// Status line, fields, framing and the empty line.
  std::string head(bool keep_alive, std::string_view date) const;
};

/// "Not Found" for 404.
std::string_view reason_phrase(unsigned status);

/// A response that says in a line what its status means.
Response plain_response(unsigned status);

}  // namespace leat::http
