#include "image/hardening.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <optional>

#include "image/elf_files.h"
#include "image/json_read.h"
#include "image/own_programs.h"

namespace ashlar::image {
namespace {

// Yes, no, or not to be seen in the file.
using Answer = std::optional<bool>;

struct Column {
  const char* name;
  std::function<Answer(const HardenedFile&)> answer;
};
const std::array kColumns = {
    Column{"PIE",
           [](const HardenedFile& file) -> Answer {
             if (file.elf.type != ElfType::kShared) return false;
             return file.elf.pie ? Answer(true) : std::nullopt;  // a library lies anywhere as well
           }},
    Column{"RELRO", [](const HardenedFile& file) -> Answer { return file.elf.relro; }},
    Column{"NOW", [](const HardenedFile& file) -> Answer { return file.elf.bind_now; }},
    Column{"NX",
           [](const HardenedFile& file) -> Answer { return file.elf.has_stack_header && !file.elf.executable_stack; }},
    Column{"noWX", [](const HardenedFile& file) -> Answer { return !file.elf.writable_executable; }},
    Column{"noTEXTREL", [](const HardenedFile& file) -> Answer { return !file.elf.text_relocations; }},
    Column{"noRPATH", [](const HardenedFile& file) -> Answer { return !file.elf.rpath && !file.elf.runpath; }},
    Column{"canary", [](const HardenedFile& file) -> Answer { return file.hardening.stack_protector; }},
    Column{"FORTIFY",
           [](const HardenedFile& file) -> Answer {
             if (file.hardening.stands_alone) return std::nullopt;
             return file.hardening.fortified_names > 0;
           }},
    Column{"IBT", [](const HardenedFile& file) -> Answer { return file.hardening.indirect_branch_tracking; }},
    Column{"SHSTK", [](const HardenedFile& file) -> Answer { return file.hardening.shadow_stack; }},
    Column{"CFI", [](const HardenedFile& file) -> Answer { return file.hardening.cfi_traps > 0; }},
};

std::string word(Answer answer) { return !answer ? "?" : *answer ? "yes" : "-"; }

std::string line(const std::function<std::string(const Column&)>& cell, std::string_view last) {
  std::string text;
  for (const Column& column : kColumns)
    text += fmt::format("{:>{}} ", cell(column), std::string_view(column.name).size());
  return text + " " + std::string(last) + "\n";
}

}  // namespace

Result<std::vector<HardenedFile>> look_at_hardening(const fs::path& tree) {
  std::vector<HardenedFile> files;
  std::mutex mutex;
  TRY(for_each_elf(TRY(regular_files(tree)), tree,
                   [&](const fs::path& place, const ElfInfo& elf, ByteView bytes) -> Status {
                     ElfHardening hardening = TRY(in(place.string(), parse_elf_hardening(bytes)));
                     std::lock_guard guard(mutex);
                     files.push_back({place.string(), is_own_program(place.string()), elf, hardening});
                     return {};
                   }));
  std::ranges::sort(files, {}, &HardenedFile::path);
  return files;
}

std::string hardening_table(const std::vector<HardenedFile>& files) {
  const std::string head = line([](const Column& column) { return column.name; }, "file");
  std::string table = head;
  for (const HardenedFile& file : files) {
    table +=
        line([&](const Column& column) { return word(column.answer(file)); }, file.path + (file.ours ? " (ours)" : ""));
  }
  auto count = [&](const Column& column) {
    auto yes = std::ranges::count_if(files, [&](const auto& file) { return column.answer(file).value_or(false); });
    return std::to_string(yes);
  };
  return table + head + line(count, fmt::format("of {} files", files.size()));
}

std::string hardening_json(const std::vector<HardenedFile>& files) {
  Json out = Json::array();
  for (const HardenedFile& file : files) {
    Json answers;
    for (const Column& column : kColumns) {
      Answer answer = column.answer(file);
      answers[column.name] = answer ? Json(*answer) : Json();
    }
    answers["fortified"] = file.hardening.fortified_names;
    answers["cfi_traps"] = file.hardening.cfi_traps;
    out.push_back({{"file", file.path}, {"ours", file.ours}, {"has", std::move(answers)}});
  }
  return json_text(out);
}

}  // namespace ashlar::image
