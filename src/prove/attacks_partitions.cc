// Attacks on where things lie: the partition table and its identifiers.
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

constexpr Guid kNobodys = "0badc0de-0bad-4bad-8bad-0badc0de0bad"_guid;

std::size_t index_of(const Lab& lab, const Guid& id) {
  std::size_t index = 0;
  while (index < lab.table.partitions.size() && lab.table.partitions[index].id != id) ++index;
  return index;
}

Attack partitions(std::string id, std::string what, std::string evidence, std::string offline,
                  std::function<Status(Target&)> carry_out) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::initramfs,
          .evidence = std::move(evidence),
          .offline = std::move(offline),
          .carry_out = std::move(carry_out)};
}

Status rename_root(Target& target) {
  return target.rename_partition(index_of(target.lab(), partition_guids(target.lab().root_hash).root), kNobodys);
}

// The empty slot takes the identifiers of the full one, and the other way round.
Status swap_slots(Target& target) {
  const Lab& lab = target.lab();
  PartitionGuids ids = partition_guids(lab.root_hash);
  std::size_t root = index_of(lab, ids.root);
  std::size_t verity = index_of(lab, ids.verity);
  Guid empty_root = lab.table.partitions[root + 2].id;
  Guid empty_verity = lab.table.partitions[verity + 2].id;
  TRY(target.rename_partition(root, kNobodys));
  TRY(target.rename_partition(verity, empty_verity));
  TRY(target.rename_partition(root + 2, ids.root));
  TRY(target.rename_partition(verity + 2, ids.verity));
  return target.rename_partition(root, empty_root);
}

Status name_empty_slot_like_the_full_one(Target& target) {
  PartitionGuids ids = partition_guids(target.lab().root_hash);
  return target.rename_partition(index_of(target.lab(), ids.root) + 2, ids.root);
}

Status break_primary(Target& target) { return target.flip(kSectorSize + 8); }

Status break_backup(Target& target) { return target.flip(fs::file_size(target.disk()) - kSectorSize + 8); }

Attack ignored(std::string id, std::string what, std::function<Status(Target&)> carry_out) {
  Attack attack = partitions(std::move(id), std::move(what), "", "partition table", std::move(carry_out));
  attack.denied_by = Layer::firmware;
  attack.outcome = Outcome::unchanged;
  return attack;
}

}  // namespace

std::vector<Attack> partition_attacks(const Lab&) {
  std::vector<Attack> attacks = {
      partitions("gpt.identifier", "The root partition gets another identifier",
                 "ashlar: failed: find the system: no disk has partitions", "no partition has the identifier",
                 rename_root),
      partitions("gpt.swapped", "Root and verity partitions of both slots exchange their identifiers",
                 "ashlar: failed: verify the system .*verity superblock", "^root: ", swap_slots),
      partitions("gpt.duplicate", "The empty slot's root partition gets the full one's identifier",
                 "ashlar: failed: find the system: .*both carry this system", "partition table",
                 name_empty_slot_like_the_full_one),
      ignored("gpt.primary", "One bit of the primary partition table's header is changed", break_primary),
      ignored("gpt.backup", "One bit of the backup partition table's header is changed", break_backup),
  };
  attacks[1].tier = Tier::sample;
  attacks[2].tier = Tier::sample;
  return attacks;
}

}  // namespace ashlar::prove
