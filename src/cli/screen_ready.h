// Telling from its screen that a release machine is ready. It has no serial console, and gains no hook for our sake:
// its ready page is a pure function of what it verified, so the host draws the page it must show and compares every
// pixel.
#pragma once

#include <memory>

#include "image/inspect.h"
#include "vm/run.h"

namespace ashlar::cli {

// What an image says it is (os-release(5)); nothing of it is verified here.
struct ImageIdentity {
  std::string variant;
  std::string version;
  RootHash root_hash;
};
Result<ImageIdentity> identify_image(const fs::path& image);

// Ready when the whole screen is the ready page of this image with Secure Boot on, or, in an image with /data, the page
// that its first boot begins with, which tells version and variant and nothing of what was verified. `psf` is the font
// the image's programs were built with.
Result<std::shared_ptr<vm::ReadyDetector>> make_screen_detector(const ImageIdentity& image, Bytes psf);

}  // namespace ashlar::cli
