// The second scene of the demo: a picture that `leat serve --replay` serves to wget and curl. Called by demo.cc.
#pragma once

#include <filesystem>

#include "lab/lab.h"
#include "tale.h"

namespace leat::demo {

/// Serves FOLDER/picture.http, an HTTP response, in a lab that loses as it is told to, and saves what the clients get
/// beside it. Throws Failure unless all of them get exactly the picture.
ServingStory serve_picture(const lab::Lab& lab, const std::filesystem::path& folder);

}  // namespace leat::demo
