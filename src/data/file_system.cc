#include "data/file_system.h"

#include "base/subprocess.h"

namespace ashlar {
namespace {

// Named one by one, and no configuration file is read: what a file system has does not depend on what is in /etc, nor
// on the version of mke2fs. `encrypt` is fscrypt; journal and tables have checksums.
constexpr const char* kFeatures =
    "none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,"
    "extra_isize,metadata_csum,orphan_file,encrypt";

// e2fsck(8), EXIT CODE.
constexpr int kCorrected = 1;
constexpr int kCorrectedRestart = 2;
constexpr int kUncorrected = 4;

const std::vector<std::string>& environment() {
  static const std::vector<std::string> kEnvironment = {"PATH=/usr/sbin:/usr/bin", "LC_ALL=C",
                                                        "MKE2FS_CONFIG=/dev/null", "E2FSCK_CONFIG=/dev/null"};
  return kEnvironment;
}

// Its last words, in one line.
std::string quoted(const CommandOutput& output) {
  constexpr std::size_t kQuoted = 300;
  std::string said = output.out + output.err;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.size() > kQuoted) said = "..." + said.substr(said.size() - kQuoted);
  for (char& c : said) {
    if (c == '\n') c = ' ';
  }
  return said.empty() ? "it said nothing" : said;
}

}  // namespace

Status make_ext4(const fs::path& device) {
  CommandOutput output = TRY(run({
      .argv =
          {
              "/usr/sbin/mke2fs",
              "-F",  // do not ask what is on the device
              "-q",
              "-t",
              "ext4",
              "-O",
              kFeatures,
              "-b",
              "4096",
              "-I",
              "256",
              "-i",
              "16384",
              "-m",
              "1",  // percent that only root may fill: records and requests can be written on a full disk
              "-L",
              "data",
              "-e",
              "remount-ro",
              // The kernel writes the inode tables later, which their checksums make safe; the journal is written now:
              // an old one in its place would be replayed after a power cut.
              "-E",
              "lazy_itable_init=1,lazy_journal_init=0,nodiscard,root_owner=0:0",
              device.string(),
          },
      .environment = environment(),
  }));
  if (output.exit_status == 0) return {};
  return fail("make the file system on " + device.string() + ": mke2fs ended with status " +
              std::to_string(output.exit_status) + ": " + quoted(output));
}

Status check_ext4(const fs::path& device) {
  CommandOutput output = TRY(run({.argv = {"/usr/sbin/e2fsck", "-p", device.string()}, .environment = environment()}));
  int status = output.exit_status;
  if ((status & ~(kCorrected | kCorrectedRestart)) == 0) return {};
  if ((status & ~(kCorrected | kCorrectedRestart | kUncorrected)) == 0) {
    return fail("the file system on " + device.string() +
                " is damaged in a way that a person has to decide about; it is not mounted, nothing in it was changed "
                "further. Open the volume on another Linux with the recovery key and run e2fsck there. It said: " +
                quoted(output));
  }
  return fail("check the file system on " + device.string() + ": e2fsck ended with status " + std::to_string(status) +
              ": " + quoted(output));
}

}  // namespace ashlar
