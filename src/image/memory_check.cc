#include "image/memory_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>

#include "format/elf_hardening.h"
#include "image/elf_files.h"
#include "image/own_programs.h"

namespace ashlar::image {
namespace {

std::vector<std::string_view> faults_of(const fs::path& place, const ElfInfo& elf, const ElfHardening& hardening) {
  std::vector<std::string_view> faults;
  if (elf.writable_executable) faults.emplace_back("a segment that is writable and executable");
  if (elf.executable_stack || !elf.has_stack_header) faults.emplace_back("an executable stack");
  if (elf.text_relocations) faults.emplace_back("text relocations");
  if (is_own_program(place.string())) {
    if (elf.type != ElfType::kShared) faults.emplace_back("a fixed address");
    if (!elf.relro || !elf.bind_now) faults.emplace_back("no full RELRO");
    if (!hardening.stack_protector) faults.emplace_back("no stack protector");
    if (elf.rpath || elf.runpath) faults.emplace_back("a library path of its own");
  }
  return faults;
}

}  // namespace

Status check_memory(const fs::path& tree) {
  std::vector<std::string> found;
  std::mutex mutex;
  TRY(for_each_elf(TRY(regular_files(tree)), tree,
                   [&](const fs::path& place, const ElfInfo& elf, ByteView file) -> Status {
                     std::vector<std::string_view> faults =
                         faults_of(place, elf, TRY(in(place.string(), parse_elf_hardening(file))));
                     std::lock_guard guard(mutex);
                     if (!faults.empty())
                       found.push_back(fmt::format("\n  {} has {}", place.string(), fmt::join(faults, ", ")));
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
