#include "cli/commands.h"
#include "cli/image_choice.h"
#include "image/exposure.h"
#include "image/recipe.h"
#include "image/root_files.h"

namespace ashlar::cli {
namespace {

using namespace image;

// What an image's services are as this tree describes them.
Result<std::string> exposures_of_profile(const std::string& profile) {
  const fs::path os = source_directory() / "os";
  Recipes recipes = TRY(read_recipes(os / "profiles"));
  auto recipe = recipes.find(profile);
  if (recipe == recipes.end()) {
    return fail_misuse("'" + profile + "' is neither an image nor a profile of os/profiles");
  }
  if (recipe->second.services.empty()) return fail_misuse("the profile " + profile + " has no services");
  std::vector<Service> services =
      TRY(read_services(os / "services", recipe->second.services, TRY(read_service_words(os))));
  return exposure_json(exposures_of(services), TRY(read_exposure_limit(os)));
}

Result<std::string> exposures_of_image(const fs::path& image) {
  Workshop tools = TRY(open_tools(TRY(tool_options({})), "workshop"));
  return read_root_file(tools, image, kExposureFile);
}

}  // namespace

Status audit_command(const AuditCommandOptions& options) {
  std::string json =
      TRY(fs::is_regular_file(options.of) ? exposures_of_image(options.of) : exposures_of_profile(options.of));
  AuditedServices audited = TRY(in(options.of, parse_exposures(json)));
  return print(options.json ? json : exposure_table(audited));
}

}  // namespace ashlar::cli
