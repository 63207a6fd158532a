#include "image/mirror.h"

#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

class HostMirror : public ::testing::Test {
 protected:
  void sources(const std::string& file, const std::string& text) {
    fs::path path = work_.path() / "etc/apt" / file;
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file(path, as_bytes(text)));
  }
  Result<Mirror> mirror() { return host_mirror(work_.path()); }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
};

TEST_F(HostMirror, ReadsStanzas) {
  sources(
      "sources.list.d/debian.sources",
      "Types: deb deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n"
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
      "Types: deb\nURIs: https://security.example/debian-security\nSuites: bookworm-security\nComponents: main\n");
  Mirror found = mirror().value();
  EXPECT_EQ(found.archive, "http://mirror.example/debian");
  EXPECT_EQ(found.security, "https://security.example/debian-security");
  EXPECT_EQ(found.base_of("trixie-security"), found.security);
  EXPECT_EQ(found.base_of("trixie-backports"), found.archive);
}

TEST_F(HostMirror, ReadsLinesAndTellsOthersFromDebian) {
  sources("sources.list", "deb http://tools.example/apt bookworm main\ndeb http://mirror.example/debian trixie main\n");
  sources("sources.list.d/other.list", "deb https://cloud.example/apt cloud-sdk-bookworm main\n");
  Mirror found = mirror().value();
  EXPECT_EQ(found.archive, "http://mirror.example/debian");
  EXPECT_EQ(found.security, "http://mirror.example/debian-security");
}

TEST_F(HostMirror, SaysWhenThereIsNone) {
  sources("sources.list.d/other.list", "deb https://cloud.example/apt cloud-sdk-bookworm main\n");
  Result<Mirror> found = mirror();
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().is_misuse());
  EXPECT_NE(found.error().message().find("--mirror"), std::string::npos);
}

TEST(FindMirror, TakesAUrlOrADirectory) {
  Mirror url = find_mirror("http://mirror.example/debian/").value();
  EXPECT_EQ(url.archive, "http://mirror.example/debian");
  EXPECT_EQ(url.security, "http://mirror.example/debian-security");

  TemporaryDirectory work = TemporaryDirectory::below(::testing::TempDir()).value();
  fs::path directory = work.path() / "an export";
  EXPECT_FALSE(find_mirror(directory.string()));
  fs::create_directories(directory);
  EXPECT_FALSE(find_mirror(directory.string()));
  fs::create_directories(directory / "pool");
  Mirror local = find_mirror(directory.string()).value();
  EXPECT_EQ(local.archive, local.security);
  EXPECT_EQ(local_path(local.archive), fs::canonical(directory));
}

TEST(LocalPath, IsForFileUrlsAlone) {
  EXPECT_EQ(local_path("file:///a%20b"), fs::path("/a b"));
  EXPECT_EQ(local_path("file:/a"), fs::path("/a"));
  EXPECT_FALSE(local_path("http://a/b"));
  EXPECT_FALSE(local_path("file:a"));
}

}  // namespace
}  // namespace ashlar::image
