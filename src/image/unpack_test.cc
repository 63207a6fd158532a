#include "image/unpack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/subprocess.h"
#include "image/cache.h"

namespace ashlar::image {
namespace {

class Unpack : public testing::Test {
 protected:
  // A package made by dpkg-deb from what `fill` puts into its tree.
  PackageFile package(const std::string& name, const std::function<void(const fs::path&)>& fill) {
    fs::path tree = work_.path() / name;
    fs::create_directories(tree / "DEBIAN");
    std::string control = "Package: " + name + "\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n";
    EXPECT_TRUE(write_file(tree / "DEBIAN/control", as_bytes(control)));
    fill(tree);
    fs::path deb = work_.path() / (name + ".deb");
    EXPECT_TRUE(run_checked({.argv = {"dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, deb}}));
    return {name, deb};
  }
  static void put(const fs::path& path, mode_t mode = 0644) {
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(write_file(path, as_bytes("content"), mode));
  }
  std::string error_of(const std::vector<PackageFile>& packages) {
    Result<Origins> origins = unpack_packages(packages, root_, nothing_omitted);
    return origins ? "" : origins.error().message();
  }
  static bool nothing_omitted(const std::string&, const std::string&) { return false; }

  TemporaryDirectory work_ = TemporaryDirectory::below(testing::TempDir()).value();
  fs::path root_ = work_.path() / "root";
};

TEST_F(Unpack, PutsFilesWhereMergedUsrHasThemAndDropsSetId) {
  PackageFile a = package("a", [](const fs::path& tree) {
    put(tree / "bin/tool", 0755);
    put(tree / "usr/bin/setid");
    ASSERT_EQ(::chmod((tree / "usr/bin/setid").c_str(), 06755), 0);
    put(tree / "usr/share/doc/a/NEWS");
  });
  Result<Origins> origins = unpack_packages(
      {a}, root_, [](const std::string&, const std::string& path) { return path.starts_with("/usr/share/doc/"); });
  ASSERT_TRUE(origins) << origins.error().message();
  EXPECT_EQ(*origins, (Origins{{"/usr/bin/tool", "a"}, {"/usr/bin/setid", "a"}}));
  struct stat status{};
  ASSERT_EQ(::stat((root_ / "usr/bin/setid").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
  EXPECT_FALSE(fs::exists(root_ / "usr/share/doc/a/NEWS"));
}

TEST_F(Unpack, RefusesAPathClaimedByTwoPackages) {
  auto fill = [](const fs::path& tree) { put(tree / "usr/share/both"); };
  std::string error = error_of({package("a", fill), package("b", fill)});
  for (const char* part : {"/usr/share/both", "claimed by two packages", "a", "b"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

TEST_F(Unpack, NeverWritesThroughASymbolicLink) {
  PackageFile link = package("link", [](const fs::path& tree) {
    fs::create_directories(tree / "usr");
    fs::create_symlink("/tmp", tree / "usr/escape");
  });
  PackageFile file = package("through", [](const fs::path& tree) { put(tree / "usr/escape/ashlar-escaped"); });
  ASSERT_EQ(error_of({link}), "");
  std::string error = error_of({file});  // into the same tree
  EXPECT_NE(error.find("/usr/escape"), std::string::npos) << error;
  EXPECT_FALSE(fs::exists("/tmp/ashlar-escaped"));
}

TEST_F(Unpack, RefusesAPackageThatIsCutOff) {
  PackageFile whole = package("whole", [](const fs::path& tree) { put(tree / "usr/share/x"); });
  Bytes bytes = read_file(whole.deb).value();
  ASSERT_TRUE(write_file(whole.deb, ByteView(bytes).first(bytes.size() - 2048)));
  EXPECT_NE(error_of({whole}).find("whole"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
