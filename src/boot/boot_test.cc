#include <gtest/gtest.h>

#include <algorithm>

#include "boot/start.h"
#include "boot/verified_root.h"
#include "sys/fake_kernel.h"

namespace ashlar {
namespace {

constexpr char kHash[] = "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100";
constexpr char kDataId[] = "00112233-4455-6677-8899-aabbccddeeff";
constexpr char kHashId[] = "ffeeddcc-bbaa-9988-7766-554433221100";
constexpr std::uint64_t kBlocks = 16;

void put_partition(FakeKernel& kernel, const std::string& disk, int number, const std::string& id) {
  std::string directory = "/sys/class/block/" + disk + std::to_string(number);
  kernel.put(directory + "/uevent", "PARTUUID=" + id + "\n");
  kernel.put(directory + "/../uevent", "DEVNAME=" + disk + "\n");
  kernel.put(directory + "/dev", "254:" + std::to_string(number) + "\n");
  kernel.put(directory + "/size", std::to_string(kBlocks * 8) + "\n");
}

std::string superblock(std::uint64_t blocks) {
  VeritySuperblock block{.uuid = "12345678-1234-1234-1234-123456789abc"_guid, .salt = {}, .data_blocks = blocks};
  block.salt.bytes.fill(0x5a);
  return std::string(as_text(build_verity_superblock(block)));
}

// A machine that starts. Every test below takes one thing from it.
FakeKernel machine() {
  FakeKernel kernel;
  kernel.put("/proc/cmdline", "console=ttyS0 roothash=" + std::string(kHash) + " panic=10 --\n");
  kernel.put("/roothash.p7s", "signature");
  kernel.put("/ipe-policy.p7s", "policy");
  kernel.put("/selinux-policy", "selinux");
  kernel.put("/proc/self/attr/current", std::string("self", 5));
  int number = 0;
  for (const char* name : {"file", "dir", "lnk_file", "chr_file", "blk_file", "fifo_file", "sock_file"}) {
    kernel.put("/sys/fs/selinux/class/" + std::string(name) + "/index", std::to_string(++number) + "\n");
  }
  kernel.put("/dev/vda3", superblock(kBlocks));
  put_partition(kernel, "vda", 2, kDataId);
  put_partition(kernel, "vda", 3, kHashId);
  return kernel;
}

// Starts, expects it to stop before anything of the root ran, and returns why.
std::string why_it_stops(FakeKernel& kernel) {
  Status status = start_system(kernel, std::chrono::milliseconds(7));
  EXPECT_FALSE(kernel.did("execute ") && status) << "it started";
  return status ? "" : status.error().message();
}

TEST(Start, TakesEveryStepInOrder) {
  FakeKernel kernel = machine();
  Status status = start_system(kernel, std::chrono::milliseconds(7));
  ASSERT_TRUE(status) << status.error().message();
  std::vector<std::string> steps;
  for (const std::string& call : kernel.calls) {
    bool asks = call.starts_with("read ") || call.starts_with("list ") || call.starts_with("transact ");
    if (!asks) steps.push_back(call);
  }
  std::string salt;
  for (int i = 0; i < 32; ++i) salt += "5a";
  EXPECT_EQ(
      steps,
      (std::vector<std::string>{
          "mkdir /proc",
          "mount proc proc /proc",
          "mkdir /sys",
          "mount sysfs sysfs /sys",
          "mkdir /dev",
          "mount devtmpfs devtmpfs /dev",
          "mkdir /run",
          "mount tmpfs tmpfs /run",
          "key ashlar-root-hash signature",
          "create root CRYPT-VERITY-00112233445566778899aabbccddeeff-root",
          "load verity 1 254:2 254:3 4096 4096 16 1 sha256 " + std::string(kHash) + " " + salt +
              " 4 panic_on_corruption panic_on_error root_hash_sig_key_desc ashlar-root-hash",
          "resume root",
          "mkdir /sysroot",
          "mount erofs /dev/dm-0 /sysroot",
          "mount securityfs securityfs /sys/kernel/security",
          "set /sys/kernel/security/ipe/new_policy policy",
          "set /sys/kernel/security/ipe/policies/ashlar/active 1",
          "set /sys/kernel/security/ipe/policies/ashlar_boot/delete 1",
          "unmount /sys/kernel/security",
          "mkdir /run/ashlar/",
          "move /proc /sysroot/proc",
          "move /sys /sysroot/sys",
          "move /dev /sysroot/dev",
          "move /run /sysroot/run",
          "empty /",
          "chroot /sysroot",
          "mount selinuxfs selinuxfs /sys/fs/selinux",
          "set /sys/fs/selinux/load selinux",
          "execute /usr/lib/ashlar/init init PATH=/usr/sbin:/usr/bin HOME=/ LANG=C.UTF-8 ASHLAR_INITRAMFS_STARTED=7"}));
}

// Of what the stub puts beside the initramfs the signed policies and their key go on, before the rest is emptied away;
// without them the machine starts as well.
TEST(Start, HandsOverTheSignedPoliciesAlone) {
  FakeKernel kernel = machine();
  kernel.put("/.extra/tpm2-pcr-signature.json", "{}");
  kernel.put("/.extra/tpm2-pcr-public-key.pem", "key");
  kernel.put("/.extra/credentials/attack.cred", "attack");
  ASSERT_TRUE(start_system(kernel, std::chrono::milliseconds(7)));
  EXPECT_EQ(std::ranges::count_if(kernel.calls, [](const std::string& call) { return call.starts_with("write "); }), 2);
  EXPECT_EQ(as_text(kernel.read_file("/run/ashlar/tpm2-pcr-signature.json", 10).value()), "{}");
  EXPECT_EQ(as_text(kernel.read_file("/run/ashlar/tpm2-pcr-public-key.pem", 10).value()), "key");
  FakeKernel too_large = machine();
  too_large.put("/.extra/tpm2-pcr-signature.json", std::string(65537, ' '));
  EXPECT_TRUE(why_it_stops(too_large).starts_with("hand over the signed policies: "));
}

TEST(Start, NeedsTheRootHashOnceAndWhole) {
  const std::string hash(kHash);
  for (const auto& [cmdline, why] : std::vector<std::pair<std::string, std::string>>{
           {"quiet --", "roothash"},
           {"roothash --", "roothash"},
           {"roothash=" + hash + " roothash=" + hash + " --", "roothash"},
           {"roothash=" + hash.substr(1) + " --", "roothash"},
           {"roothash=" + hash + "0 --", "roothash"},
           {"roothash=" + hash.substr(1) + "g --", "roothash"},
           {"-- roothash=" + hash, "'roothash=" + hash + "' was added behind what the owner signed"},
           {"roothash=" + hash + " -- init=/bin/sh", "'init=/bin/sh' was added behind what the owner signed"},
           {"roothash=" + hash + " -- --", "'--' was added behind what the owner signed"},
           {"roothash=" + hash, "the signed part does not end in --"},
       }) {
    FakeKernel kernel = machine();
    kernel.put("/proc/cmdline", cmdline + "\n");
    std::string got = why_it_stops(kernel);
    EXPECT_TRUE(got.starts_with("kernel command line: ")) << got;
    EXPECT_NE(got.find(why), std::string::npos) << cmdline << " gave: " << got;
    EXPECT_FALSE(kernel.did("list /sys/class/block")) << cmdline;
  }
}

TEST(Start, NeedsTheSignature) {
  FakeKernel kernel = machine();
  kernel.remove("/roothash.p7s");
  EXPECT_EQ(why_it_stops(kernel), "signature of the root hash: open /roothash.p7s: No such file or directory");
  EXPECT_FALSE(kernel.did("create"));
}

// Without one of its own the image would run under the boot policy, which trusts the initramfs.
TEST(Start, NeedsTheExecutionPolicy) {
  FakeKernel missing = machine();
  missing.remove("/ipe-policy.p7s");
  EXPECT_EQ(why_it_stops(missing), "execution policy: open /ipe-policy.p7s: No such file or directory");
  EXPECT_FALSE(missing.did("create"));
  FakeKernel strange = machine();
  strange.refuse("set /sys/kernel/security/ipe/new_policy", ENOKEY);
  EXPECT_TRUE(why_it_stops(strange).starts_with("execution policy: it is not signed by a key in the firmware's db"));
  EXPECT_FALSE(strange.did("set /sys/kernel/security/ipe/policies"));
}

// What is older than the policy is labelled as the kernel would label it now.
TEST(Start, LabelsWhatIsOlderThanThePolicy) {
  FakeKernel kernel = machine();
  kernel.put("/dev/input/event0", "");
  kernel.labels = {{"/dev", "dev"}, {"/dev/vda3", "right"}};
  kernel.answers = {{"self dev 2 input", std::string("input", 6)},
                    {"self dev 4 vda3", "right"},
                    {"self input 4 event0", std::string("event", 6)}};
  ASSERT_TRUE(start_system(kernel, std::chrono::milliseconds(7)));
  EXPECT_EQ(kernel.labels["/dev/input"], "input");
  EXPECT_EQ(kernel.labels["/dev/input/event0"], "event");
  EXPECT_FALSE(kernel.did("label /dev/vda3")) << "it has that label";
  auto place = [&](std::string_view prefix) {
    return std::ranges::find_if(kernel.calls, [&](const std::string& call) { return call.starts_with(prefix); });
  };
  EXPECT_LT(place("set /sys/fs/selinux/load"), place("label ")) << "without a policy there are no labels";
  EXPECT_LT(place("label /dev/input input"), place("execute"));
}

TEST(Start, NeedsTheSelinuxPolicy) {
  FakeKernel missing = machine();
  missing.remove("/selinux-policy");
  EXPECT_EQ(why_it_stops(missing), "SELinux policy: open /selinux-policy: No such file or directory");
  EXPECT_FALSE(missing.did("create"));
  FakeKernel strange = machine();
  strange.refuse("set /sys/fs/selinux/load", EINVAL);
  EXPECT_TRUE(why_it_stops(strange).starts_with("SELinux policy: set /sys/fs/selinux/load"));
  FakeKernel unlabelled = machine();
  unlabelled.put("/dev/null", "");
  unlabelled.answers["self  4 null"] = "null_device";
  unlabelled.refuse("label /dev/null", EACCES);
  EXPECT_TRUE(why_it_stops(unlabelled).starts_with("SELinux policy: label /dev/null"));
}

TEST(Start, NeedsADisk) {
  FakeKernel kernel = machine();
  kernel.remove("/sys/class/block/vda2/uevent");
  EXPECT_EQ(why_it_stops(kernel),
            std::string("find the system: no disk has partitions ") + kDataId + " and " + kHashId + " (waited 10 s)");
}

TEST(Start, RefusesTwoDisksWithTheSameSystem) {
  FakeKernel kernel = machine();
  put_partition(kernel, "sda", 2, kDataId);
  EXPECT_EQ(why_it_stops(kernel),
            "find the system: /dev/sda2 and /dev/vda2 both carry this system: disconnect the disk "
            "that should not start");
}

TEST(Start, RefusesASuperblockItDoesNotKnow) {
  std::string other_algorithm = superblock(kBlocks);
  other_algorithm.replace(32, 6, "sha512");
  for (const std::string& block : {std::string(4096, '\0'), superblock(kBlocks).substr(0, 512), other_algorithm}) {
    FakeKernel kernel = machine();
    kernel.put("/dev/vda3", block);
    EXPECT_TRUE(why_it_stops(kernel).starts_with("verify the system on /dev/vda2: "));
    EXPECT_FALSE(kernel.did("create"));
  }
}

TEST(Start, RefusesASuperblockForALargerPartition) {
  FakeKernel kernel = machine();
  kernel.put("/dev/vda3", superblock(kBlocks + 1));
  EXPECT_EQ(why_it_stops(kernel),
            "verify the system on /dev/vda2: /dev/vda3: verity superblock: 17 blocks are more than /dev/vda2 has");
}

TEST(Start, ExplainsWhyTheKernelRefusesTheSignature) {
  for (const auto& [code, why] : std::vector<std::pair<int, std::string>>{
           {ENOKEY, "the root hash is not signed by a key in the firmware's db"},
           {EKEYREJECTED, "the signature is not one of this root hash"},
           {EBADMSG, "the signature is not one of this root hash"},
           {EINVAL, "load the verity table"},
       }) {
    FakeKernel kernel = machine();
    kernel.refuse("load verity", code);
    EXPECT_TRUE(why_it_stops(kernel).starts_with("verify the system on /dev/vda2: " + why)) << code;
    EXPECT_FALSE(kernel.did("mount erofs"));
    EXPECT_TRUE(kernel.did("remove root"));
  }
}

// Whatever step the kernel refuses, the start stops there: no later step is tried.
TEST(Start, StopsAtTheFirstRefusal) {
  for (const char* step : {"mount proc", "mount devtmpfs", "key", "create", "load", "resume", "mount erofs",
                           "mount securityfs", "set /sys/kernel/security/ipe/policies/ashlar/active",
                           "set /sys/kernel/security/ipe/policies/ashlar_boot/delete", "move /dev", "empty /", "chroot",
                           "mount selinuxfs", "set /sys/fs/selinux/load"}) {
    FakeKernel kernel = machine();
    kernel.refuse(step, EIO);
    EXPECT_NE(why_it_stops(kernel).find("Input/output error"), std::string::npos) << step;
    EXPECT_FALSE(kernel.did("execute")) << step;
  }
}

TEST(Start, SaysWhichProgramDoesNotRun) {
  FakeKernel kernel = machine();
  kernel.refuse("execute", EACCES);
  std::string why = why_it_stops(kernel);
  EXPECT_TRUE(why.starts_with("execute /usr/lib/ashlar/init")) << why;
  EXPECT_TRUE(why.ends_with("Permission denied")) << why;
}

}  // namespace
}  // namespace ashlar
