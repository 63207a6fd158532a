// readelf: the same NEEDED entries, interpreter and stack flags for the host's own programs.
#include <nlohmann/json.hpp>

#include <algorithm>

#include "format/elf.h"
#include "format/elf_hardening.h"
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

// So many of the host's programs, and so many of its libraries.
std::vector<fs::path> some_files(std::size_t most) {
  std::vector<fs::path> files;
  for (const char* directory : {"/usr/bin", "/usr/lib/x86_64-linux-gnu"}) {
    std::size_t taken = 0;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (!entry.is_regular_file() || entry.is_symlink() || taken == most) continue;
      if (!is_elf(content_of(entry.path()))) continue;
      files.push_back(entry.path());
      ++taken;
    }
  }
  EXPECT_GT(files.size(), most);
  return files;
}

TEST(ElfOracle, SeesTheHardeningThatReadelfAndChecksecSee) {
  for (const fs::path& file : some_files(15)) {
    Bytes content = content_of(file);
    Result<ElfInfo> info = parse_elf(content);
    Result<ElfHardening> hardening = parse_elf_hardening(content);
    ASSERT_TRUE(info && hardening) << file;
    std::string notes = succeed({"readelf", "--wide", "--notes", file.string()});
    EXPECT_EQ(hardening->indirect_branch_tracking, notes.find("IBT") != notes.npos) << file;
    EXPECT_EQ(hardening->shadow_stack, notes.find("SHSTK") != notes.npos) << file;

    nlohmann::json said = nlohmann::json::parse(succeed({"checksec", "--output=json", "--file=" + file.string()}));
    const nlohmann::json& theirs = said.at(file.string());
    auto theirs_is = [&](const char* what) { return theirs.at(what).get<std::string>(); };
    EXPECT_EQ(info->relro ? info->bind_now ? "full" : "partial" : "no", theirs_is("relro")) << file;
    EXPECT_EQ(hardening->stack_protector ? "yes" : "no", theirs_is("canary")) << file;
    EXPECT_EQ(info->has_stack_header && !info->executable_stack ? "yes" : "no", theirs_is("nx")) << file;
    EXPECT_EQ(info->type != ElfType::kShared ? "no" : info->pie ? "yes" : "dso", theirs_is("pie")) << file;
    EXPECT_EQ(info->rpath ? "yes" : "no", theirs_is("rpath")) << file;
    EXPECT_EQ(info->runpath ? "yes" : "no", theirs_is("runpath")) << file;
    EXPECT_EQ(hardening->fortified_names > 0 ? "yes" : "no", theirs_is("fortify_source")) << file;
  }
}

TEST(ElfOracle, SeesWhatReadelfSees) {
  for (const fs::path& file : some_files(40)) {
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
