// Attacks on the root file system and the hash tree over it.
#include "image/parallel.h"
#include "prove/erofs_places.h"
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

// Programs and files that every profile has.
constexpr const char* kInit = "/usr/lib/ashlar/init";
constexpr const char* kInitDirectory = "/usr/lib/ashlar";
constexpr const char* kLateProgram = "/usr/bin/cat";
constexpr const char* kLateFile = "/usr/share/doc/base-files/copyright";  // nothing reads it before somebody asks

constexpr std::uint64_t kErofsSuperblock = 1024;  // bytes; Documentation/filesystems/erofs.rst
constexpr std::uint64_t kFeatureCompat = kErofsSuperblock + 8;
constexpr std::uint64_t kInodeMode = 4;        // bytes into an inode
constexpr std::uint64_t kSuperblockSalt = 88;  // bytes into the verity superblock

constexpr const char* kData = "data block [0-9]+ is corrupted";
constexpr const char* kTree = "metadata block [0-9]+ is corrupted";

using CarryOut = std::function<Status(Target&)>;

CarryOut flips(std::uint64_t offset) {
  return [offset](Target& target) { return target.flip(offset); };
}

Attack corrupted(std::string id, std::string what, const char* evidence, std::string offline, CarryOut carry_out,
                 Control control) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::verity,
          .evidence = evidence,
          .offline = std::move(offline),
          .carry_out = std::move(carry_out),
          .control = std::move(control)};
}

// Without verity the altered file is read as it is: its digest is one of 64 digits, and not the one it had.
Control reads_altered(const std::string& path, const std::string& digest) {
  return without_verity("sha256sum " + path, "^(?!" + digest + ")[0-9a-f]{64}  " + path);
}
Control starts_anyway() { return without_verity("echo reached-$((40+2))", "reached-42"); }

Result<Attack> changed_file(const Lab& lab, const std::string& id, const std::string& what, const std::string& path) {
  FilePlaces places = TRY(locate_file(lab, path));
  Fd disk = TRY(open_file(lab.options.image, O_RDONLY));
  Bytes stored(places.data.bytes);
  TRY(read_at(disk, places.data.offset, stored));
  std::uint64_t at = places.data.offset + TRY(in(path, readable_place(stored)));
  return corrupted(id, what, kData, "data block", flips(at), reads_altered(path, TRY(digest_of_file(lab, path))));
}

// Where in the tree the hash of a data block stands; level 0 is the leaves.
Result<std::uint64_t> hash_place(const Lab& lab, std::uint64_t data_block, std::size_t level) {
  constexpr std::uint64_t kHashes = kVerityBlockSize / 32;
  VerityLayout layout = TRY(verity_layout(lab.data_blocks));
  if (level >= layout.levels.size()) return fail("the tree has no level " + std::to_string(level));
  std::uint64_t index = data_block;
  for (std::size_t i = 0; i < level; ++i) index /= kHashes;
  return lab.verity_extent.offset + layout.levels[level].first_block * kVerityBlockSize + index * 32;
}

// Another image the same owner could have built: one byte differs, and tree and superblock are right for it.
Status replace_whole_root(Target& target) {
  const Lab& lab = target.lab();
  TRY(target.flip(lab.root_extent.offset + kFeatureCompat));
  Bytes root = TRY(target.read(lab.root_extent.offset, lab.root_bytes));
  VeritySuperblock superblock =
      TRY(parse_verity_superblock(TRY(target.read(lab.verity_extent.offset, kVerityBlockSize))));
  VerityTree tree = TRY(build_verity(root, superblock.salt, superblock.uuid, image::processor_count()));
  return target.write(lab.verity_extent.offset, tree.hash_area);
}

}  // namespace

Result<std::vector<Attack>> root_attacks(const Lab& lab) {
  const std::uint64_t root = lab.root_extent.offset;
  const std::uint64_t verity = lab.verity_extent.offset;
  FilePlaces init = TRY(locate_file(lab, kInit));
  FilePlaces directory = TRY(locate_file(lab, kInitDirectory));
  Fd disk = TRY(open_file(lab.options.image, O_RDONLY));
  Bytes entries(directory.data.bytes);
  TRY(read_at(disk, directory.data.offset, entries));
  std::size_t name = as_text(entries).find("init");
  if (name == std::string_view::npos) return fail("the directory " + std::string(kInitDirectory) + " has no init");
  const std::uint64_t init_block = (init.data.offset - root) / kVerityBlockSize;

  std::vector<Attack> attacks;
  // With its flag for a checksum taken away, nobody but verity notices that the superblock changed.
  attacks.push_back(corrupted("root.superblock",
                              "The flag in the EROFS superblock that asks for its checksum is cleared", kData,
                              "data block 0", flips(root + kFeatureCompat), starts_anyway()));
  attacks.push_back(corrupted("root.inode", "One bit of the mode in the inode of PID 1's program is changed", kData,
                              "data block", flips(init.inode + kInodeMode),
                              without_verity("stat -c mode-%a " + std::string(kInit), "^mode-754")));
  attacks.push_back(corrupted("root.directory", "One bit of a name in the directory of PID 1's program is changed",
                              kData, "data block", flips(directory.data.offset + name + 3),
                              without_verity("echo " + std::string(kInitDirectory) + "/*", "^/usr/lib/ashlar/.*iniu")));
  attacks.push_back(TRY(changed_file(lab, "root.program", "One bit of PID 1's program is changed", kInit)));
  Attack late =
      TRY(changed_file(lab, "root.late", "One bit of a file that nothing reads at boot is changed", kLateFile));
  late.command = "cat " + std::string(kLateFile);
  attacks.push_back(std::move(late));

  Attack later = TRY(
      changed_file(lab, "root.later-program", "One bit of a program that starts after the ready line", kLateProgram));
  later.command = std::string(kLateProgram) + " /dev/null";
  attacks.push_back(std::move(later));

  attacks.push_back(corrupted("verity.superblock", "One bit of the salt in the verity superblock is changed", kTree,
                              "level|block", flips(verity + kSuperblockSalt), starts_anyway()));
  attacks.push_back(corrupted("verity.leaf", "One bit of the hash of a block of PID 1's program is changed", kTree,
                              "level|block", flips(TRY(hash_place(lab, init_block, 0))), starts_anyway()));
  attacks.push_back(corrupted("verity.inner", "One bit of a hash one level further up the tree is changed", kTree,
                              "level|block", flips(TRY(hash_place(lab, init_block, 1))), starts_anyway()));
  attacks.push_back(corrupted("root.replaced",
                              "The whole root is replaced by another of the same owner's, with a right tree over it",
                              kTree, "level|block", replace_whole_root, starts_anyway()));
  for (Attack& attack : attacks) {
    if (attack.id == "root.program" || attack.id == "root.late" || attack.id == "root.later-program" ||
        attack.id == "verity.leaf")
      attack.tier = Tier::sample;
  }
  return attacks;
}

}  // namespace ashlar::prove
