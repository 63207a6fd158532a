// `ashlar rebuild-check`: the image built again as somebody else elsewhere would, and compared byte for byte.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/compare.h"
#include "image/rebuild.h"

namespace ashlar::cli {
namespace {

using namespace image;
using Json = nlohmann::ordered_json;

// What was built beside the second image (bills of material, their signatures) and is not the same beside the first.
Result<std::vector<std::string>> different_documents(const fs::path& first, const fs::path& second) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(second.parent_path())) {
    std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name.starts_with('.') || entry.path() == second) continue;
    Result<Bytes> there = read_file(first.parent_path() / name);
    if (!there || *there != TRY(read_file(entry.path()))) names.push_back(name);
  }
  return names;
}

// Runs diffoscope on what differs first. Its report's path, or why there is none.
Result<std::string> explain(const ImageComparison& comparison, const fs::path& first, const fs::path& kept) {
  if (!find_program("diffoscope")) return "diffoscope is not installed: it would say what differs inside";
  fs::path work = kept.parent_path();
  Suspect suspect = TRY(extract_suspect(comparison, first, kept, work));
  if (suspect.name == "root.erofs" && find_program("fsck.erofs")) {
    for (fs::path* part : {&suspect.first, &suspect.second}) {
      fs::path tree = part->string() + ".tree";
      TRY(run_checked({.argv = {"fsck.erofs", "--extract=" + tree.string(), *part}}));
      *part = tree;
    }
  }
  fs::path report = work / "diffoscope.txt";
  CommandOutput said = TRY(ashlar::run({.argv = {"diffoscope", "--text", report, suspect.first, suspect.second}}));
  if (said.exit_status > 1) return "diffoscope failed on " + suspect.name + ": " + said.err;
  return "diffoscope on " + suspect.name + ": " + report.string();
}

fs::path kept_directory(const fs::path& output) { return output / "rebuild"; }

// Moves the second build out of the work directory: <output>/rebuild/IMAGE, documents beside it.
Result<fs::path> keep(const fs::path& second, const fs::path& output) {
  fs::path directory = kept_directory(output);
  fs::create_directories(directory);
  for (const auto& entry : fs::directory_iterator(second.parent_path())) {
    TRY(run_checked({.argv = {"cp", "--sparse=always", "--reflink=auto", entry.path(), directory}}));
  }
  return directory / second.filename();
}

std::string yes_no_unknown(std::optional<bool> same) {
  if (!same) return "not readable";
  return *same ? "the same" : "differs";
}

std::string describe(const ImageComparison& comparison, const std::vector<std::string>& documents) {
  std::string text;
  for (const DifferentPlace& place : comparison.places) {
    text += fmt::format("  {}: from byte {} on (byte {} of the disk)\n", place.name, place.offset, place.disk_offset);
  }
  for (const std::string& file : comparison.esp_files) text += "  file on the ESP: " + file + "\n";
  for (const std::string& document : documents) text += "  beside the image: " + document + "\n";
  return text + fmt::format("  root hash: {}; UKI: {}\n", yes_no_unknown(comparison.same_root_hash),
                            yes_no_unknown(comparison.same_uki));
}

Json as_json(const ImageComparison& comparison, const std::vector<std::string>& documents) {
  Json out = {{"same", comparison.same() && documents.empty()}};
  out["places"] = Json::array();
  for (const DifferentPlace& place : comparison.places) {
    out["places"].push_back({{"place", place.name}, {"offset", place.offset}, {"disk_offset", place.disk_offset}});
  }
  out["esp_files"] = comparison.esp_files;
  out["documents"] = documents;
  if (comparison.same_root_hash) out["same_root_hash"] = *comparison.same_root_hash;
  if (comparison.same_uki) out["same_uki"] = *comparison.same_uki;
  return out;
}

}  // namespace

Status rebuild_check_command(const RebuildCheckOptions& options) {
  BuildOptions build = TRY(build_options(options.choice));
  BuildReport first = TRY(build_image(build));
  TRY(remove_tree(kept_directory(build.output)));  // of an earlier check
  fs::path against = options.against.empty() ? first.image : fs::absolute(options.against);

  Cache cache = TRY(Cache::open_default());
  TemporaryDirectory work = TRY(TemporaryDirectory::below(rebuild_parent(cache.root())));
  Lend lend = options.with_kernel ? Lend::kPackages : Lend::kPackagesAndKernel;
  Rebuild rebuild = TRY(build_elsewhere(build, first, lend, work.path()));
  if (!rebuild.user)
    log::info("the second build was the same user's: becoming another one takes root and keys in files");

  ImageComparison comparison = TRY(compare_images(against, rebuild.image));
  std::vector<std::string> documents;
  if (options.against.empty()) documents = TRY(different_documents(first.image, rebuild.image));
  bool same = comparison.same() && documents.empty();
  std::string explanation;
  Json second = Json::parse(rebuild.report);
  if (!same) {
    fs::path kept = TRY(keep(rebuild.image, build.output));
    second["image"] = kept.string();
    explanation = TRY(explain(comparison, against, kept));
  }
  if (options.json) {
    Json out = as_json(comparison, documents);
    out["first"] = against.string();
    if (rebuild.user) out["user"] = *rebuild.user;
    out["second"] = second;
    if (!same) out["explanation"] = explanation;
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
  } else if (same) {
    fmt::print("the same disk, built twice: root hash {}, UKI SHA-256 {}\n", first.root_hash.hex(),
               first.uki_hash.hex());
  }
  if (std::fflush(stdout) != 0) return fail_errno("write to standard output");
  if (same) return {};
  return fail(fmt::format("built again, the image is not the same:\n{}  first  {}\n  second {}\n  {}",
                          describe(comparison, documents), against.string(), second["image"].get<std::string>(),
                          explanation));
}

}  // namespace ashlar::cli
