#include "image/resolve.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "image/cache.h"
#include "image/fetch.h"
#include "image/test_archive.h"
#include "image/test_server.h"

namespace ashlar::image {
namespace {

using testing::TestKey;
using testing::TestPackage;
using testing::TestSuite;

std::string days_from_now(int days) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr) + days * 86400));
}

class Resolve : public ::testing::Test {
 protected:
  Resolve() {
    options_.mirror = {file_url(work_.path() / "mirror"), file_url(work_.path() / "mirror")};
    options_.cache = work_.path() / "cache";
    options_.keyring = key_.keyring();
    options_.suites = {"trixie", "trixie-security", "trixie-backports"};
    main_.packages = {{"sway", "1.10-1", "libwlroots (>= 0.18), libc6, terminal"},
                      {"libwlroots", "0.18-1", "libc6, libgbm1"},
                      {"libgbm1", "25-1", "mesa (= 25-1)"},
                      {"mesa", "25-1", "llvm, libc6"},
                      {"llvm", "19-1", "libc6"},
                      {"foot", "1.21-1", "libc6", "Provides: terminal\nRecommends: theme\n"},
                      {"xterm", "400-1", "libc6", "Provides: terminal\n"},
                      {"theme", "1-1"},
                      {"libc6", "2.41-12"},
                      {"broken", "1-1", "libc6 (>= 3)"}};
    security_.name = "trixie-security";
    security_.packages = {{"libc6", "2.41-12+deb13u1"}};
    backports_.name = "trixie-backports";
    backports_.packages = {{"linux-source", "7.3-1", "binutils"}, {"libc6", "2.50-1"}, {"binutils", "3-1"}};
  }

  void write_archive(const TestKey& key) {
    for (const TestSuite& suite : {main_, security_, backports_})
      testing::write_suite(work_.path() / "mirror", suite, key);
  }

  static Recipe recipe(const std::string& name, std::vector<std::string> packages) {
    Recipe recipe;
    recipe.name = name;
    recipe.packages = std::move(packages);
    std::ranges::sort(recipe.packages);
    return recipe;
  }

  Result<Lock> resolve_one(const Recipe& one) { return resolve({{one.name, one}}, options_); }
  std::string error_of(const Recipe& one) {
    Result<Lock> lock = resolve_one(one);
    return lock ? "resolved" : lock.error().message();
  }

  static std::vector<std::string> names(const Lock& lock, const std::string& profile) {
    std::vector<std::string> names;
    std::vector<LockedPackage> packages = packages_of(lock, {profile}).value();
    for (const LockedPackage& package : packages) names.push_back(package.name);
    return names;
  }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
  TestKey key_{work_.path() / "key"};
  ResolveOptions options_;
  TestSuite main_;
  TestSuite security_;
  TestSuite backports_;
};

TEST_F(Resolve, FollowsDependenciesButNotRecommendations) {
  write_archive(key_);
  Lock lock = resolve({{"core", recipe("core", {"libc6"})}, {"desktop", recipe("desktop", {"foot", "sway"})}}, options_)
                  .value();
  EXPECT_EQ(names(lock, "core"), std::vector<std::string>{"libc6"});
  EXPECT_EQ(names(lock, "desktop"),
            (std::vector<std::string>{"foot", "libc6", "libgbm1", "libwlroots", "llvm", "mesa", "sway"}));
  const LockedPackage& libc6 = lock.packages[1];
  EXPECT_EQ(libc6.version, "2.41-12+deb13u1");
  EXPECT_EQ(libc6.suite, "trixie-security");
  EXPECT_EQ(libc6.profiles, (std::vector<std::string>{"core", "desktop"}));
  TestPackage same{"libc6", "2.41-12+deb13u1"};
  EXPECT_EQ(libc6.sha256, sha256(testing::deb_content(same)));
  EXPECT_EQ(libc6.path, testing::deb_path(same));
  ASSERT_EQ(lock.suites.size(), 3U);
  EXPECT_EQ(lock.suites[0].date, "2022-01-01T00:00:00Z");
  EXPECT_EQ(sha256(read_file(kept_release(options_.cache, lock.suites[0].in_release)).value()),
            lock.suites[0].in_release);
  EXPECT_TRUE(check_current(lock, {{"core", recipe("core", {"libc6"})}}));
  EXPECT_FALSE(check_current(lock, {{"core", recipe("core", {"foot"})}}));
}

TEST_F(Resolve, IsTheSameTwice) {
  write_archive(key_);
  Recipe desktop = recipe("desktop", {"sway"});
  EXPECT_EQ(write_lock(resolve_one(desktop).value()), write_lock(resolve_one(desktop).value()));
}

TEST_F(Resolve, LeavesOutWhatOnlyOmittedPackagesNeed) {
  write_archive(key_);
  Recipe desktop = recipe("desktop", {"foot", "sway"});
  desktop.omit = {{"mesa", "no driver"}};
  EXPECT_EQ(names(resolve_one(desktop).value(), "desktop"),
            (std::vector<std::string>{"foot", "libc6", "libgbm1", "libwlroots", "sway"}));
  desktop.omit = {{"mesa", "no driver"}, {"xterm", "not there"}};
  EXPECT_NE(error_of(desktop).find("[[omit]] without effect, nothing needs it: xterm"), std::string::npos);
}

TEST_F(Resolve, TakesOnlyNamedPackagesFromBackports) {
  write_archive(key_);
  Recipe kernel = recipe("kernel", {"linux-source"});
  EXPECT_NE(error_of(kernel).find("backports"), std::string::npos);
  kernel.backports = {{"linux-source", "newer"}};
  EXPECT_NE(error_of(kernel).find("binutils"), std::string::npos);
  main_.packages.push_back({"binutils", "2-1"});
  write_archive(key_);
  Lock lock = resolve_one(kernel).value();
  ASSERT_EQ(lock.packages.size(), 2U);
  EXPECT_EQ(lock.packages[0].version, "2-1");
  EXPECT_EQ(lock.packages[1].suite, "trixie-backports");
}

TEST_F(Resolve, NamesWhatCannotBeHad) {
  write_archive(key_);
  EXPECT_NE(error_of(recipe("core", {"absent"})).find("profile core: no suite has a package 'absent'"),
            std::string::npos);
  std::string error = error_of(recipe("core", {"broken"}));
  EXPECT_NE(error.find("broken 1-1 Depends libc6 (>= 3)"), std::string::npos) << error;
}

TEST_F(Resolve, RefusesAForeignSignature) {
  TestKey foreign(work_.path() / "foreign");
  write_archive(foreign);
  std::string error = error_of(recipe("core", {"libc6"}));
  EXPECT_NE(error.find("signed by a key this host does not trust"), std::string::npos) << error;
}

TEST_F(Resolve, RefusesASignatureWhoseKeyExpired) {
  write_archive(key_);
  EXPECT_EQ(error_of(recipe("core", {"libc6"})), "resolved") << "the control";
  key_.expire();
  std::string error = error_of(recipe("core", {"libc6"}));
  EXPECT_NE(error.find("signed by a key this host does not trust"), std::string::npos) << error;
}

TEST_F(Resolve, RefusesAnExpiredIndex) {
  security_.valid_until = days_from_now(-2);
  write_archive(key_);
  std::string error = error_of(recipe("core", {"libc6"}));
  EXPECT_NE(error.find("expired"), std::string::npos) << error;
  security_.valid_until = days_from_now(2);
  write_archive(key_);
  EXPECT_EQ(error_of(recipe("core", {"libc6"})), "resolved");
}

TEST_F(Resolve, RefusesAnIndexFromTheFuture) {
  main_.date = days_from_now(2);
  write_archive(key_);
  std::string error = error_of(recipe("core", {"libc6"}));
  EXPECT_NE(error.find("not valid yet"), std::string::npos) << error;
}

TEST_F(Resolve, RefusesAnArchiveWithoutSignature) {
  write_archive(key_);
  fs::remove(work_.path() / "mirror/dists/trixie/InRelease");
  EXPECT_NE(error_of(recipe("core", {"libc6"})), "resolved");
  ASSERT_TRUE(write_file(work_.path() / "mirror/dists/trixie/InRelease", as_bytes("Origin: Test\nCodename: trixie\n")));
  EXPECT_NE(error_of(recipe("core", {"libc6"})), "resolved");
}

TEST_F(Resolve, RefusesAListThatIsNotTheSignedOne) {
  write_archive(key_);
  fs::path list = work_.path() / "mirror/dists/trixie/main/binary-amd64/Packages";
  std::string text = read_text(list).value();
  text[text.find("2.41-12")] = '9';
  ASSERT_TRUE(write_file(list, as_bytes(text)));
  EXPECT_NE(error_of(recipe("core", {"libc6"})), "resolved");
}

TEST_F(Resolve, AFailureLeavesTheOldLock) {
  write_archive(key_);
  fs::create_directories(work_.path() / "profiles");
  auto profile = [&](const std::string& packages) {
    std::string text = "description = \"x\"\npackages = [" + packages + "]\n";
    ASSERT_TRUE(write_file(work_.path() / "profiles/core.toml", as_bytes(text)));
  };
  LockOptions options{
      .profiles = work_.path() / "profiles", .lock_file = work_.path() / "packages.lock", .resolve = options_};
  profile("\"libc6\"");
  EXPECT_TRUE(make_lock(options).value().changes.empty());
  std::string before = read_text(options.lock_file).value();
  profile("\"absent\"");
  EXPECT_FALSE(make_lock(options));
  EXPECT_EQ(read_text(options.lock_file).value(), before);
  profile("\"foot\", \"libc6\"");
  EXPECT_EQ(make_lock(options).value().changes, std::vector<std::string>{"foot 1.21-1 is new (core)"});
}

// Over the network as over a directory, and again from what was exported.
TEST_F(Resolve, AnExportIsAMirror) {
  write_archive(key_);
  Recipe desktop = recipe("desktop", {"foot", "sway"});
  fs::path exported = work_.path() / "exported";
  Lock lock;
  {
    testing::TestServer server(work_.path() / "mirror");
    options_.mirror = {server.url(), server.url()};
    lock = resolve_one(desktop).value();
    Status done = export_lock(lock, {.mirror = options_.mirror, .cache = options_.cache}, exported);
    ASSERT_TRUE(done) << done.error().message();
  }
  options_.mirror = find_mirror(exported.string()).value();
  options_.cache = work_.path() / "other cache";
  EXPECT_EQ(resolve_one(desktop).value(), lock);
  EXPECT_EQ(fetch(lock, {"desktop"}, {.mirror = options_.mirror, .cache = options_.cache}).value().size(),
            lock.packages.size());
  // Who has the lock from someone else has no index of that day; every package is there all the same.
  fs::path elsewhere = work_.path() / "elsewhere";
  Status done = export_lock(lock, {.mirror = options_.mirror, .cache = work_.path() / "third cache"}, elsewhere);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_FALSE(fs::exists(elsewhere / "dists"));
  EXPECT_TRUE(fetch(lock, {"desktop"}, {.mirror = find_mirror(elsewhere).value(), .cache = work_.path() / "fourth"}));
  // An export made from an export is the same again.
  EXPECT_TRUE(export_lock(lock, {.mirror = options_.mirror, .cache = options_.cache}, work_.path() / "again"));
}

TEST_F(Resolve, LocksTheFilesOfTheNewestSourcePackage) {
  main_.sources = {{"dash", "0.5-1"}, {"other", "1-1"}};
  security_.sources = {{"dash", "0.5-1+deb13u1"}};
  backports_.sources = {{"dash", "0.6-1"}};
  write_archive(key_);
  Recipe shell = recipe("shell-source", {});
  shell.sources = {"dash"};
  Result<Lock> lock = resolve_one(shell);
  ASSERT_TRUE(lock) << lock.error().message();
  EXPECT_EQ(names(*lock, "shell-source"), (std::vector<std::string>{"dash.debian", "dash.orig"}));
  const TestPackage newest{"dash", "0.5-1+deb13u1"};
  const LockedPackage& debian = lock->packages.front();
  EXPECT_EQ(debian.architecture, kSource);
  EXPECT_EQ(debian.version, newest.version);
  EXPECT_EQ(debian.suite, "trixie-security");
  EXPECT_EQ(debian.path, testing::source_path(newest, "debian.tar.xz"));
  EXPECT_EQ(debian.sha256, sha256(testing::source_content(newest, "debian.tar.xz")));
  EXPECT_EQ(lock->packages.back().path, testing::source_path(newest, "orig.tar.gz"));
  EXPECT_TRUE(check_current(*lock, {{"shell-source", shell}}));
  EXPECT_FALSE(check_current(*lock, {{"shell-source", recipe("shell-source", {})}}));

  // What is locked can be had from an export, and locked from it again.
  fs::path exported = work_.path() / "exported";
  Status done = export_lock(*lock, {.mirror = options_.mirror, .cache = options_.cache}, exported);
  ASSERT_TRUE(done) << done.error().message();
  options_.mirror = find_mirror(exported.string()).value();
  options_.cache = work_.path() / "other cache";
  EXPECT_EQ(resolve_one(shell).value(), *lock);
  std::vector<fs::path> files =
      fetch(*lock, {"shell-source"}, {.mirror = options_.mirror, .cache = options_.cache}).value();
  EXPECT_EQ(read_text(files.back()).value(), testing::source_content(newest, "orig.tar.gz"));

  shell.sources = {"absent"};
  options_.mirror = {file_url(work_.path() / "mirror"), file_url(work_.path() / "mirror")};
  EXPECT_NE(error_of(shell).find("no suite has a source package 'absent'"), std::string::npos) << error_of(shell);
}

TEST_F(Resolve, SaysWhenNobodyAnswers) {
  std::string url = fmt::format("http://127.0.0.1:{}", testing::closed_port());
  options_.mirror = {url, url};
  std::string error = error_of(recipe("core", {"libc6"}));
  EXPECT_NE(error.find("Is the network up?"), std::string::npos) << error;
}

}  // namespace
}  // namespace ashlar::image
