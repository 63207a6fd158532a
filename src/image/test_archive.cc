#include "image/test_archive.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/digest.h"
#include "base/subprocess.h"

namespace ashlar::image::testing {
namespace {

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> gpg(const fs::path& home, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"gpg",     "--homedir", home.string(),  "--batch",
                                   "--quiet", "--no-tty",  "--passphrase", ""};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

TestKey::TestKey(const fs::path& directory) : home_(directory) {
  fs::create_directories(home_);
  fs::permissions(home_, fs::perms::owner_all);
  run_checked(
      {.argv = gpg(home_, {"--quick-generate-key", "Test archive <test@example.org>", "ed25519", "sign", "never"})})
      .value();
  run_checked({.argv = gpg(home_, {"--output", keyring().string(), "--export"})}).value();
}

TestKey::~TestKey() {
  [[maybe_unused]] auto ended = run({.argv = {"gpgconf", "--homedir", home_.string(), "--kill", "all"}});
}

void TestKey::expire() const {
  std::string listed = run_checked({.argv = gpg(home_, {"--list-keys", "--with-colons"})}).value();
  std::size_t at = listed.find("\nfpr:::::::::") + 13;
  std::string fingerprint = listed.substr(at, listed.find(':', at) - at);
  run_checked({.argv = gpg(home_, {"--quick-set-expire", fingerprint, "seconds=1"})}).value();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  fs::remove(keyring());
  run_checked({.argv = gpg(home_, {"--output", keyring().string(), "--export"})}).value();
}

std::string TestKey::clear_sign(const std::string& text) const {
  return run_checked({.argv = gpg(home_, {"--clear-sign"}), .input = text}).value();
}

std::string deb_path(const TestPackage& package) {
  return fmt::format("pool/main/{}/{}/{}_{}_amd64.deb", package.name.substr(0, 1), package.name, package.name,
                     package.version);
}

std::string deb_content(const TestPackage& package) {
  if (!package.content.empty()) return package.content;
  return fmt::format("{} {}\n", package.name, package.version);
}

std::string source_path(const TestPackage& package, const std::string& part) {
  // The upstream archive is not named after Debian's revision, nor does its content change with it.
  std::string version =
      part.starts_with("orig") ? package.version.substr(0, package.version.find('-')) : package.version;
  return fmt::format("pool/main/{}/{}/{}_{}.{}", package.name.substr(0, 1), package.name, package.name, version, part);
}

std::string source_content(const TestPackage& package, const std::string& part) {
  return fmt::format("{}\n", source_path(package, part));
}

void write_suite(const fs::path& archive, const TestSuite& suite, const TestKey& key) {
  std::string packages;
  for (const TestPackage& package : suite.packages) {
    std::string content = deb_content(package);
    write(archive / deb_path(package), content);
    packages += fmt::format(
        "Package: {}\nVersion: {}\nArchitecture: amd64\nMaintainer: Test <test@example.org>\n{}{}Filename: {}\nSize: "
        "{}\n"
        "SHA256: {}\nDescription: test\n\n",
        package.name, package.version, package.depends.empty() ? "" : "Depends: " + package.depends + "\n",
        package.more, deb_path(package), content.size(), sha256(content).hex());
  }
  std::string sources;
  for (const TestPackage& package : suite.sources) {
    fs::path directory = fs::path(source_path(package, "dsc")).parent_path();
    sources += fmt::format(
        "Package: {}\nBinary: {}\nVersion: {}\nMaintainer: Test <test@example.org>\nFormat: 3.0 "
        "(quilt)\nDirectory: {}\n{}Checksums-Sha256:\n",
        package.name, package.name, package.version, directory.string(), package.more);
    for (const char* part : {"dsc", "orig.tar.gz", "debian.tar.xz"}) {
      std::string content = source_content(package, part);
      write(archive / source_path(package, part), content);
      sources += fmt::format(" {} {} {}\n", sha256(content).hex(), content.size(),
                             fs::path(source_path(package, part)).filename().string());
    }
    sources += "\n";
  }
  fs::path place = archive / "dists" / suite.name;
  write(place / "main/binary-amd64/Packages", packages);
  write(place / "main/source/Sources", sources);
  std::string release = fmt::format(
      "Origin: Test\nSuite: {0}\nCodename: {0}\nDate: {1}\n{2}Architectures: amd64\nComponents: main\nSHA256:\n {3} "
      "{4} "
      "main/binary-amd64/Packages\n {5} {6} main/source/Sources\n",
      suite.name, suite.date, suite.valid_until.empty() ? "" : "Valid-Until: " + suite.valid_until + "\n",
      sha256(packages).hex(), packages.size(), sha256(sources).hex(), sources.size());
  write(place / "InRelease", key.clear_sign(release));
}

}  // namespace ashlar::image::testing
