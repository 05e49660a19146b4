// The second scene of the demo: `leat serve --replay` serves a picture to wget and curl. demo.cc calls it.
#pragma once

#include <filesystem>

#include "lab/lab.h"
#include "tale.h"

namespace leat::demo {

/// Serves FOLDER/picture.http, an HTTP response, in a lab with loss, and saves the results of the clients beside it.
/// Throws Failure unless each of them receives exactly the picture.
ServingStory serve_picture(const lab::Lab& lab, const std::filesystem::path& folder);

}  // namespace leat::demo
