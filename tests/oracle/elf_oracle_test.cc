// readelf: the same NEEDED entries, interpreter and stack flags for the host's own programs.
#include <algorithm>

#include "format/elf.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;

// What stands in brackets on the lines with this mark.
std::vector<std::string> bracketed(std::string_view text, std::string_view mark) {
  std::vector<std::string> found;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    std::size_t open = line.rfind('[');
    std::size_t close = line.rfind(']');
    if (line.find(mark) != line.npos && open != line.npos && close != line.npos) {
      found.emplace_back(line.substr(open + 1, close - open - 1));
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return found;
}

TEST(ElfOracle, SeesWhatReadelfSees) {
  std::vector<fs::path> files;
  for (const char* directory : {"/usr/bin", "/usr/lib/x86_64-linux-gnu"}) {
    std::size_t taken = 0;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (!entry.is_regular_file() || entry.is_symlink() || taken == 40) continue;
      Bytes content = content_of(entry.path());
      if (!is_elf(content)) continue;
      files.push_back(entry.path());
      ++taken;
    }
  }
  ASSERT_GT(files.size(), 20U);
  for (const fs::path& file : files) {
    Result<ElfInfo> info = parse_elf(content_of(file));
    ASSERT_TRUE(info) << file << ": " << error_of(info);
    std::string seen = succeed({"readelf", "--wide", "--dynamic", "--program-headers", file.string()});
    EXPECT_EQ(info->needed, bracketed(seen, "(NEEDED)")) << file;
    std::vector<std::string> soname = bracketed(seen, "(SONAME)");
    EXPECT_EQ(info->soname.value_or(""), soname.empty() ? "" : soname.front()) << file;
    EXPECT_EQ(info->has_stack_header, seen.find("GNU_STACK") != seen.npos) << file;
    EXPECT_EQ(info->interpreter.has_value(), seen.find("INTERP") != seen.npos) << file;
    EXPECT_EQ(info->relro, seen.find("GNU_RELRO") != seen.npos) << file;
    EXPECT_EQ(info->bind_now, seen.find("NOW") != seen.npos) << file;
    EXPECT_EQ(info->text_relocations, seen.find("TEXTREL") != seen.npos) << file;
  }
}

}  // namespace
}  // namespace ashlar
