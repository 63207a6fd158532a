#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "prove/attack.h"

namespace ashlar::prove {
namespace {

constexpr std::uint64_t kBlock = 4096;

// The blocks of the image that are not all zeros. What the file system stores as holes may differ from host to host;
// this does not, so that a seed means the same flips everywhere.
Result<std::vector<std::uint64_t>> used_blocks(const fs::path& image) {
  Fd file = TRY(open_file(image, O_RDONLY));
  std::vector<std::uint64_t> used;
  Bytes block(kBlock);
  for (off64_t at = 0; (at = ::lseek64(file.get(), at, SEEK_DATA)) >= 0;) {
    off64_t end = ::lseek64(file.get(), at, SEEK_HOLE);
    for (std::uint64_t offset = static_cast<std::uint64_t>(at) / kBlock * kBlock;
         offset < static_cast<std::uint64_t>(end); offset += kBlock) {
      if (!used.empty() && used.back() >= offset) continue;
      TRY(read_at(file, offset, block));
      if (std::ranges::any_of(block, [](std::uint8_t byte) { return byte != 0; })) used.push_back(offset);
    }
    at = end;
  }
  if (used.empty()) return fail(image.string() + " is all zeros");
  return used;
}

// std::uniform_int_distribution may differ between libraries; a seed must give the same flips everywhere.
std::uint64_t below(std::mt19937_64& random, std::uint64_t limit) { return random() % limit; }

std::string place_of(const Lab& lab, std::uint64_t offset) {
  for (const GptPartition& partition : lab.table.partitions) {
    std::uint64_t first = partition.first_lba * kSectorSize;
    if (offset >= first && offset < first + partition.sectors() * kSectorSize) return partition.name;
  }
  return "outside the partitions";
}

}  // namespace

Result<std::vector<Attack>> bit_flips(const Lab& lab, std::uint64_t seed, unsigned count) {
  const std::vector<std::uint64_t> used = TRY(in("bit flips", used_blocks(lab.options.image)));
  const std::uint64_t disk = fs::file_size(lab.options.image);

  std::mt19937_64 random(seed);
  std::vector<Attack> flips;
  for (unsigned i = 0; i < count; ++i) {
    std::uint64_t offset = below(random, disk);
    if (i % 10 != 0) offset = used[below(random, used.size())] + below(random, kBlock);
    auto bit = static_cast<unsigned>(below(random, 8));
    flips.push_back(
        {.id = fmt::format("flip.{}", i),
         .what = fmt::format("Bit {} of byte {} ({}) is changed, seed {}", bit, offset, place_of(lab, offset), seed),
         .denied_by = Layer::verity,
         .outcome = Outcome::either,
         .carry_out = [=](Target& target) { return target.flip(offset, bit); }});
  }
  return flips;
}

}  // namespace ashlar::prove
