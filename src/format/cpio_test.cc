#include "format/cpio.h"

#include <sys/stat.h>

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

std::vector<CpioNode> sample() {
  return {CpioNode::directory("dev", 0755), CpioNode::character_device("dev/console", 0600, 5, 1),
          CpioNode::file("init", 0755, as_bytes("program")), CpioNode::symlink("link", "init"),
          CpioNode::file("empty", 0644, {})};
}

TEST(Cpio, RoundTrips) {
  Bytes archive = build_cpio(sample()).value();
  EXPECT_EQ(archive.size() % 512, 0U);
  EXPECT_EQ(archive, build_cpio(sample()).value());
  std::vector<CpioNode> nodes = parse_cpio(archive).value();
  ASSERT_EQ(nodes.size(), 5U);
  EXPECT_EQ(nodes[0].mode, S_IFDIR | 0755U);
  EXPECT_EQ(nodes[1].path, "dev/console");
  EXPECT_EQ(nodes[1].major, 5U);
  EXPECT_EQ(nodes[1].minor, 1U);
  EXPECT_EQ(as_text(nodes[2].content), "program");
  EXPECT_EQ(as_text(nodes[3].content), "init");
  EXPECT_EQ(nodes[4].content.size(), 0U);
  EXPECT_EQ(build_cpio(nodes).value(), archive);
}

TEST(Cpio, RefusesWhatTheKernelCouldNotUnpack) {
  auto build = [](std::vector<CpioNode> nodes) { return error_of(build_cpio(nodes)); };
  EXPECT_EQ(build({CpioNode::file("a/b", 0644, {})}), "cpio: a/b: no directory before it");
  EXPECT_EQ(build({CpioNode::file("a", 0644, {}), CpioNode::file("a", 0644, {})}), "cpio: a: it is there twice");
  EXPECT_EQ(build({CpioNode::file("/a", 0644, {})}), "cpio: /a: unsafe path \"/a\"");
  EXPECT_EQ(build({CpioNode::file("../a", 0644, {})}), "cpio: ../a: unsafe path \"../a\"");
  EXPECT_EQ(build({CpioNode::file("./a", 0644, {})}), "cpio: ./a: it is not a plain relative path");
  EXPECT_EQ(build({CpioNode::file("TRAILER!!!", 0644, {})}), "cpio: TRAILER!!!: it is not a plain relative path");
  EXPECT_EQ(build({CpioNode::symlink("a", "")}), "cpio: a: a bad link target");
  EXPECT_EQ(build({{"a", 0644, {}, 0, 0}}), "cpio: a: an unknown type of file");
}

TEST(Cpio, RefusesTruncationAndTrailingBytes) {
  Bytes archive = build_cpio(sample()).value();
  std::size_t end = as_text(archive).find("TRAILER!!!") + 14;  // its NUL and padding
  for (std::size_t size = 0; size < end; ++size) EXPECT_FALSE(parse_cpio(ByteView(archive).first(size))) << size;
  EXPECT_TRUE(parse_cpio(ByteView(archive).first(end)));
  Bytes longer = archive;
  longer.back() = 1;
  EXPECT_EQ(error_of(parse_cpio(longer)), "bytes behind the cpio trailer");
  longer = archive;
  longer.resize(archive.size() + 512);
  EXPECT_EQ(error_of(parse_cpio(longer)), "bytes behind the cpio trailer");
}

TEST(Cpio, RefusesHostileHeaders) {
  Bytes archive = build_cpio(std::vector<CpioNode>{CpioNode::file("init", 0755, as_bytes("abc"))}).value();
  auto with = [&](std::size_t field, std::string_view digits) {
    Bytes broken = archive;
    std::memcpy(broken.data() + 6 + field * 8, digits.data(), 8);
    return parse_cpio(broken).has_value();
  };
  EXPECT_TRUE(with(6, "00000003"));
  EXPECT_FALSE(with(6, "ffffffff"));  // size
  EXPECT_FALSE(with(6, "-0000003"));
  EXPECT_FALSE(with(6, " 0000003"));
  EXPECT_FALSE(with(11, "ffffffff"));  // name
  EXPECT_FALSE(with(11, "00000000"));
  EXPECT_FALSE(with(11, "00000003"));
  EXPECT_FALSE(with(4, "00000002"));   // links
  EXPECT_FALSE(with(1, "0000c000"));   // a socket
  EXPECT_FALSE(with(12, "00000001"));  // checksum
}

}  // namespace
}  // namespace ashlar
