// What can be asked without the machine: which partition it is. The rest is proven in machines (tests/boot).
#include "data/linux_storage.h"

#include <gtest/gtest.h>

#include "sys/fake_kernel.h"

namespace ashlar {
namespace {

class LinuxStorageTest : public ::testing::Test {
 protected:
  LinuxStorageTest() {
    kernel_.put("/proc/self/mountinfo", "20 1 253:0 / / ro - erofs /dev/dm-0 ro\n");
    kernel_.put("/sys/dev/block/253:0/dm/name", "root\n");
    kernel_.active = MappedTarget{"verity", "1 254:2 254:3 4096 4096 100 1 sha256 " + std::string(64, 'a') + " -"};
    kernel_.put("/sys/dev/block/254:2/../uevent", "MAJOR=254\nDEVNAME=vdzz\n");
    kernel_.put("/sys/class/block/vdzz/uevent", "DEVNAME=vdzz\nDEVTYPE=disk\n");
    kernel_.put("/sys/class/block/vdzz/../uevent", "");
    put("vdzz", 1, "ESP");
    put("vdzz", 2, "ashlar_1");
    put("vdzz", 3, "ashlar_1_verity");
  }

  void put(const std::string& disk, unsigned number, const std::string& label, bool from_table = true) {
    std::string directory = "/sys/class/block/" + disk + std::to_string(number);
    kernel_.put(directory + "/../uevent", "DEVNAME=" + disk + "\n");
    kernel_.put(directory + "/uevent", "DEVNAME=" + disk + std::to_string(number) +
                                           "\nDEVTYPE=partition\nPARTN=" + std::to_string(number) + "\n" +
                                           (from_table ? "PARTNAME=" + label + "\nPARTUUID=1234\n" : ""));
  }
  std::string error() {
    Result<DataPartition> found = storage_.find_partition();
    return found ? "(no error)" : found.error().message();
  }

  FakeKernel kernel_;
  LinuxStorage storage_{kernel_};
};

TEST_F(LinuxStorageTest, LooksOnTheDiskOfTheVerifiedRootAlone) {
  put("sda", 1, "data");
  put("sdz", 1, "data");
  EXPECT_EQ(storage_.find_partition().value().state, PartitionState::absent);
  put("vdzz", 6, "data-new");
  DataPartition found = storage_.find_partition().value();
  EXPECT_EQ(found.state, PartitionState::unfinished);
  EXPECT_EQ(found.device, "/dev/vdzz6");
  put("vdzz", 6, "data");
  EXPECT_EQ(storage_.find_partition().value().state, PartitionState::complete);
  put("vdzz", 6, "data ");
  EXPECT_EQ(storage_.find_partition().value().state, PartitionState::absent);
}

TEST_F(LinuxStorageTest, RefusesToChooseBetweenTwo) {
  put("vdzz", 6, "data");
  put("vdzz", 7, "data");
  EXPECT_EQ(error(), "/dev/vdzz6 and /dev/vdzz7 are both data partitions: one is too many, and it is not known which");
}

TEST_F(LinuxStorageTest, AsksTheTableWhenAPartitionWasAddedSince) {
  put("vdzz", 6, "", /*from_table=*/false);
  EXPECT_EQ(error(), "open /dev/vdzz: No such file or directory");
}

TEST_F(LinuxStorageTest, NeedsAVerifiedRoot) {
  kernel_.active->type = "linear";
  EXPECT_EQ(error(),
            "look for the data partition: / is not a verified root: it is not known which disk is this system's");
  EXPECT_FALSE(storage_.make_partition());
  EXPECT_FALSE(storage_.complete_partition());
}

TEST_F(LinuxStorageTest, GivesOnlyToTheEight) {
  EXPECT_FALSE(storage_.give_to_user("/nonexistent", 0));
  EXPECT_EQ(storage_.give_to_user("/nonexistent", 9).error().message(), "there is no user u9");
}

}  // namespace
}  // namespace ashlar
