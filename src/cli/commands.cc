#include "cli/commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "cli/image_choice.h"
#include "cli/screen_ready.h"
#include "image/attestations.h"
#include "image/cache.h"
#include "image/fetch.h"
#include "image/hardening.h"
#include "image/inspect.h"
#include "image/keys.h"
#include "image/predict.h"
#include "image/resolve.h"
#include "image/root_files.h"
#include "vm/run.h"

namespace ashlar::cli {
namespace {

using namespace image;

constexpr std::uint64_t kDesktopMemoryMib = 2048;
constexpr unsigned kDesktopCpus = 2;

// Paths the user gave are relative to where he stands.
fs::path absolute_or_empty(const std::string& path) { return path.empty() ? fs::path() : fs::absolute(path); }

bool has_display() { return std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr; }

// How readiness is told: a dev image says it on its serial console, a release image on its screen.
Result<std::shared_ptr<vm::ReadyDetector>> detector_for(const fs::path& image, const BuildOptions& options) {
  ImageIdentity identity = TRY(identify_image(image));
  if (identity.variant != name_of(Variant::kRelease)) return nullptr;
  return make_screen_detector(identity, TRY(screen_font(options)));
}

bool lies_in(const fs::path& path, const fs::path& directory) {
  fs::path below = fs::weakly_canonical(path).lexically_relative(fs::weakly_canonical(directory));
  return !below.empty() && *below.begin() != "..";
}

// A private key in the repository is one commit away from everybody, in os/root one build. build/ is ignored by git;
// the tests keep theirs there.
Status check_key_place(const fs::path& directory) {
  if (!lies_in(directory, source_directory()) || lies_in(directory, source_directory() / "build")) return {};
  return fail_misuse(directory.string() + " lies in the repository: keep keys in a directory of your own outside it");
}

}  // namespace

Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return fail_errno("write to standard output");
  }
  return {};
}

Status keys_new_command(const KeysNewOptions& options) {
  Variant variant = TRY(parse_variant(options.variant));
  fs::path directory = options.directory.empty() ? TRY(default_key_directory(variant)) : fs::path(options.directory);
  if (options.directory.starts_with("pkcs11:")) {
    return fail_misuse(
        "keys are made in a directory, not in a token: make them with the token's own tools as PK, KEK, "
        "db and pcr, and name the token with --keys when building");
  }
  if (!directory.has_filename()) directory = directory.parent_path();  // "keys/" is "keys"
  TRY(check_key_place(directory));
  TRY(create_key_set(directory, variant));
  return print(directory.string() + "\n");
}

Status lock_command(const LockCommandOptions& options) {
  Cache cache = TRY(Cache::open_default());
  Mirror mirror = TRY(find_mirror(given(options.mirror)));
  if (!options.export_directory.empty()) {
    Lock lock = TRY(read_lock(source_directory() / kLockFile));
    TRY(export_lock(lock, {.mirror = mirror, .cache = cache.root()}, fs::absolute(options.export_directory)));
    return print(options.export_directory + "\n");
  }
  MadeLock made = TRY(make_lock({.profiles = source_directory() / "os/profiles",
                                 .lock_file = source_directory() / kLockFile,
                                 .resolve = {.mirror = mirror, .cache = cache.root()}}));
  for (const std::string& change : made.changes) TRY(print(change + "\n"));
  log::info(fmt::format("{} packages locked, {} changes", made.lock.packages.size(), made.changes.size()));
  return {};
}

Status build_command(const BuildCommandOptions& options) {
  BuildReport report = TRY(build_image(TRY(build_options(options.choice))));
  if (options.json) return print(report.json() + "\n");
  for (const StepTime& step : report.steps) {
    log::info(fmt::format("{:16} {:>8.1f} s{}", step.step, static_cast<double>(step.took.count()) / 1000,
                          step.was_cached ? "  from the cache" : ""));
  }
  return print(report.image.string() + "\n");
}

Status run_command(const RunCommandOptions& options) {
  fs::path image = absolute_or_empty(options.image);
  if (image.empty()) image = TRY(build_image(TRY(build_options(options.choice)))).image;
  bool until_desktop = options.until == "desktop";
  bool until_ready = options.until == "ready" || until_desktop;
  if (!until_ready && !options.screenshot.empty()) {
    return fail_misuse("--screenshot is taken when the machine is ready: add --until ready or --until desktop");
  }
  vm::RunOptions run = {
      .image = image,
      .display = options.headless || !has_display() ? vm::Display::none : vm::Display::window,
      .keep = options.keep ? vm::Keep::machine : vm::Keep::nothing,
      .until = until_ready ? vm::Until::ready : vm::Until::ended,
      .screenshot = absolute_or_empty(options.screenshot),
      .serial_log = absolute_or_empty(options.serial),
      .timeout = std::chrono::seconds(options.timeout_seconds),
  };
  if (until_ready) run.detector = TRY(detector_for(image, TRY(tool_options(options.choice))));
  if (until_desktop) {
    if (run.detector) return fail_misuse("only a dev image says on its console that the desktop is there");
    run.detector = std::make_shared<vm::DesktopReadyDetector>();
    // A browser wants more than a machine without a window has otherwise.
    run.memory_mib = kDesktopMemoryMib;
    run.cpus = kDesktopCpus;
  }
  vm::RunReport report = TRY(vm::run_image(run));
  if (options.json) return print(report.json() + "\n");
  if (until_ready) return print(report.evidence + "\n");
  return {};
}

Status inspect_command(const InspectCommandOptions& options) {
  if (options.hardening) {
    Workshop tools = TRY(open_tools(TRY(tool_options({})), "workshop"));
    Cache cache = TRY(Cache::open_default());
    TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
    TRY(extract_root(tools, options.image, work.path()));
    std::vector<HardenedFile> files = TRY(look_at_hardening(work.path() / "root"));
    return print(options.json ? hardening_json(files) : hardening_table(files));
  }
  return print(TRY(inspect_image(options.image, options.json ? Format::kJson : Format::kText)));
}

Status verify_command(const VerifyCommandOptions& options) {
  CertificateSet certificates = TRY(load_certificates(options.keys));
  Result<std::vector<std::string>> held = verify_image(options.image, certificates);
  std::vector<std::string> missing = missing_attestations(options.image);
  if (options.json) {
    nlohmann::ordered_json out = {{"image", options.image}, {"verified", held.has_value()}};
    if (held) out["links"] = *held;
    if (held) out["missing"] = missing;
    if (!held) out["error"] = held.error().message();
    TRY(print(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
  }
  for (const std::string& link : TRY(std::move(held))) {
    if (!options.json) TRY(print("holds: " + link + "\n"));
  }
  for (const std::string& what : missing) log::warn(what);
  return {};
}

Status predict_command(const PredictCommandOptions& options) {
  PcrValues values = TRY(predict_pcrs(options.image));
  nlohmann::ordered_json out = {{"image", options.image}, {"bank", "sha256"}};
  for (const auto& [pcr, value] : values) {
    out["pcrs"][std::to_string(pcr)] = value.hex();
    if (!options.json) TRY(print(fmt::format("{:2}  {}\n", pcr, value.hex())));
  }
  return options.json ? print(out.dump(2) + "\n") : Status{};
}

}  // namespace ashlar::cli
