// Tolerant framing: rewrites the framing of a response into the strict form that the parser takes, where curl would
// take it as it is. A stream whose framing had to be rewritten is not used for another request (RFC 9112 §2.2, §6.3).
//
// It is for responses only: a server must refuse such framing in requests. Called by ResponseReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace leat::http {

/// The length of a head at the front of `text`, the empty line included; 0 when its end has not come. Lines end with LF
/// or CRLF. The search begins at `from`.
std::size_t head_length(std::string_view text, std::size_t from = 0);

struct StrictHead {
  std::string text;
  std::vector<Field> dropped;  ///< fields that another one overrides
  bool changed = false;
};
/// Rewrites a whole head:
///  - lines that end with a bare LF (RFC 9112 §2.2);
///  - a status line without a reason and without the space before it (§4), or of HTTP/2;
///  - white space in front of a colon (§5.1);
///  - a repeated "Transfer-Encoding: chunked", and a Content-Length beside it (§6.3: chunked overrides it).
StrictHead strict_head(std::string_view head);

/// The lines of a chunked body (RFC 9112 §7.1) that end with a bare LF.
class ChunkLines {
 public:
  /// Rewrites block[from, used), the next bytes of the body, and returns the new `used`. The block has room for twice
  /// as many bytes.
  std::size_t make_strict(std::span<std::uint8_t> block, std::size_t from, std::size_t used);
  bool changed() const { return changed_; }

 private:
  enum class Part { size, data, end_of_data, trailer, done };
  void on_framing(std::uint8_t c);
  void on_line_end();

  Part part_ = Part::size;
  std::uint64_t size_ = 0;  ///< of the chunk; in `data`: bytes of it that are still to come
  bool size_is_over_ = false;
  bool line_is_empty_ = true;
  bool after_cr_ = false;
  bool changed_ = false;
};

}  // namespace leat::http
