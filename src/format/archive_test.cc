#include <optional>

#include "format/deb.h"
#include "format/tar.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

std::string ar_member(const std::string& name, std::string_view content) {
  auto field = [](std::string text, std::size_t width) { return text.append(width - text.size(), ' '); };
  std::string out = field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8) +
                    field(std::to_string(content.size()), 10) + "`\n" + std::string(content);
  if (content.size() % 2 != 0) out += '\n';
  return out;
}

const std::string kVersion = "!<arch>\n" + ar_member("debian-binary", "2.0\n");
const std::string kControl = ar_member("control.tar.xz", "abc");
const std::string kData = ar_member("data.tar.zst", "defg");

std::string deb_error(const std::string& package) { return error_of(parse_deb(as_bytes(package))); }

TEST(Deb, FindsBothArchives) {
  std::string package = kVersion + kControl + kData;
  DebMembers members = parse_deb(as_bytes(package)).value();
  EXPECT_EQ(members.control_name, "control.tar.xz");
  EXPECT_EQ(as_text(members.control), "abc");
  EXPECT_EQ(members.data_name, "data.tar.zst");
  EXPECT_EQ(as_text(members.data), "defg");
  for (std::size_t size = 0; size < package.size(); ++size) {
    EXPECT_FALSE(parse_deb(as_bytes(std::string_view(package).substr(0, size)))) << size;
  }
}

TEST(Deb, RefusesOtherShapes) {
  EXPECT_EQ(deb_error("!<arch>\n" + ar_member("debian-binary", "3.0\n") + kControl + kData),
            "a Debian package of another format than 2.0");
  EXPECT_EQ(deb_error("!<arch>\n" + kControl + kData), "not a Debian package: control.tar.xz comes first");
  EXPECT_EQ(deb_error(kVersion + kData + kControl), "member data.tar.zst where control.tar belongs");
  EXPECT_EQ(deb_error(kVersion + kControl + kData + kData), "bytes behind the last member of the package");
  EXPECT_EQ(deb_error(kVersion + kControl + kData + "x"), "bytes behind the last member of the package");
  EXPECT_EQ(deb_error(kVersion + ar_member("control.tar.lzma", "a") + kData),
            "member control.tar.lzma where control.tar belongs");
  std::string package = kVersion + kControl + kData;
  package[8 + 48] = '-';
  EXPECT_EQ(deb_error(package), "member debian-binary of the package has no size");
}

// A header with its checksum, then the content padded to a block.
std::string tar_entry(const std::string& name, char type, std::string_view content, const std::string& link = {},
                      std::string size = {}) {
  std::string block(512, '\0');
  auto set = [&](std::size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  auto octal = [](std::size_t value, int width) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%0*zo", width, value);
    return std::string(text.data());
  };
  set(0, name);
  set(100, "0000644");
  set(108, "0000000");
  set(116, "0000000");
  set(124, size.empty() ? octal(content.size(), 11) : size);
  set(136, "00000000001");
  set(148, "        ");
  block[156] = type;
  set(157, link);
  set(257, {"ustar\00000", 8});
  std::size_t sum = 0;
  for (unsigned char byte : block) sum += byte;
  set(148, octal(sum, 6) + '\0');
  block += content;
  block.resize(round_up<std::size_t>(block.size(), 512));
  return block;
}
const std::string kEnd(1024, '\0');

Result<std::vector<TarEntry>> read_tar(std::string_view archive) {
  TarReader reader(as_bytes(archive));
  std::vector<TarEntry> entries;
  while (std::optional<TarEntry> entry = TRY(reader.next())) entries.push_back(*entry);
  return entries;
}

TEST(Tar, ReadsEveryKind) {
  std::string archive = tar_entry("./", '5', "") + tar_entry("./a", '0', "hello") + tar_entry("./b", '2', "", "a") +
                        tar_entry("./c", '1', "", "./a") + kEnd;
  auto entries = read_tar(archive).value();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].type, TarType::kDirectory);
  EXPECT_EQ(entries[1].path, "./a");
  EXPECT_EQ(entries[1].mode, 0644U);
  EXPECT_EQ(entries[1].mtime, 1);
  EXPECT_EQ(as_text(entries[1].content), "hello");
  EXPECT_EQ(entries[2].type, TarType::kSymlink);
  EXPECT_EQ(entries[2].link, "a");
  EXPECT_EQ(entries[3].type, TarType::kHardLink);
}

TEST(Tar, ReadsLongNames) {
  std::string name(300, 'n');
  std::string link(200, 'l');
  std::string gnu = tar_entry("././@LongLink", 'L', name + '\0') + tar_entry("././@LongLink", 'K', link + '\0') +
                    tar_entry("short", '2', "", "short") + kEnd;
  auto entries = read_tar(gnu).value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].path, name);
  EXPECT_EQ(entries[0].link, link);
  std::string record = "309 path=" + name.substr(0, 299) + "\n";
  entries = read_tar(tar_entry("x", 'x', record) + tar_entry("short", '0', "a") + kEnd).value();
  EXPECT_EQ(entries[0].path, name.substr(0, 299));
  EXPECT_FALSE(read_tar(tar_entry("x", 'x', "30 path=a\n") + tar_entry("short", '0', "a") + kEnd));
  EXPECT_EQ(error_of(read_tar(tar_entry("x", 'x', "14 surprise=1\n") + tar_entry("a", '0', "") + kEnd)),
            "tar: unknown pax keyword surprise");
  EXPECT_EQ(error_of(read_tar(tar_entry("././@LongLink", 'L', name + '\0') + kEnd)),
            "tar: a long name without its entry");
}

TEST(Tar, RefusesWhatIsBroken) {
  std::string archive = tar_entry("a", '0', "hello") + kEnd;
  ASSERT_TRUE(read_tar(archive));
  for (std::size_t size = 0; size < archive.size(); ++size) {
    EXPECT_FALSE(read_tar(std::string_view(archive).substr(0, size))) << size;
  }
  for (std::size_t i = 0; i < 512; ++i) {
    std::string broken = archive;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    // The last two bytes of the checksum's field are its end, which any of NUL and space is.
    bool free = i == 154 || i == 155;
    EXPECT_TRUE(free || !read_tar(broken)) << i;
  }
  EXPECT_EQ(error_of(read_tar(archive + "x")), "tar: the archive does not end in zeros");
  EXPECT_FALSE(read_tar(tar_entry("a", '7', "") + kEnd));
  EXPECT_FALSE(read_tar(tar_entry("a", '5', "content") + kEnd));
  EXPECT_FALSE(read_tar(tar_entry("a", '2', "") + kEnd));
  EXPECT_FALSE(read_tar(tar_entry("a", '0', "", {}, "77777777777") + kEnd));
  EXPECT_FALSE(read_tar(
      tar_entry("a", '0', "", {}, std::string("\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)) + kEnd));
  EXPECT_FALSE(read_tar(tar_entry("a", '0', "", {}, "-0000000001") + kEnd));
}

TEST(SafePath, StaysInside) {
  EXPECT_EQ(safe_path("./").value(), "");
  EXPECT_EQ(safe_path(".").value(), "");
  EXPECT_EQ(safe_path("./usr/bin/").value(), "usr/bin");
  EXPECT_EQ(safe_path("usr/..data").value(), "usr/..data");
  for (std::string_view path : {"", "/", "/etc", "..", "./..", "a/../b", "a/..", "a//b", "a/./b", ".//a", "a//"}) {
    EXPECT_FALSE(safe_path(path)) << path;
  }
  EXPECT_FALSE(safe_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace ashlar
