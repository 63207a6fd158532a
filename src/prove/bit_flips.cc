#include <fmt/format.h>
#include <unistd.h>

#include <random>

#include "prove/attack.h"

namespace ashlar::prove {
namespace {

// The parts of the image file that are not holes: everything that was written.
std::vector<Extent> written_extents(const fs::path& image) {
  std::vector<Extent> extents;
  Result<Fd> file = open_file(image, O_RDONLY);
  if (!file) return extents;
  for (off64_t at = 0; (at = ::lseek64(file->get(), at, SEEK_DATA)) >= 0;) {
    off64_t end = ::lseek64(file->get(), at, SEEK_HOLE);
    if (end <= at) break;
    extents.push_back({static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(end - at)});
    at = end;
  }
  return extents;
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

std::vector<Attack> bit_flips(const Lab& lab, std::uint64_t seed, unsigned count) {
  std::vector<Extent> extents = written_extents(lab.options.image);
  std::uint64_t written = 0;
  for (const Extent& extent : extents) written += extent.bytes;
  const std::uint64_t disk = fs::file_size(lab.options.image);

  std::mt19937_64 random(seed);
  std::vector<Attack> flips;
  for (unsigned i = 0; i < count; ++i) {
    std::uint64_t offset = below(random, disk);
    if (written > 0 && i % 10 != 0) {
      std::uint64_t nth = below(random, written);
      std::size_t extent = 0;
      while (nth >= extents[extent].bytes) nth -= extents[extent++].bytes;
      offset = extents[extent].offset + nth;
    }
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
