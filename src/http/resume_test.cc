#include "http/resume.h"

#include <gtest/gtest.h>

namespace leat::http {
namespace {

ResponseHead head(unsigned status, std::vector<Field> fields = {}, std::optional<std::uint64_t> length = {}) {
  ResponseHead h;
  h.status = status;
  h.fields = std::move(fields);
  h.content_length = length;
  return h;
}

TEST(ContentRange, ReadsTheThreeForms) {
  const auto full = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->first, 5u);
  EXPECT_EQ(full->last, 9u);
  EXPECT_EQ(full->total, 10u);
  EXPECT_FALSE(parse_content_range("bytes 5-9/*")->total);
  EXPECT_FALSE(parse_content_range("bytes */10")->first);
  EXPECT_TRUE(parse_content_range("Bytes  5-9/10"));
}

TEST(ContentRange, RefusesNonsense) {
  for (const char* text : {"", "bytes", "bytes ", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "bytes */*",
                           "items 5-9/10", "bytes -9/10", "bytes 5-/10", "bytes 5-9/10 x", "bytes=5-9/10",
                           "bytes5-9/10", "bytes 5-99999999999999999999999/*", "bytes a-b/c"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(Validator, IsAStrongTagOrAnOldEnoughDate) {
  EXPECT_EQ(validator_of(head(200, {{"ETag", "\"abc\""}})), "\"abc\"");
  EXPECT_EQ(validator_of(head(200, {{"ETag", "W/\"abc\""}})), "");
  EXPECT_EQ(validator_of(head(200, {})), "");
  const Field modified{"Last-Modified", "Tue, 01 Jul 2025 10:00:00 GMT"};
  EXPECT_EQ(validator_of(head(200, {modified, {"Date", "Tue, 01 Jul 2025 10:00:01 GMT"}})), modified.value);
  EXPECT_EQ(validator_of(head(200, {modified, {"Date", "Tue, 01 Jul 2025 10:00:00 GMT"}})), "") << "weak";
  EXPECT_EQ(validator_of(head(200, {modified})), "") << "weak without a Date";
  EXPECT_EQ(validator_of(head(200, {{"Last-Modified", "yesterday"}, {"Date", "today"}})), "");
}

TEST(Resume, AppendsExactlyTheRest) {
  EXPECT_EQ(resume_answer(head(206, {{"Content-Range", "bytes 5-9/10"}}, 5), 5, ""), ResumeAnswer::append);
  EXPECT_EQ(resume_answer(head(206, {{"Content-Range", "bytes 5-9/*"}}), 5, ""), ResumeAnswer::append);
}

TEST(Resume, AnotherRangeIsNoUse) {
  for (const char* range : {"bytes 0-9/10", "bytes 6-9/10", "bytes 5-8/10", "bytes */10", "nonsense"}) {
    EXPECT_EQ(resume_answer(head(206, {{"Content-Range", range}}), 5, ""), ResumeAnswer::impossible) << range;
  }
  EXPECT_EQ(resume_answer(head(206), 5, ""), ResumeAnswer::impossible) << "multipart, or broken";
  EXPECT_EQ(resume_answer(head(206, {{"Content-Range", "bytes 5-9/10"}}, 4), 5, ""), ResumeAnswer::impossible);
}

TEST(Resume, AChangedFileIsNotGluedTogether) {
  const std::vector<Field> fields{{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"new\""}};
  EXPECT_EQ(resume_answer(head(206, fields), 5, "\"old\""), ResumeAnswer::impossible);
  EXPECT_EQ(resume_answer(head(206, fields), 5, "\"new\""), ResumeAnswer::append);
  EXPECT_EQ(resume_answer(head(200), 5, "\"old\""), ResumeAnswer::restart);
}

TEST(Resume, NothingLeftMeansComplete) {
  EXPECT_EQ(resume_answer(head(416, {{"Content-Range", "bytes */5"}}), 5, ""), ResumeAnswer::complete);
  EXPECT_EQ(resume_answer(head(416, {{"Content-Range", "bytes */4"}}), 5, ""), ResumeAnswer::impossible);
  EXPECT_EQ(resume_answer(head(416), 5, ""), ResumeAnswer::impossible);
}

TEST(Resume, AnErrorDoesNotCostWhatWeHave) {
  EXPECT_EQ(resume_answer(head(404), 5, ""), ResumeAnswer::refused);
  EXPECT_EQ(resume_answer(head(302), 5, ""), ResumeAnswer::refused);
  EXPECT_EQ(resume_answer(head(204), 5, ""), ResumeAnswer::refused);
}

}  // namespace
}  // namespace leat::http
