#include "http/tolerant_framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace leat::http {
namespace {

std::string strict(std::string_view head) { return strict_head(head).text; }

std::string strict_chunks(std::string_view body, std::size_t piece, bool& changed) {
  ChunkLines lines;
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    const std::string_view next = body.substr(at, piece);
    std::vector<std::uint8_t> block(2 * next.size());
    std::copy(next.begin(), next.end(), block.begin());
    const std::size_t used = lines.make_strict(block, 0, next.size());
    out.append(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(used));
  }
  changed = lines.changed();
  return out;
}

TEST(TolerantFraming, FindsTheEndOfAHead) {
  EXPECT_EQ(head_length("a\r\nb\r\n\r\nc"), 8u);
  EXPECT_EQ(head_length("a\nb\n\nc"), 5u);
  EXPECT_EQ(head_length("a\r\nb\n\r\nc"), 7u);
  EXPECT_EQ(head_length("a\r\nb\r\n"), 0u);
  EXPECT_EQ(head_length("a\r\nb\r\n\r\n", 7), 8u) << "the search may begin in the middle of the empty line";
}

TEST(TolerantFraming, AStrictHeadStaysAsItIs) {
  const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(strict(head), head);
  EXPECT_FALSE(strict_head(head).changed);
}

TEST(TolerantFraming, RewritesWhatCurlTakes) {
  EXPECT_EQ(strict("HTTP/1.1 200 OK\nA: b\n\n"), "HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
  EXPECT_EQ(strict("HTTP/1.1 200\r\n\r\n"), "HTTP/1.1 200 \r\n\r\n");
  EXPECT_EQ(strict("HTTP/2 200\r\n\r\n"), "HTTP/1.1 200 \r\n\r\n");
  EXPECT_EQ(strict("HTTP/1.1 200 OK\r\nA \t: b\r\n\r\n"), "HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
}

TEST(TolerantFraming, ChunkedOverridesItsCopyAndAContentLength) {
  const StrictHead head = strict_head(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: Chunked\r\n\r\n");
  EXPECT_EQ(head.text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  ASSERT_EQ(head.dropped.size(), 2u);
  EXPECT_EQ(head.dropped[0].name, "Content-Length");
  EXPECT_EQ(head.dropped[0].value, "5");
}

TEST(TolerantFraming, ChunkLinesMayEndWithABareLf) {
  const std::string body = "5;x=y\nhe\nlo\n2\r\nab\r\n0\nT: u\n\nnext\n";
  const std::string wanted = "5;x=y\r\nhe\nlo\r\n2\r\nab\r\n0\r\nT: u\r\n\r\nnext\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    bool changed = false;
    EXPECT_EQ(strict_chunks(body, piece, changed), wanted) << piece;
    EXPECT_TRUE(changed);
  }
}

TEST(TolerantFraming, StrictChunkLinesStayAsTheyAre) {
  const std::string body = "5\r\nhe\nlo\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    bool changed = false;
    EXPECT_EQ(strict_chunks(body, piece, changed), body) << piece;
    EXPECT_FALSE(changed);
  }
}

}  // namespace
}  // namespace leat::http
