// cpio, dpkg-deb and tar: they list what we write, and we read what they write.
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "format/cpio.h"
#include "format/deb.h"
#include "format/tar.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;

std::string as_string(ByteView bytes) { return std::string(as_text(bytes)); }

TEST(CpioOracle, CpioListsWhatWeWrote) {
  std::vector<CpioNode> nodes = {CpioNode::directory("dev", 0755),
                                 CpioNode::character_device("dev/console", 0600, 5, 1),
                                 CpioNode::file("init", 0755, as_bytes("program")), CpioNode::symlink("link", "init")};
  Bytes archive = build_cpio(nodes).value();
  CommandOutput listed = tool({"cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet"}, as_string(archive));
  EXPECT_EQ(listed.exit_status, 0) << listed.err;
  EXPECT_EQ(listed.err, "");
  // "mode links owner group size date name", spaced for the eye.
  auto has = [&](std::string_view start, std::string_view end) {
    std::string_view rest = listed.out;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      if (line.starts_with(start) && line.ends_with(end) && line.find(" 0        0 ") != line.npos &&
          line.find("1970") != line.npos) {
        return true;
      }
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return false;
  };
  EXPECT_TRUE(has("drwxr-xr-x   2", " dev")) << listed.out;
  EXPECT_TRUE(has("crw-------   1", " dev/console")) << listed.out;
  EXPECT_NE(listed.out.find("5,   1"), listed.out.npos) << listed.out;
  EXPECT_TRUE(has("-rwxr-xr-x   1", " init")) << listed.out;
  EXPECT_TRUE(has("lrwxrwxrwx   1", " link -> init")) << listed.out;
}

TEST(CpioOracle, WeReadWhatCpioWrote) {
  TempDir directory;
  fs::create_directory(directory.path("tree"));
  fs::create_directory(directory.path("tree/bin"));
  (void)directory.put("tree/bin/program", "some content");
  fs::create_symlink("bin/program", directory.path("tree/link"));
  std::string archive = succeed({"cpio", "--create", "--format=newc", "--quiet", "--directory", directory.path("tree")},
                                "bin\nbin/program\nlink\n");
  Result<std::vector<CpioNode>> nodes = parse_cpio(as_bytes(archive));
  ASSERT_TRUE(nodes) << error_of(nodes);
  ASSERT_EQ(nodes->size(), 3U);
  EXPECT_TRUE(S_ISDIR((*nodes)[0].mode));
  EXPECT_EQ(as_text((*nodes)[1].content), "some content");
  EXPECT_EQ(as_text((*nodes)[2].content), "bin/program");
}

// A package with what packages have: long names, links, an empty directory.
struct Package {
  TempDir directory;
  std::string deep = "usr/share/" + std::string(90, 'd') + "/" + std::string(120, 'e') + "/" + std::string(60, 'f');

  Package() {
    fs::path tree = directory.path("tree");
    fs::create_directories(tree / "DEBIAN");
    fs::create_directories((tree / deep).parent_path());
    fs::create_directories(tree / "var/empty");
    (void)directory.put("tree/DEBIAN/control",
                        "Package: test\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@localhost>\n"
                        "Description: a test\n");
    (void)directory.put("tree/" + deep, "deep content");
    (void)directory.put("tree/usr/file", std::string(5000, 'x'));
    fs::create_hard_link(tree / "usr/file", tree / "usr/other");
    fs::create_symlink(std::string(150, 'l'), tree / "usr/link");
  }
  [[nodiscard]] Bytes build(const std::string& compression) const {
    std::string out = directory.path("test.deb").string();
    succeed({"dpkg-deb", "--root-owner-group", "-Z" + compression, "--build", directory.path("tree").string(), out});
    return content_of(out);
  }
};

TEST(DebOracle, FindsTheMembersDpkgFinds) {
  Package package;
  for (const char* compression : {"none", "gzip", "xz", "zstd"}) {
    Bytes deb = package.build(compression);
    Result<DebMembers> members = parse_deb(deb);
    ASSERT_TRUE(members) << compression << ": " << error_of(members);
    std::string path = package.directory.put("again.deb", deb).string();
    std::string names = succeed({"ar", "t", path});
    EXPECT_EQ(names, "debian-binary\n" + members->control_name + "\n" + members->data_name + "\n");
    EXPECT_EQ(succeed({"ar", "p", path, members->data_name}), as_text(members->data));
    EXPECT_EQ(succeed({"ar", "p", path, members->control_name}), as_text(members->control));
  }
}

TEST(TarOracle, ListsWhatTarLists) {
  Package package;
  Bytes deb = package.build("none");
  DebMembers members = parse_deb(deb).value();
  std::string theirs = succeed({"tar", "--list", "--file=-"}, as_string(members.data));
  std::string ours;
  std::optional<TarEntry> deep;
  std::optional<TarEntry> link;
  std::size_t hard_links = 0;
  TarReader reader(members.data);
  for (;;) {
    Result<std::optional<TarEntry>> entry = reader.next();
    ASSERT_TRUE(entry) << error_of(entry);
    if (!*entry) break;
    EXPECT_TRUE(safe_path((*entry)->path));
    EXPECT_EQ((*entry)->uid, 0U);
    ours += (*entry)->path + "\n";
    if ((*entry)->path == "./" + package.deep) deep = *entry;
    if ((*entry)->path == "./usr/link") link = *entry;
    if ((*entry)->type == TarType::kHardLink) ++hard_links;
  }
  EXPECT_EQ(ours, theirs);
  ASSERT_TRUE(deep);
  EXPECT_EQ(as_text(deep->content), "deep content");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->link, std::string(150, 'l'));
  EXPECT_EQ(hard_links, 1U);
}

TEST(TarOracle, ReadsPaxArchives) {
  Package package;
  std::string archive = succeed({"tar", "--create", "--format=pax", "--sort=name", "--directory",
                                 package.directory.path("tree").string(), "--file=-", "usr"});
  std::string theirs = succeed({"tar", "--list", "--file=-"}, archive);
  std::string ours;
  TarReader reader(as_bytes(archive));
  for (;;) {
    Result<std::optional<TarEntry>> entry = reader.next();
    ASSERT_TRUE(entry) << error_of(entry);
    if (!*entry) break;
    ours += (*entry)->path + "\n";
  }
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace ashlar
