#include "image/memory_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>

#include "image/elf_files.h"
#include "image/own_programs.h"

namespace ashlar::image {
namespace {

bool is_ours(const fs::path& place) {
  auto is = [&](const OwnProgram& ours) { return place == fs::path("/") / ours.place; };
  return std::ranges::any_of(kOwnPrograms, is) || is(kShellProgram);
}

std::vector<std::string_view> faults_of(const fs::path& place, const ElfInfo& elf) {
  std::vector<std::string_view> faults;
  if (elf.writable_executable) faults.emplace_back("a segment that is writable and executable");
  if (elf.executable_stack || !elf.has_stack_header) faults.emplace_back("an executable stack");
  if (elf.text_relocations) faults.emplace_back("text relocations");
  if (is_ours(place)) {
    if (elf.type != ElfType::kShared) faults.emplace_back("a fixed address");
    if (!elf.relro || !elf.bind_now) faults.emplace_back("no full RELRO");
  }
  return faults;
}

}  // namespace

Status check_memory(const fs::path& tree) {
  std::vector<std::string> found;
  std::mutex mutex;
  TRY(for_each_elf(TRY(regular_files(tree)), tree, [&](const fs::path& place, const ElfInfo& elf) -> Status {
    std::vector<std::string_view> faults = faults_of(place, elf);
    std::lock_guard guard(mutex);
    if (!faults.empty()) found.push_back(fmt::format("\n  {} has {}", place.string(), fmt::join(faults, ", ")));
    return {};
  }));
  if (found.empty()) return {};
  std::ranges::sort(found);
  return fail(
      fmt::format("the image has programs whose memory could be written and executed:{}\n"
                  "compile ours again as src/device.cmake does; leave others out with an [[omit-files]] of the "
                  "profile",
                  fmt::join(found, "")));
}

}  // namespace ashlar::image
