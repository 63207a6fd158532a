#include "image/predict.h"

#include "format/authenticode.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/testing.h"
#include "format/uki.h"
#include "image/cache.h"

namespace ashlar::image {
namespace {

using ashlar::testing::error_of;
using ashlar::testing::impostor;
using ashlar::testing::make_pe;
using ashlar::testing::owner;

constexpr Guid kOwner = "11111111-2222-3333-4444-123456789abc"_guid;

EfiSignature entry_of(const Signer& signer) { return {kOwner, certificate_der(signer.certificate)}; }

// Signature lists as db has them, one entry each.
Bytes database(std::initializer_list<const Signer*> signers) {
  std::vector<EfiSignatureList> lists;
  for (const Signer* signer : signers) lists.push_back({kEfiX509Type, {entry_of(*signer)}});
  return build_efi_signature_lists(lists).value();
}

FatFile update(const EfiVariable& variable, const Bytes& value) {
  std::string path = "loader/keys/auto/" + std::string(variable.name) + ".auth";
  return {path, build_efi_auth(variable, {.year = 2026}, value, owner()).value()};
}

std::vector<UkiSection> uki_sections() {
  return {{".osrel", as_bytes("ID=ashlar")}, {".cmdline", as_bytes("a --")}, {".linux", as_bytes("kernel")}};
}

// An image of which only the ESP is looked at: boot loader and UKI signed by the owner, who is all of PK, KEK and db.
struct Esp {
  Bytes bootloader = sign_pe(make_pe("sbat,1"), owner()).value();
  Bytes unsigned_uki = build_uki(make_pe("sbat,2"), uki_sections()).value();
  Bytes uki = sign_pe(unsigned_uki, owner()).value();
  Bytes pk = database({&owner()});
  Bytes db = database({&owner()});
  std::vector<FatFile> others;

  [[nodiscard]] Result<PcrValues> predict() const {
    TemporaryDirectory work = TRY(TemporaryDirectory::below(::testing::TempDir()));
    TRY(write_file(work.path() / "disk", as_bytes("not looked at")));
    OpenedImage image{TRY(MappedFile::open(work.path() / "disk")), {}, others};
    image.esp.push_back({std::string(kBootloaderPath), bootloader});
    image.esp.push_back({std::string(kUkiDirectory) + "ashlar_1.efi", uki});
    image.esp.push_back(update(kEfiPk, pk));
    image.esp.push_back(update(kEfiKek, pk));
    image.esp.push_back(update(kEfiDb, db));
    return predict_pcrs(image);
  }
};

TEST(PredictPcrs, FollowsTheBoot) {
  Esp esp;
  PcrValues values = esp.predict().value();
  EXPECT_EQ(values.size(), 5U);
  EXPECT_EQ(values.at(4), boot_programs_pcr(std::array{authenticode_digest(esp.bootloader).value(),
                                                       authenticode_digest(esp.uki).value()}));
  EXPECT_EQ(values.at(7),
            secure_boot_pcr({.pk = esp.pk, .kek = esp.pk, .db = esp.db, .dbx = {}}, std::array{entry_of(owner())}))
      << "one authority for both programs is measured once";
  std::vector<UkiSection> sections = uki_sections();
  sections.push_back({".sbat", as_bytes("sbat,2")});
  EXPECT_EQ(values.at(11), uki_pcr(sections).value()) << "the stub's own .sbat belongs to the UKI";
  EXPECT_EQ(values.at(12), Sha256Digest{});
  EXPECT_EQ(values.at(13), Sha256Digest{});
}

TEST(PredictPcrs, EachChangeShowsWhereItIsMeasured) {
  PcrValues plain = Esp().predict().value();
  auto changed = [&](const Esp& esp) {
    std::vector<unsigned> pcrs;
    PcrValues values = esp.predict().value();
    for (const auto& [pcr, value] : values) {
      if (value != plain.at(pcr)) pcrs.push_back(pcr);
    }
    return pcrs;
  };
  using Pcrs = std::vector<unsigned>;
  EXPECT_EQ(changed(Esp()), Pcrs{}) << "the control";
  Esp bootloader;
  bootloader.bootloader = sign_pe(make_pe("sbat,3"), owner()).value();
  EXPECT_EQ(changed(bootloader), Pcrs{4});
  Esp uki;
  uki.uki = sign_pe(build_uki(make_pe("sbat,3"), uki_sections()).value(), owner()).value();
  EXPECT_EQ(changed(uki), (Pcrs{4, 11}));
  Esp dbx;
  dbx.others = {update(kEfiDbx, database({&impostor()}))};
  EXPECT_EQ(changed(dbx), Pcrs{7});
  Esp key;
  key.pk = database({&impostor()});
  EXPECT_EQ(changed(key), Pcrs{7});
}

TEST(PredictPcrs, NamesEveryAuthorityThatIsUsed) {
  Esp esp;
  esp.db = database({&owner(), &impostor()});
  esp.uki = sign_pe(esp.unsigned_uki, impostor()).value();
  EXPECT_EQ(esp.predict().value().at(7), secure_boot_pcr({.pk = esp.pk, .kek = esp.pk, .db = esp.db, .dbx = {}},
                                                         std::array{entry_of(owner()), entry_of(impostor())}));
}

TEST(PredictPcrs, RefusesWhatFirmwareWouldNotStart) {
  Esp foreign;
  foreign.bootloader = sign_pe(make_pe(), impostor()).value();
  EXPECT_EQ(error_of(foreign.predict()),
            "EFI/BOOT/BOOTX64.EFI: no certificate in db signed it: firmware would not "
            "start it");
  Esp unsigned_uki;
  unsigned_uki.uki = unsigned_uki.unsigned_uki;
  EXPECT_NE(error_of(unsigned_uki.predict()).find("EFI/Linux/ashlar_1.efi: no certificate"), std::string::npos);
  Esp no_uki;
  no_uki.uki = make_pe();
  EXPECT_FALSE(no_uki.predict());
  Esp hostile;
  hostile.db = {1, 2, 3};
  EXPECT_NE(error_of(hostile.predict()).find("db: "), std::string::npos);
}

TEST(PredictPcrs, NamesTheImageThatIsNone) {
  fs::path missing = "/nonexistent/image.raw";
  EXPECT_NE(error_of(predict_pcrs(missing)).find("predict /nonexistent/image.raw: "), std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
