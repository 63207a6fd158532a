#include "prove/erofs_places.h"

#include <regex>

namespace ashlar::prove {
namespace {

constexpr std::uint64_t kInodeSlot =
    32;  // bytes; a NID counts these from the start of the inode area, which is block 0
constexpr std::size_t kShortestRun = 12;  // shorter ones may be chance

Result<std::string> dump(const Lab& lab, std::vector<std::string> arguments) {
  const fs::path inside = "/run/image";
  std::vector<std::string> argv = {"dump.erofs", "--offset=" + std::to_string(lab.root_extent.offset)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(inside);
  return lab.tools.run({.binds = {{fs::absolute(lab.options.image), inside}}, .argv = std::move(argv)});
}

Result<std::uint64_t> number(const std::string& text, const char* pattern) {
  std::smatch found;
  if (!std::regex_search(text, found, std::regex(pattern)))
    return fail("dump.erofs does not say " + std::string(pattern));
  return std::stoull(found[1]);
}

}  // namespace

Result<FilePlaces> locate_file(const Lab& lab, const std::string& path) {
  std::string told = TRY(in("find " + path + " in the root", dump(lab, {"--path=" + path, "-e"})));
  std::uint64_t begin = TRY(number(told, R"(\n +0: +\d+\.\. *\d+ \| +\d+ : +(\d+)\.\.)"));
  std::uint64_t end = TRY(number(told, R"(\n +0: +\d+\.\. *\d+ \| +\d+ : +\d+\.\. *(\d+) \|)"));
  if (end <= begin || end > lab.root_bytes) return fail(path + ": dump.erofs names an extent outside the image");
  return FilePlaces{.inode = lab.root_extent.offset + TRY(number(told, R"(NID: (\d+))")) * kInodeSlot,
                    .data = {lab.root_extent.offset + begin, end - begin}};
}

Result<bool> has_file(const Lab& lab, const std::string& directory, const std::string& name) {
  std::string told = TRY(in("list " + directory + " of the root", dump(lab, {"--path=" + directory, "--ls"})));
  static const std::regex kEntry("\\n +\\d+ +\\d+ +([^\\n]+)");  // NID, type, name
  for (std::sregex_iterator entry(told.begin(), told.end(), kEntry), end; entry != end; ++entry) {
    if ((*entry)[1].str() == name) return true;
  }
  return false;
}

Result<std::size_t> readable_place(ByteView stored) {
  std::size_t best = 0;
  std::size_t longest = 0;
  std::size_t run = 0;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    run = stored[i] >= 0x20 && stored[i] < 0x7f ? run + 1 : 0;
    if (run <= longest) continue;
    longest = run;
    best = i - run / 2;
  }
  if (longest < kShortestRun) return fail("there is no readable text in these blocks");
  return best;
}

Result<std::string> digest_of_file(const Lab& lab, const std::string& path) {
  return sha256(TRY(dump(lab, {"--path=" + path, "--cat"}))).hex();
}

}  // namespace ashlar::prove
