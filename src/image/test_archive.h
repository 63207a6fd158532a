// A small signed Debian archive in a directory, for tests.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::image::testing {

struct TestPackage {
  std::string name;
  std::string version = "1.0-1";
  std::string depends;
  std::string more;     // further lines of its paragraph, each with its newline
  std::string content;  // of the .deb; something made of name and version when empty
};

// A key pair made by gpg(1) in a directory of its own.
class TestKey {
 public:
  explicit TestKey(const fs::path& directory);
  ~TestKey();
  TestKey(const TestKey&) = delete;
  TestKey& operator=(const TestKey&) = delete;

  [[nodiscard]] fs::path keyring() const { return home_ / "public.gpg"; }
  // Its signatures count no longer; takes two seconds.
  void expire() const;
  [[nodiscard]] std::string clear_sign(const std::string& text) const;

 private:
  fs::path home_;
};

struct TestSuite {
  std::string name = "trixie";
  std::vector<TestPackage> packages;
  std::vector<TestPackage> sources;  // name and version alone matter
  std::string date = "Sat, 01 Jan 2022 00:00:00 UTC";
  std::string valid_until;  // empty: for ever
};

// Writes dists/NAME with its InRelease, Packages and Sources, and the packages' files below pool/.
void write_suite(const fs::path& archive, const TestSuite& suite, const TestKey& key);

std::string deb_path(const TestPackage& package);
std::string deb_content(const TestPackage& package);

// One of the files of a source package: `part` is "orig.tar.gz", "debian.tar.xz" or "dsc".
std::string source_path(const TestPackage& package, const std::string& part);
std::string source_content(const TestPackage& package, const std::string& part);

}  // namespace ashlar::image::testing
