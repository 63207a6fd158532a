#include <gtest/gtest.h>

#include "sys/block_devices.h"
#include "sys/device_mapper.h"
#include "sys/efi_variables.h"
#include "sys/failure.h"
#include "sys/fake_kernel.h"
#include "sys/mounts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr Guid kData = "11111111-2222-3333-4444-555555555555"_guid;
constexpr Guid kHash = "66666666-7777-8888-9999-aaaaaaaaaaaa"_guid;

void put_partition(FakeKernel& kernel, const std::string& disk, int number, const Guid& id, int appears_at = 0) {
  std::string directory = "/sys/class/block/" + disk + std::to_string(number);
  kernel.put(directory + "/uevent", "DEVNAME=" + disk + "\nPARTN=1\nPARTUUID=" + id.text() + "\n", appears_at);
  kernel.put(directory + "/../uevent", "MAJOR=254\nDEVNAME=" + disk + "\n", appears_at);
  kernel.put(directory + "/dev", "254:" + std::to_string(number) + "\n", appears_at);
  kernel.put(directory + "/size", "2048\n", appears_at);
}

TEST(DeviceNumber, ReadsWhatSysfsWrites) {
  EXPECT_EQ(parse_device_number("259:1048575"), (DeviceNumber{259, 1048575}));
  for (const char* bad : {"", "259", "259:", ":1", "4096:0", "1:1048576", "1:2\n", "1:-2", "1:2:3"}) {
    EXPECT_FALSE(parse_device_number(bad)) << bad;
  }
}

TEST(FindSystem, FindsThePartitionsByTheirIdentifiers) {
  FakeKernel kernel;
  kernel.put("/sys/class/block/vda/uevent", "DEVNAME=vda\n");
  put_partition(kernel, "vda", 2, kData);
  put_partition(kernel, "vda", 3, kHash);
  Result<std::optional<SystemPartitions>> found = find_system(kernel, kData, kHash);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->data.path, "/dev/vda2");
  EXPECT_EQ((*found)->data.number, (DeviceNumber{254, 2}));
  EXPECT_EQ((*found)->data.size, 2048U * 512);
  EXPECT_EQ((*found)->hash.path, "/dev/vda3");
}

TEST(FindSystem, RefusesTwoDisksWithTheSameSystem) {
  FakeKernel kernel;
  for (const char* disk : {"sda", "vda"}) {
    put_partition(kernel, disk, 2, kData);
    put_partition(kernel, disk, 3, kHash);
  }
  Result<std::optional<SystemPartitions>> found = find_system(kernel, kData, kHash);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(),
            "/dev/sda2 and /dev/vda2 both carry this system: disconnect the disk that should not start");
}

TEST(FindSystem, RefusesDataAndHashesOnDifferentDisks) {
  FakeKernel kernel;
  put_partition(kernel, "sda", 2, kData);
  put_partition(kernel, "vda", 3, kHash);
  Result<std::optional<SystemPartitions>> found = find_system(kernel, kData, kHash);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(), "/dev/sda2 and its hashes on /dev/vda3 lie on different disks");
}

TEST(WaitForSystem, WaitsForADiskThatComesLate) {
  FakeKernel kernel;
  put_partition(kernel, "vda", 2, kData);
  put_partition(kernel, "vda", 3, kHash, 700);
  EXPECT_TRUE(wait_for_system(kernel, kData, kHash, 1000));
  EXPECT_EQ(kernel.slept, 700);
}

TEST(WaitForSystem, GivesUpAndSaysWhatItLookedFor) {
  FakeKernel kernel;
  put_partition(kernel, "vda", 2, kData);
  Result<SystemPartitions> found = wait_for_system(kernel, kData, kHash, 1000);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(),
            "no disk has partitions 11111111-2222-3333-4444-555555555555 and "
            "66666666-7777-8888-9999-aaaaaaaaaaaa (waited 1 s)");
  EXPECT_EQ(kernel.slept, 1000);
}

VerityTarget::Parameters verity_parameters() {
  return {.data = {254, 2},
          .hash = {254, 3},
          .data_blocks = 100,
          .hash_start_block = 1,
          .root_hash = std::string(64, 'a'),
          .salt = "5a17",
          .signature_key = "key"};
}

TEST(VerityTarget, WritesTheTableTheKernelReads) {
  VerityTarget target = VerityTarget::create(verity_parameters()).value();
  EXPECT_EQ(target.table(), "1 254:2 254:3 4096 4096 100 1 sha256 " + std::string(64, 'a') +
                                " 5a17 4 panic_on_corruption panic_on_error root_hash_sig_key_desc key");
  EXPECT_EQ(target.length().count, 800U);
}

TEST(VerityTarget, RefusesSizesThatDoNotExist) {
  VerityTarget::Parameters parameters = verity_parameters();
  for (std::uint64_t blocks : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 52}) {
    parameters.data_blocks = blocks;
    EXPECT_FALSE(VerityTarget::create(parameters)) << blocks;
  }
}

TEST(DeviceMapper, MakesLoadsAndResumes) {
  FakeKernel kernel;
  VerityTarget target = VerityTarget::create(verity_parameters()).value();
  Result<DeviceNumber> device = DeviceMapper(kernel).activate("root", "uuid", target);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_EQ(*device, (DeviceNumber{253, 0}));
  EXPECT_EQ(kernel.calls,
            (std::vector<std::string>{"create root uuid", "load verity " + target.table(), "resume root"}));
  Result<std::vector<MappedTarget>> table = DeviceMapper(kernel).table_of(*device);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->at(0).parameters, target.table());
}

TEST(DeviceMapper, RemovesWhatItMadeWhenTheTableIsRefused) {
  for (const char* step : {"load", "resume"}) {
    FakeKernel kernel;
    kernel.refuse(step, ENOKEY);
    Result<DeviceNumber> device =
        DeviceMapper(kernel).activate("root", "uuid", VerityTarget::create(verity_parameters()).value());
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code(), ENOKEY);
    EXPECT_EQ(kernel.calls.back(), "remove root");
  }
}

TEST(VerifiedRootHash, ComesFromTheActiveTableOfTheLastMountOnRoot) {
  FakeKernel kernel;
  kernel.put("/proc/self/mountinfo",
             "1 1 0:2 / / rw - rootfs rootfs rw\n20 1 253:0 / / ro,nosuid - erofs /dev/dm-0 ro\n"
             "21 20 0:5 / /dev rw - devtmpfs devtmpfs rw\n");
  kernel.put("/sys/dev/block/253:0/dm/name", "root\n");
  kernel.active = MappedTarget{"verity", VerityTarget::create(verity_parameters())->table()};
  EXPECT_EQ(verified_root_hash(kernel).value(), std::string(64, 'a'));
  EXPECT_EQ(mounted_root(kernel).value()->data, verity_parameters().data);

  kernel.active->type = "linear";
  EXPECT_EQ(verified_root_hash(kernel).value(), std::nullopt);
  kernel.active->type = "verity";
  kernel.remove("/sys/dev/block/253:0/dm/name");
  EXPECT_EQ(verified_root_hash(kernel).value(), std::nullopt);
  kernel.put("/proc/self/mountinfo", "1 1 0:2 / / rw - rootfs rootfs rw\n");
  EXPECT_EQ(verified_root_hash(kernel).value(), std::nullopt);
}

TEST(EfiSwitch, ReadsTheByteBehindTheAttributes) {
  using namespace std::string_view_literals;
  constexpr char kPath[] = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  FakeKernel kernel;
  EXPECT_EQ(efi_switch(kernel, "SecureBoot").value(), std::nullopt);
  kernel.put(kPath, "\6\0\0\0\1"sv);
  EXPECT_EQ(efi_switch(kernel, "SecureBoot").value(), true);
  kernel.put(kPath, "\6\0\0\0\0"sv);
  EXPECT_EQ(efi_switch(kernel, "SecureBoot").value(), false);
  for (std::string_view bad : {"\6\0\0\0"sv, "\6\0\0\0\2"sv, "\6\0\0\0\1\1"sv}) {
    kernel.put(kPath, bad);
    EXPECT_FALSE(efi_switch(kernel, "SecureBoot"));
  }
}

TEST(Mounts, OnlyWhatIsNotNeededMayFail) {
  FakeKernel kernel;
  kernel.refuse("mount efivarfs", ENODEV);
  EXPECT_TRUE(mount_all(kernel, system_mounts()));
  kernel.refuse("mount tmpfs tmpfs /tmp", ENOMEM);
  EXPECT_FALSE(mount_all(kernel, system_mounts()));
}

TEST(SwitchRoot, EmptiesTheInitramfsBeforeItLeaves) {
  FakeKernel kernel;
  ASSERT_TRUE(switch_root(kernel, "/sysroot"));
  EXPECT_EQ(kernel.calls,
            (std::vector<std::string>{"move /proc /sysroot/proc", "move /sys /sysroot/sys", "move /dev /sysroot/dev",
                                      "move /run /sysroot/run", "empty /", "chroot /sysroot"}));
}

TEST(Failure, IsSaidOnceShownForHalfAMinuteAndRestarts) {
  FakeKernel kernel;
  announce_and_restart(kernel, Error("mount root: no disk"));
  EXPECT_EQ(kernel.log, std::vector<std::string>{"ashlar: failed: mount root: no disk"});
  EXPECT_EQ(kernel.slept, 30'000);
  EXPECT_EQ(kernel.pages.front().footer, "Restarts in 30 s");
  EXPECT_EQ(kernel.pages.at(29).footer, "Restarts in 1 s");
  EXPECT_EQ(kernel.calls, std::vector<std::string>{"leave restart"});
}

}  // namespace
}  // namespace ashlar
