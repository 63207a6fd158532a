// ukify: the same bytes from the same sections, and it reads back what we built.
#include "base/digest.h"
#include "format/authenticode.h"
#include "format/pe.h"
#include "format/uki.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::owner;

constexpr std::string_view kOsRelease = "ID=ashlar\nNAME=Ashlar\n";
constexpr std::string_view kCmdline = "ashlar.root_hash=00 --";

struct Inputs {
  Bytes stub = content_of(workshop() / "usr/lib/systemd/boot/efi/linuxx64.efi.stub");
  Bytes kernel = content_of(workshop() / "usr/lib/systemd/boot/efi/systemd-bootx64.efi");  // a PE image will do
  Bytes initrd;
  explicit Inputs(std::size_t initrd_size) {
    std::mt19937_64 random(seed());
    initrd = random_bytes(random, initrd_size);
  }
};

// ukify's own result, built from the files of `inputs`.
Bytes ukified(const Inputs& inputs, const TempDir& directory) {
  (void)directory.put("stub", inputs.stub);
  (void)directory.put("linux", inputs.kernel);
  (void)directory.put("initrd", inputs.initrd);
  (void)directory.put("osrel", kOsRelease);
  (void)directory.put("cmdline", kCmdline);
  (void)directory.put("pcrpkey", "a key");
  (void)directory.put("pcrsig", "{}");
  succeed_in_workshop(
      {"ukify", "build", "--stub=stub", "--linux=linux", "--initrd=initrd", "--os-release=@osrel", "--cmdline=@cmdline",
       "--uname=7.3.4", "--pcrpkey=pcrpkey", "--section=.pcrsig:@pcrsig", "--output=uki.efi"},
      directory);
  return content_of(directory.path("uki.efi"));
}

TEST(UkiOracle, BuildsWhatUkifyBuilds) {
  for (std::size_t size : {1, 511, 512, 70000}) {
    TempDir directory;
    Inputs inputs(size);
    Bytes theirs = ukified(inputs, directory);
    // Ours from theirs: the sections and their order are ukify's, layout and headers are what is compared.
    std::vector<UkiSection> sections = inspect_uki(theirs).value();
    EXPECT_GE(sections.size(), 7U);
    EXPECT_TRUE(build_uki(inputs.stub, sections).value() == theirs) << size;
  }
}

TEST(UkiOracle, UkifyReadsWhatWeBuilt) {
  TempDir directory;
  Inputs inputs(70001);
  std::vector<UkiSection> sections = {{".osrel", as_bytes(kOsRelease)},
                                      {".cmdline", as_bytes(kCmdline)},
                                      {".initrd", inputs.initrd},
                                      {".linux", inputs.kernel}};
  Bytes uki = sign_pe(build_uki(inputs.stub, sections).value(), owner()).value();
  std::string path = directory.put("uki.efi", uki).string();
  std::string seen = succeed_in_workshop({"ukify", "inspect", "uki.efi", "--json=short"}, directory);
  for (const UkiSection& section : sections) {
    EXPECT_NE(seen.find("\"" + section.name + "\": {\"size\": " + std::to_string(section.content.size()) +
                        ", \"sha256\": \"" + sha256(section.content).hex() + "\""),
              seen.npos)
        << section.name << " in " << seen;
  }
  SignerFiles files = write_signer(directory, "owner", owner());
  succeed({"sbverify", "--cert", files.certificate.string(), path});
}

}  // namespace
}  // namespace ashlar
