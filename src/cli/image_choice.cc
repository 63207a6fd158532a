#include "cli/image_choice.h"

#include "base/log.h"

namespace ashlar::cli {
namespace {

using namespace image;

Result<std::string> keys_for(Variant variant) {
  fs::path directory = TRY(default_key_directory(variant));
  if (!fs::exists(directory)) {
    if (variant == Variant::kRelease) {
      return fail_misuse("there are no release keys at " + directory.string() +
                         ": make them with `ashlar keys new --variant release`, or name them with --keys");
    }
    TRY(create_key_set(directory, variant));
    log::info("made a development key set, for test machines only: " + directory.string());
  }
  return directory.string();
}

}  // namespace

fs::path source_directory() { return ASHLAR_SOURCE_DIR; }

Result<BuildOptions> tool_options(const ImageChoice& choice) {
  BuildOptions options;
  options.source = source_directory();
  options.lock = choice.lock.empty() ? options.source / kLockFile : fs::absolute(choice.lock);
  options.output = choice.output.empty() ? options.source / "out" : fs::absolute(choice.output);
  options.profile = choice.profile;
  options.variant = TRY(parse_variant(choice.variant));
  options.mirror = given(choice.mirror);
  return options;
}

Result<BuildOptions> build_options(const ImageChoice& choice) {
  BuildOptions options = TRY(tool_options(choice));
  options.keys = choice.keys.empty() ? TRY(keys_for(options.variant)) : choice.keys;
  return options;
}

}  // namespace ashlar::cli
