#include "sys/device_mapper.h"

#include <sys/ioctl.h>
// uses _IOWR from above without including it
#include <linux/dm-ioctl.h>

#include <algorithm>
#include <tuple>

namespace ashlar {
namespace {

constexpr std::uint64_t kBytesPerSector = 512;
constexpr std::size_t kPacketSize = 16384;  // room for any table we load or ask for
constexpr std::size_t kDataField = 1;       // of a verity table line
constexpr std::size_t kRootHashField = 8;

// struct dm_ioctl followed by its payload, in one buffer as the kernel wants it.
class Packet {
 public:
  explicit Packet(std::uint32_t flags) : bytes_(kPacketSize) {
    header().version[0] = DM_VERSION_MAJOR;
    header().data_size = kPacketSize;
    header().data_start = sizeof(dm_ioctl);
    header().flags = flags;
  }

  // bytes_ comes from the allocator and is aligned for any type.
  dm_ioctl& header() { return *reinterpret_cast<dm_ioctl*>(bytes_.data()); }
  std::span<std::uint8_t> bytes() { return bytes_; }
  std::span<std::uint8_t> payload() {
    std::size_t start = std::min<std::size_t>(header().data_start, kPacketSize);
    return bytes().subspan(start, std::min<std::size_t>(header().data_size, kPacketSize) - start);
  }

  Status name(const std::string& name, const std::string& uuid) {
    if (name.size() >= DM_NAME_LEN || uuid.size() >= DM_UUID_LEN) return fail("the name " + name + " is too long");
    name.copy(header().name, name.size());
    uuid.copy(header().uuid, uuid.size());
    return {};
  }

 private:
  Bytes bytes_;
};

// The kernel's huge_encode_dev and back.
std::uint64_t encode(DeviceNumber device) {
  return (device.minor & 0xff) | device.major << 8 | static_cast<std::uint64_t>(device.minor & ~0xffU) << 12;
}
DeviceNumber decode(std::uint64_t device) {
  return {static_cast<unsigned>(device >> 8 & 0xfff),
          static_cast<unsigned>((device & 0xff) | (device >> 12 & 0xfff00))};
}

// The text up to the first NUL.
std::string terminated(ByteView bytes) { return {bytes.begin(), std::ranges::find(bytes, std::uint8_t{0})}; }

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

Result<VerityTarget> VerityTarget::create(Parameters parameters) {
  std::optional<std::uint64_t> bytes = checked_mul(parameters.data_blocks, kBlockSize);
  if (!bytes || *bytes == 0 || parameters.data_blocks > INT64_MAX / kBlockSize) {
    return fail(std::to_string(parameters.data_blocks) + " data blocks are no size of a device");
  }
  return VerityTarget(std::move(parameters), Sectors{*bytes / kBytesPerSector});
}

std::string VerityTarget::table() const {
  const Parameters& p = parameters_;
  std::string block = std::to_string(kBlockSize);
  return "1 " + p.data.text() + " " + p.hash.text() + " " + block + " " + block + " " + std::to_string(p.data_blocks) +
         " " + std::to_string(p.hash_start_block) + " sha256 " + p.root_hash + " " + (p.salt.empty() ? "-" : p.salt) +
         " 4 panic_on_corruption panic_on_error root_hash_sig_key_desc " + p.signature_key;
}

Result<DeviceNumber> DeviceMapper::activate(const std::string& name, const std::string& uuid,
                                            const VerityTarget& target) {
  Packet create(DM_READONLY_FLAG);
  TRY(create.name(name, uuid));
  TRY(in("make the device " + name, kernel_.device_mapper(DM_DEV_CREATE, create.bytes())));
  DeviceNumber device = decode(create.header().dev);

  Status started = [&]() -> Status {
    Packet load(DM_READONLY_FLAG);
    TRY(load.name(name, ""));
    load.header().target_count = 1;
    std::string table = target.table();
    std::span<std::uint8_t> payload = load.payload();
    if (sizeof(dm_target_spec) + table.size() + 1 > payload.size()) return fail("the table does not fit its packet");
    dm_target_spec spec{};
    spec.length = target.length().count;
    spec.next = static_cast<std::uint32_t>(round_up<std::size_t>(sizeof spec + table.size() + 1, 8));
    std::string_view("verity").copy(spec.target_type, sizeof spec.target_type - 1);
    std::ranges::copy(bytes_of(spec), payload.begin());
    std::ranges::copy(as_bytes(table), payload.begin() + sizeof spec);
    TRY(in("load the verity table", kernel_.device_mapper(DM_TABLE_LOAD, load.bytes())));

    Packet resume(DM_READONLY_FLAG);  // without DM_SUSPEND_FLAG the request resumes
    TRY(resume.name(name, ""));
    return in("start the device", kernel_.device_mapper(DM_DEV_SUSPEND, resume.bytes()));
  }();
  if (!started) {
    std::ignore = remove(name);
    return std::unexpected(std::move(started).error());
  }
  return device;
}

Status DeviceMapper::remove(const std::string& name) {
  Packet packet(0);
  TRY(packet.name(name, ""));
  return in("remove the device " + name, kernel_.device_mapper(DM_DEV_REMOVE, packet.bytes()));
}

Result<std::vector<MappedTarget>> DeviceMapper::table_of(DeviceNumber device) {
  Packet packet(DM_STATUS_TABLE_FLAG);
  packet.header().dev = encode(device);
  TRY(in("read the table of device " + device.text(), kernel_.device_mapper(DM_TABLE_STATUS, packet.bytes())));
  if ((packet.header().flags & DM_BUFFER_FULL_FLAG) != 0) return fail("the table of the device is too long");

  std::vector<MappedTarget> targets;
  ByteView payload = packet.payload();
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < packet.header().target_count; ++i) {
    dm_target_spec spec{};
    if (at > payload.size() || payload.size() - at < sizeof spec) return fail("the table of the device ends early");
    ByteView rest = payload.subspan(at);
    std::ranges::copy(rest.first(sizeof spec), reinterpret_cast<std::uint8_t*>(&spec));
    targets.push_back({terminated(as_bytes(std::string_view(spec.target_type, sizeof spec.target_type))),
                       terminated(rest.subspan(sizeof spec))});
    at = spec.next;  // in an answer the kernel counts from the start of the payload
  }
  return targets;
}

Result<std::optional<MountedRoot>> mounted_root(Kernel& kernel) {
  // Lines of mountinfo: id, parent, major:minor, root, mount point, ... (proc_pid_mountinfo(5)). The last mount on / is
  // the one that is seen.
  Bytes mounts = TRY(kernel.read_file("/proc/self/mountinfo", 1 << 20));
  std::optional<DeviceNumber> device;
  std::string_view text = as_text(mounts);
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::vector<std::string> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() >= 5 && words[3] == "/" && words[4] == "/") device = TRY(parse_device_number(words[2]));
  }
  if (!device || !kernel.exists("/sys/dev/block/" + device->text() + "/dm")) return std::nullopt;

  std::vector<MappedTarget> targets = TRY(DeviceMapper(kernel).table_of(*device));
  if (targets.size() != 1 || targets[0].type != "verity") return std::nullopt;
  std::vector<std::string> words = words_of(targets[0].parameters);
  if (words.size() <= kRootHashField) return fail("the verity table of / has too few words");
  DeviceNumber data = TRY(parse_device_number(words[kDataField]));
  return MountedRoot{words[kRootHashField], data};
}

Result<std::optional<std::string>> verified_root_hash(Kernel& kernel) {
  std::optional<MountedRoot> root = TRY(mounted_root(kernel));
  if (!root) return std::nullopt;
  return root->root_hash;
}

}  // namespace ashlar
