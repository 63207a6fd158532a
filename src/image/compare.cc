#include "image/compare.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "image/inspect.h"

namespace ashlar::image {
namespace {

constexpr std::uint64_t kStep = 1 << 20;  // bytes compared at once

struct Place {
  std::string name;
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

Result<std::uint64_t> size_of(const Fd& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno("stat");
  return static_cast<std::uint64_t>(status.st_size);
}

// The first byte at or behind `at` that is not in a hole; `end` when there is none before it.
Result<std::uint64_t> next_data(const Fd& file, std::uint64_t at, std::uint64_t end) {
  off_t found = ::lseek(file.get(), static_cast<off_t>(at), SEEK_DATA);
  if (found < 0 && errno == ENXIO) return end;
  if (found < 0) return fail_errno("seek");
  return std::min(end, static_cast<std::uint64_t>(found));
}

// Where in [first, end) the files differ first.
Result<std::optional<std::uint64_t>> first_difference(const Fd& one, const Fd& other, const Place& place) {
  Bytes left(kStep);
  Bytes right(kStep);
  for (std::uint64_t at = place.first; at < place.end;) {
    at = std::min(TRY(next_data(one, at, place.end)), TRY(next_data(other, at, place.end)));
    std::uint64_t size = std::min(kStep, place.end - at);
    left.resize(size);
    right.resize(size);
    TRY(read_at(one, at, left));
    TRY(read_at(other, at, right));
    if (std::memcmp(left.data(), right.data(), size) != 0) {
      return at + static_cast<std::uint64_t>(std::ranges::mismatch(left, right).in1 - left.begin());
    }
    at += size;
  }
  return std::nullopt;
}

// The whole disk as places that lie one behind the other.
std::vector<Place> places_of(const Result<GptTable>& table, std::uint64_t size) {
  if (!table) return {{"disk", 0, size}};
  std::vector<Place> partitions;
  for (const GptPartition& partition : table->partitions) {
    partitions.push_back({fmt::format("partition {} ({})", partitions.size() + 1, partition.name),
                          partition.first_lba * kSectorSize, (partition.last_lba + 1) * kSectorSize});
  }
  std::ranges::sort(partitions, {}, &Place::first);
  std::vector<Place> places;
  std::uint64_t at = 0;
  for (Place& partition : partitions) {
    if (at < partition.first)
      places.push_back({at == 0 ? "partition table" : "between partitions", at, partition.first});
    at = partition.end;
    places.push_back(std::move(partition));
  }
  if (at < size) places.push_back({"behind the partitions", at, size});
  return places;
}

const Bytes* content_of(const OpenedImage& image, std::string_view path) {
  auto found = std::ranges::find(image.esp, path, &FatFile::path);
  return found == image.esp.end() ? nullptr : &found->content;
}

std::vector<std::string> different_files(const OpenedImage& one, const OpenedImage& other) {
  std::vector<std::string> names;
  for (const FatFile& file : one.esp) {
    const Bytes* there = content_of(other, file.path);
    if (there == nullptr || *there != file.content) names.push_back(file.path);
  }
  for (const FatFile& file : other.esp) {
    if (content_of(one, file.path) == nullptr) names.push_back(file.path);
  }
  return names;
}

Status compare_uki(const OpenedImage& one, const OpenedImage& other, ImageComparison& comparison) {
  const FatFile* left = TRY(one.only_file(kUkiDirectory, ".efi"));
  const FatFile* right = TRY(other.only_file(kUkiDirectory, ".efi"));
  bool same_hash = TRY(open_uki(left->content)).root_hash == TRY(open_uki(right->content)).root_hash;
  comparison.same_root_hash = same_hash;
  comparison.same_uki = left->content == right->content;
  return {};
}

// The partition of that type in the slot that boots: the first one.
const GptPartition* first_of_type(const OpenedImage& image, const Guid& type) {
  auto found = std::ranges::find(image.table.partitions, type, &GptPartition::type);
  return found == image.table.partitions.end() ? nullptr : &*found;
}

bool differs_at(const ImageComparison& comparison, const GptPartition& partition) {
  return std::ranges::any_of(comparison.places, [&](const DifferentPlace& place) {
    return place.disk_offset / kSectorSize >= partition.first_lba &&
           place.disk_offset / kSectorSize <= partition.last_lba;
  });
}

}  // namespace

Result<ImageComparison> compare_images(const fs::path& first, const fs::path& second) {
  Fd one = TRY(open_file(first, O_RDONLY | O_NONBLOCK));
  Fd other = TRY(open_file(second, O_RDONLY | O_NONBLOCK));
  std::uint64_t one_size = TRY(in(first.string(), size_of(one)));
  std::uint64_t other_size = TRY(in(second.string(), size_of(other)));
  MappedFile mapped = TRY(MappedFile::open(first));
  Result<GptTable> table = read_partition_table(mapped.bytes());
  ImageComparison comparison;
  std::uint64_t common = std::min(one_size, other_size);
  for (Place place : places_of(table, one_size)) {
    place.end = std::min(place.end, common);
    std::optional<std::uint64_t> at = TRY(in("compare", first_difference(one, other, place)));
    if (at) comparison.places.push_back({place.name, *at, *at - place.first});
  }
  if (one_size != other_size) comparison.places.push_back({"the disk's end", common, common});
  Result<OpenedImage> one_image = open_image(first);
  Result<OpenedImage> other_image = open_image(second);
  if (one_image && other_image) {
    comparison.esp_files = different_files(*one_image, *other_image);
    [[maybe_unused]] Status readable = compare_uki(*one_image, *other_image, comparison);
  }
  return comparison;
}

Result<Suspect> extract_suspect(const ImageComparison& comparison, const fs::path& first, const fs::path& second,
                                const fs::path& directory) {
  Suspect suspect{"root.erofs", directory / "first", directory / "second"};
  auto write = [&](ByteView left, ByteView right) -> Result<Suspect> {
    TRY(write_file(suspect.first, left));
    TRY(write_file(suspect.second, right));
    return suspect;
  };
  OpenedImage one = TRY(open_image(first));
  OpenedImage other = TRY(open_image(second));
  const GptPartition* root = first_of_type(one, kRootX64Type);
  const GptPartition* other_root = first_of_type(other, kRootX64Type);
  if (root != nullptr && other_root != nullptr && differs_at(comparison, *root)) {
    return write(one.bytes_of(*root), other.bytes_of(*other_root));
  }
  if (!comparison.esp_files.empty()) {
    suspect.name = comparison.esp_files.front();
    const Bytes* left = content_of(one, suspect.name);
    const Bytes* right = content_of(other, suspect.name);
    return write(left != nullptr ? *left : Bytes(), right != nullptr ? *right : Bytes());
  }
  if (comparison.places.empty()) return fail("the images are the same");
  const DifferentPlace& place = comparison.places.front();
  suspect.name = place.name;
  auto around = [&](ByteView disk) {
    std::uint64_t at = std::min<std::uint64_t>(place.disk_offset / kSectorSize * kSectorSize, disk.size());
    return disk.subspan(at, std::min<std::uint64_t>(kStep, disk.size() - at));
  };
  return write(around(one.file.bytes()), around(other.file.bytes()));
}

}  // namespace ashlar::image
