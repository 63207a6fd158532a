#include "prove/memory.h"

#include <nlohmann/json.hpp>

namespace ashlar::prove {

Result<Memory> Memory::of(vm::Machine& machine, std::uint64_t mib, const fs::path& file) {
  nlohmann::json arguments = {{"val", 0}, {"size", mib << 20}, {"filename", file.string()}};
  TRY(machine.pause());
  Result<std::string> saved = machine.qmp("pmemsave", arguments.dump());
  TRY(machine.resume());
  TRY(std::move(saved));
  image::MappedFile bytes = TRY(image::MappedFile::open(file));
  if (bytes.bytes().size() != mib << 20) return fail("the machine's memory was not saved whole");
  return Memory(file, std::move(bytes));
}

Memory::~Memory() {
  std::error_code ignored;
  if (!file_.empty()) fs::remove(file_, ignored);
}

std::size_t Memory::count(ByteView needle) const {
  std::size_t found = 0;
  for (std::string_view rest = as_text(bytes_.bytes());;) {
    const void* at = ::memmem(rest.data(), rest.size(), needle.data(), needle.size());
    if (at == nullptr) return found;
    ++found;
    rest.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(at) - rest.data()) + 1);
  }
}

}  // namespace ashlar::prove
