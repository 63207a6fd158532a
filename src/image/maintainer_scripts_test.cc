#include "image/maintainer_scripts.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

std::string rest_of(std::string_view script) {
  Result<std::string> rest = handwritten_part(script);
  return rest ? *rest : "error: " + rest.error().message();
}

TEST(HandwrittenPart, IsEmptyForWhatDebhelperWrote) {
  EXPECT_EQ(
      rest_of("#!/bin/sh\nset -e\n\n# Automatically added by dh_makeshlibs/13.24\nldconfig\n# End automatically added "
              "section\n\n# a comment\n\nexit 0\n"),
      "");
  EXPECT_EQ(rest_of("#! /bin/sh\n  set -e\nexit 0"), "");
  EXPECT_EQ(rest_of(""), "");
}

TEST(HandwrittenPart, KeepsWhatAPersonWrote) {
  EXPECT_EQ(
      rest_of(
          "#!/bin/sh -e\nif true; then\n  adduser x # now\nfi\n# Automatically added by dh_x\ny\n# End automatically "
          "added section\nlater\nexit 0\n"),
      "if true; then\nadduser x # now\nfi\nlater\n");
  // What looks like a comment in a here-document is content.
  EXPECT_EQ(rest_of("cat <<E\n# kept\nE\n"), "cat <<E\n# kept\nE\n");
  // Only the end of the script is trimmed.
  EXPECT_EQ(rest_of("exit 0\nadduser x\n"), "exit 0\nadduser x\n");
}

TEST(HandwrittenPart, RefusesBlocksThatHideTheRest) {
  EXPECT_EQ(rest_of("# Automatically added by dh_x\nadduser x\n"), "error: a generated block does not end");
  EXPECT_EQ(rest_of("# End automatically added section\n"), "error: a generated block ends that did not begin");
  EXPECT_EQ(rest_of("# Automatically added by dh_x\n# Automatically added by dh_y\n"),
            "error: a generated block begins within another");
}

// A tar archive, compressed as `filter` says, in memory.
std::string make_tar(const std::map<std::string, std::string>& files, int filter) {
  std::string bytes(1 << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_ustar(writer);
  archive_write_add_filter(writer, filter);
  archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
  for (const auto& [name, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, ("./" + name).c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0755);
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  bytes.resize(used);
  return bytes;
}

std::string make_deb(const std::map<std::string, std::string>& control, int filter = ARCHIVE_FILTER_XZ) {
  std::string suffix = filter == ARCHIVE_FILTER_XZ ? ".xz" : filter == ARCHIVE_FILTER_ZSTD ? ".zst" : ".gz";
  std::string deb = "!<arch>\n";
  auto member = [&](const std::string& name, const std::string& content) {
    deb += fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{}", name, 0, 0, 0, "100644", content.size(), content);
    if (content.size() % 2 != 0) deb += '\n';
  };
  member("debian-binary", "2.0\n");
  member("control.tar" + suffix, make_tar(control, filter));
  member("data.tar" + suffix, make_tar({}, filter));
  return deb;
}

TEST(ControlFiles, ReadsEveryCompressionDebianUses) {
  for (int filter : {ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_GZIP}) {
    std::string deb = make_deb({{"control", "Package: x\n"}, {"postinst", "#!/bin/sh\n"}}, filter);
    auto files = control_files(as_bytes(deb));
    ASSERT_TRUE(files) << files.error().message();
    EXPECT_EQ(files->at("control"), "Package: x\n");
    EXPECT_EQ(files->at("postinst"), "#!/bin/sh\n");
  }
  EXPECT_FALSE(control_files(as_bytes("no package")));
}

class MaintainerScripts : public ::testing::Test {
 protected:
  void package(const std::string& name, const std::map<std::string, std::string>& control) {
    fs::path file = work_.path() / (name + ".deb");
    ASSERT_TRUE(write_file(file, as_bytes(make_deb(control))));
    packages_.push_back({name, file});
  }
  Status check(const std::string& reviews) {
    fs::path file = work_.path() / "maintainer-scripts.toml";
    EXPECT_TRUE(write_file(file, as_bytes(reviews)));
    return check_maintainer_scripts(packages_, file, work_.path() / "unreviewed");
  }
  static std::string review(const std::string& package, const std::string& script, const std::string& text) {
    return fmt::format(
        "[[script]]\npackage = \"{}\"\nscript = \"{}\"\nsha256 = \"{}\"\nwhat = \"w\"\nreplaced-by = \"r\"\n", package,
        script, sha256(text).hex());
  }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
  std::vector<PackageFile> packages_;
};

TEST_F(MaintainerScripts, StopAtWhatNobodyReviewed) {
  package("plain", {{"control", "x"}});
  package("dash", {{"postinst", "#!/bin/sh\nset -e\nadd-shell /bin/dash\n"}, {"postrm", "whatever"}});
  Status status = check("");
  ASSERT_FALSE(status);
  std::string hash = sha256("add-shell /bin/dash\n").hex();
  EXPECT_NE(status.error().message().find("dash postinst " + hash), std::string::npos) << status.error().message();
  EXPECT_EQ(read_text(work_.path() / "unreviewed/dash.postinst").value(), "add-shell /bin/dash\n");

  EXPECT_TRUE(check(review("dash", "postinst", "add-shell /bin/dash\n")));
  EXPECT_FALSE(check(review("dash", "preinst", "add-shell /bin/dash\n")));
  EXPECT_FALSE(check(review("bash", "postinst", "add-shell /bin/dash\n")));
  EXPECT_FALSE(check(review("dash", "postinst", "add-shell /bin/rash\n")));
}

TEST_F(MaintainerScripts, ReviewsAreReadStrictly) {
  EXPECT_TRUE(check(""));
  EXPECT_TRUE(check("[[script]]\npackage = \"a\"\n").error().is_misuse());
  EXPECT_NE(check(review("dash", "postinst", "x") + "why = \"y\"\n").error().message().find(":7: 'why' is not a key"),
            std::string::npos);
  EXPECT_NE(check(review("dash", "prerm", "x")).error().message().find("preinst or postinst"), std::string::npos);
  EXPECT_NE(
      check("[[script]]\npackage = \"a\"\nscript = \"preinst\"\nsha256 = \"00\"\nwhat = \"w\"\nreplaced-by = \"r\"\n")
          .error()
          .message()
          .find("64 hexadecimal digits"),
      std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
