#include "sys/block_devices.h"

#include <algorithm>
#include <charconv>

namespace ashlar {
namespace {

constexpr std::string_view kBlockClass = "/sys/class/block/";
constexpr std::uint64_t kSmallFile = 65536;
constexpr std::uint64_t kBytesPerSector = 512;
constexpr int kPollInterval = 10;  // milliseconds

// The value of "NAME=value" in the lines of a uevent file; empty when there is none.
std::string value_of(std::string_view uevent, std::string_view name) {
  while (!uevent.empty()) {
    std::string_view line = uevent.substr(0, std::min(uevent.find('\n'), uevent.size()));
    uevent.remove_prefix(std::min(line.size() + 1, uevent.size()));
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// A partition whose uevent was read, with the rest of what sysfs tells of it.
Result<Partition> describe(Kernel& kernel, const std::string& name) {
  std::string directory = std::string(kBlockClass) + name;
  // The class entry is a link to the device, whose directory lies in its disk's.
  Bytes disk = TRY(kernel.read_file(directory + "/../uevent", kSmallFile));
  Bytes number = TRY(kernel.read_file(directory + "/dev", kSmallFile));
  Bytes sectors = TRY(kernel.read_file(directory + "/size", kSmallFile));
  std::optional<std::uint64_t> count = parse_number(trimmed(as_text(sectors)));
  std::optional<std::uint64_t> size = count ? checked_mul(*count, kBytesPerSector) : std::nullopt;
  if (!size) return fail("partition " + name + " has no sound size");
  DeviceNumber device = TRY(parse_device_number(trimmed(as_text(number))));
  return Partition{.path = "/dev/" + name, .disk = value_of(as_text(disk), "DEVNAME"), .number = device, .size = *size};
}

}  // namespace

Result<DeviceNumber> parse_device_number(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return fail("'" + std::string(text) + "' is no device number");
  std::optional<std::uint64_t> major = parse_number(text.substr(0, colon));
  std::optional<std::uint64_t> minor = parse_number(text.substr(colon + 1));
  if (!major || !minor || *major > 0xfff || *minor > 0xfffff) {
    return fail("'" + std::string(text) + "' is no device number");
  }
  return DeviceNumber{static_cast<unsigned>(*major), static_cast<unsigned>(*minor)};
}

Result<std::optional<SystemPartitions>> find_system(Kernel& kernel, const Guid& data, const Guid& hash) {
  std::vector<Partition> data_found;
  std::vector<Partition> hash_found;
  for (const std::string& name : TRY(kernel.list(std::string(kBlockClass)))) {
    // A device may go away between the listing and the reading.
    Result<Bytes> uevent = kernel.read_file(std::string(kBlockClass) + name + "/uevent", kSmallFile);
    if (!uevent) continue;
    std::string id = value_of(as_text(*uevent), "PARTUUID");
    if (id == data.text()) data_found.push_back(TRY(describe(kernel, name)));
    if (id == hash.text()) hash_found.push_back(TRY(describe(kernel, name)));
  }
  for (const std::vector<Partition>& found : {data_found, hash_found}) {
    if (found.size() < 2) continue;
    return fail(found[0].path + " and " + found[1].path +
                " both carry this system: disconnect the disk that should not start");
  }
  if (data_found.empty() || hash_found.empty()) return std::nullopt;
  if (data_found[0].disk != hash_found[0].disk) {
    return fail(data_found[0].path + " and its hashes on " + hash_found[0].path + " lie on different disks");
  }
  return SystemPartitions{data_found[0], hash_found[0]};
}

Result<Disk> disk_of(Kernel& kernel, DeviceNumber partition) {
  // The entry is a link to the partition's directory, which lies in its disk's.
  Bytes of_disk = TRY(kernel.read_file("/sys/dev/block/" + partition.text() + "/../uevent", kSmallFile));
  std::string disk_name = value_of(as_text(of_disk), "DEVNAME");
  if (disk_name.empty()) return fail("device " + partition.text() + " is no partition of a disk");
  Disk disk{"/dev/" + disk_name, {}};
  for (const std::string& name : TRY(kernel.list(std::string(kBlockClass)))) {
    Result<Bytes> uevent = kernel.read_file(std::string(kBlockClass) + name + "/uevent", kSmallFile);
    Result<Bytes> parent = kernel.read_file(std::string(kBlockClass) + name + "/../uevent", kSmallFile);
    if (!uevent || !parent || value_of(as_text(*parent), "DEVNAME") != disk_name) continue;
    std::optional<std::uint64_t> number = parse_number(value_of(as_text(*uevent), "PARTN"));
    if (!number) continue;
    disk.partitions.push_back({.path = "/dev/" + name,
                               .number = static_cast<unsigned>(*number),
                               .from_table = !value_of(as_text(*uevent), "PARTUUID").empty(),
                               .name = value_of(as_text(*uevent), "PARTNAME")});
  }
  return disk;
}

Result<SystemPartitions> wait_for_system(Kernel& kernel, const Guid& data, const Guid& hash, int patience) {
  for (int waited = 0;; waited += kPollInterval) {
    std::optional<SystemPartitions> found = TRY(find_system(kernel, data, hash));
    if (found) return *found;
    if (waited >= patience) break;
    kernel.sleep(kPollInterval);
  }
  return fail("no disk has partitions " + data.text() + " and " + hash.text() + " (waited " +
              std::to_string(patience / 1000) + " s)");
}

}  // namespace ashlar
