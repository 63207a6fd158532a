#include "cli/test_images.h"

#include <cstdlib>

#include "base/log.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/fetch.h"
#include "image/resolve.h"

namespace ashlar::cli {
namespace {

using namespace image;

// The lock to test with: the repository's, or, when the archive no longer serves what that names, one made anew.
Result<fs::path> usable_lock(const TestImages& images) {
  fs::path committed = source_directory() / kLockFile;
  Lock lock = TRY(read_lock(committed));
  Cache cache = TRY(Cache::open_default());
  Mirror mirror = TRY(find_mirror(images.mirror));
  Result<std::vector<fs::path>> fetched = fetch(
      lock, {"core", "storage", "faults", "desktop", "workshop", "sdk", "oracles", "kernel-source", "shell-source"},
      {.mirror = mirror, .cache = cache.root()});
  if (fetched) return committed;
  if (!gone_from_mirror(fetched.error())) return std::unexpected(std::move(fetched).error());

  log::warn(fetched.error().message());
  log::warn("the tests go on with a lock made now; it differs from os/packages.lock in:");
  fs::path fresh = images.work / "packages.lock";
  TRY(write_file(fresh, TRY(read_file(committed))));
  MadeLock made = TRY(make_lock({.profiles = source_directory() / "os/profiles",
                                 .lock_file = fresh,
                                 .resolve = {.mirror = mirror, .cache = cache.root()}}));
  for (const std::string& change : made.changes) log::warn("  " + change);
  return fresh;
}

BuildOptions image_options(const TestImages& images, const fs::path& lock, const std::string& profile,
                           Variant variant) {
  return {.source = source_directory(),
          .lock = lock,
          .output = images.work / "images",
          .profile = profile,
          .variant = variant,
          .keys = images.work / "keys" / name_of(variant),
          .mirror = images.mirror};
}

}  // namespace

Status prepare_test_images(const TestImages& images) {
  std::error_code error;
  fs::create_directories(images.work, error);
  if (error) return fail_errno("create " + images.work.string(), error.value());
  for (Variant variant : {Variant::kDev, Variant::kRelease}) {
    fs::path keys = images.work / "keys" / name_of(variant);
    if (!fs::exists(keys)) TRY(create_key_set(keys, variant));
  }
  fs::path lock = TRY(usable_lock(images));
  BuildOptions core = image_options(images, lock, "core", Variant::kDev);
  fs::path oracles = TRY(open_tools(core, "oracles")).root();
  BuildReport built = TRY(build_image(core));
  if (images.which == TestImages::Which::kAll) {
    TRY(build_image(image_options(images, lock, "core", Variant::kRelease)));
    TRY(build_image(image_options(images, lock, "storage", Variant::kDev)));
    TRY(build_image(image_options(images, lock, "faults", Variant::kDev)));
    TRY(build_image(image_options(images, lock, "desktop", Variant::kDev)));
  }
  ::setenv("ASHLAR_TEST_WORK", images.work.c_str(), 1);
  ::setenv("ASHLAR_TEST_LOCK", lock.c_str(), 1);
  if (images.mirror) ::setenv("ASHLAR_TEST_MIRROR", images.mirror->c_str(), 1);
  ::setenv("ASHLAR_WORKSHOP", oracles.c_str(), 1);
  ::setenv("ASHLAR_TEST_KERNEL", built.used.kernel.c_str(), 1);  // its bzImage and config
  // The tests' own `ashlar` is built with sanitizers; where memory is limited it cannot run.
  ::setenv("ASHLAR_TEST_TOOL", fs::read_symlink("/proc/self/exe", error).c_str(), 1);
  return {};
}

}  // namespace ashlar::cli
