#include "http/server/respond.h"

#include "http/server/conditions.h"
#include "http/server/listing.h"
#include "http/server/media_type.h"
#include "http/server/ranges.h"

namespace leat::http {
namespace {

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) + "/" +
         std::to_string(size);
}

BodyPiece part_of(const SiteFile& file, std::uint64_t offset, std::uint64_t length) {
  if (!file.text) return FilePiece{file.file, offset, length};
  return SharedText{file.text, static_cast<std::size_t>(offset), static_cast<std::size_t>(length)};
}

/// RFC 9110 §14.6, when more than one part was asked for.
void make_multipart(Response& response, const SiteFile& file, const std::vector<ByteRange>& ranges) {
  // Whatever the file holds, a client goes by the lengths in front of each part, not by this.
  const std::string boundary = "leat-" + file.tag.substr(1, file.tag.size() - 2);
  response.fields.push_back({"Content-Type", "multipart/byteranges; boundary=\"" + boundary + "\""});
  for (const ByteRange& range : ranges) {
    response.body.push_back("\r\n--" + boundary + "\r\nContent-Type: " + std::string(media_type(file.name)) +
                            "\r\nContent-Range: " + content_range(range, file.size) + "\r\n\r\n");
    response.body.push_back(part_of(file, range.first, range.length));
  }
  response.body.push_back("\r\n--" + boundary + "--\r\n");
}

Response file_response(const RequestHead& request, const SiteFile& file) {
  Response response;
  response.fields = {{"Last-Modified", file.modified_text}, {"ETag", file.tag}, {"Accept-Ranges", "bytes"}};
  const Validators validators{file.tag, file.modified};
  if (const unsigned status = judge_conditions(request, validators); status != 0) {
    response.status = status;
    response.has_body = status != 304;
    return response;
  }
  const auto field = request.method == "GET" ? request.find("Range") : std::nullopt;
  const auto ranges = field && range_applies(request, validators) ? parse_ranges(*field, file.size) : std::nullopt;
  if (!ranges) {
    response.fields.push_back({"Content-Type", std::string(media_type(file.name))});
    response.body.push_back(part_of(file, 0, file.size));
  } else if (ranges->empty()) {
    response = plain_response(416);
    response.fields.push_back({"Content-Range", "bytes */" + std::to_string(file.size)});
  } else {
    response.status = 206;
    if (ranges->size() > 1) {
      make_multipart(response, file, *ranges);
    } else {
      response.fields.push_back({"Content-Type", std::string(media_type(file.name))});
      response.fields.push_back({"Content-Range", content_range(ranges->front(), file.size)});
      response.body.push_back(part_of(file, ranges->front().first, ranges->front().length));
    }
  }
  return response;
}

}  // namespace

Response respond(const RequestHead& request, const Site& site) {
  if (request.method != "GET" && request.method != "HEAD") {
    Response refusal = plain_response(405);
    refusal.fields.push_back({"Allow", "GET, HEAD"});
    return refusal;
  }
  const auto path = path_of_target(request.target);
  if (!path) return plain_response(path.error());
  auto found = site.find(*path);
  if (!found) return plain_response(found.error());
  if (found->file) return file_response(request, *found->file);
  if (found->folder->missing_slash) {
    Response redirect = plain_response(301);
    redirect.fields.push_back({"Location", encode_path(*path) + "/"});
    return redirect;
  }
  Response listing;
  listing.fields = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}};
  SiteFolder& folder = *found->folder;
  if (!folder.page) {
    folder.page = site.pages().keep(std::move(folder.key), listing_page(*path, folder, site.pages().room()));
  }
  const std::size_t length = folder.page->size();
  listing.body.push_back(SharedText{std::move(folder.page), 0, length});
  return listing;
}

}  // namespace leat::http
