// A LUKS2 volume in a file: what an editor of its header can do, and what a power cut leaves.
#include "data/volume.h"

#include "base/subprocess.h"
#include "data/testing.h"
#include "data/token.h"

namespace ashlar {
namespace {

using testing::Disk;
using testing::edit_header;
using testing::key_of;

UserToken user_token(unsigned user, unsigned keyslot) {
  return {.user = user, .keyslot = keyslot, .password = {kLeastArgon2idMemory, 1, 1, {}}, .tpm = std::nullopt};
}

// A volume with a recovery key (keyslot 0) and one user (keyslot 1, token 0).
class VolumeTest : public ::testing::Test {
 protected:
  VolumeTest() {
    UnlockedVolume volume = Volume::format(disk_.path()).value();
    EXPECT_TRUE(volume.begin({{0, 1}, {0}}));
    EXPECT_TRUE(volume.add_keyslot(0, key_of(0)));
    EXPECT_TRUE(volume.add_keyslot(1, key_of(1)));
    EXPECT_TRUE(volume.put_token(0, build_user_token(user_token(1, 1))));
    EXPECT_TRUE(volume.finish());
  }

  Result<UnlockedVolume> open(unsigned keyslot, std::uint8_t key) {
    Volume volume = TRY(Volume::load(disk_.path()));
    return volume.unlock(keyslot, key_of(key));
  }
  // Refused in this way, and with this in its words; opens again once the header is as it was.
  void expect_refused(VolumeFailure failure, std::string_view words, const std::function<void(Json&)>& edit,
                      const std::function<void(std::span<std::uint8_t>)>& edit_binary = nullptr) {
    Disk whole(disk_);
    edit_header(disk_, edit, edit_binary);
    Result<UnlockedVolume> opened = open(1, 1);
    ASSERT_FALSE(opened) << words;
    EXPECT_EQ(opened.error().kind<VolumeFailure>(), failure) << opened.error().message();
    EXPECT_NE(opened.error().message().find(words), std::string::npos) << opened.error().message();
    disk_.become(whole);
    EXPECT_TRUE(open(1, 1));
  }
  // Refused for its form, before any key is used. libcryptsetup may be the first to refuse.
  void expect_foreign(std::string_view words, const std::function<void(Json&)>& edit) {
    Json json = Json::parse(Volume::load(disk_.path()).value().metadata().json);
    edit(json);
    Result<Luks2Metadata> parsed = parse_luks2_metadata(as_bytes(json.dump()));
    ASSERT_FALSE(parsed) << words;
    EXPECT_NE(parsed.error().message().find(words), std::string::npos) << parsed.error().message();

    Disk whole(disk_);
    edit_header(disk_, edit);
    Result<Volume> loaded = Volume::load(disk_.path());
    ASSERT_FALSE(loaded) << words;
    EXPECT_TRUE(loaded.error().kind<VolumeFailure>() == VolumeFailure::foreign ||
                loaded.error().kind<VolumeFailure>() == VolumeFailure::not_luks2)
        << loaded.error().message();
    disk_.become(whole);
    EXPECT_TRUE(open(1, 1));
  }
  void expect_altered(const std::function<void(Json&)>& edit) {
    expect_refused(VolumeFailure::altered, "was altered", edit);
  }

  Disk disk_;
};

TEST_F(VolumeTest, OpensWithEachKeyAndNoOther) {
  EXPECT_TRUE(open(0, 0));
  EXPECT_TRUE(open(1, 1));
  for (unsigned keyslot : {0U, 1U, 2U}) {
    Result<UnlockedVolume> opened = open(keyslot, 9);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind<VolumeFailure>(), VolumeFailure::wrong_key) << opened.error().message();
  }
  EXPECT_FALSE(open(1, 0));
  Volume volume = Volume::load(disk_.path()).value();
  EXPECT_FALSE(volume.unlock(1, Secret::of_size(0).value()));
  EXPECT_FALSE(volume.unlock(1, key_of(7)));
  EXPECT_TRUE(volume.unlock(1, key_of(1)));  // after wrong ones
}

TEST_F(VolumeTest, IsWhatCryptsetupKnows) {
  CommandOutput dump = run({.argv = {"cryptsetup", "luksDump", disk_.path().string()}}).value();
  ASSERT_EQ(dump.exit_status, 0) << dump.err;
  for (const char* line : {"cipher: aes-xts-plain64", "sector: 4096 [bytes]", "offset: 16777216 [bytes]",
                           "Flags:       \t(no flags)", "0: ashlar", "1: ashlar-hmac"}) {
    EXPECT_NE(dump.out.find(line), std::string::npos) << line << "\n" << dump.out;
  }
  Disk key;
  ASSERT_TRUE(write_file(key.path(), key_of(0).bytes()));
  CommandOutput opened = run({.argv = {"cryptsetup", "open", "--test-passphrase", "--key-slot", "0", "--key-file",
                                       key.path().string(), disk_.path().string()}})
                             .value();
  EXPECT_EQ(opened.exit_status, 0) << opened.err;
}

TEST_F(VolumeTest, TheSameHeaderInOtherWordsOpens) {
  edit_header(disk_, [](Json&) {});
  EXPECT_TRUE(open(1, 1));
}

TEST_F(VolumeTest, RefusesANullCipherAndOtherOnes) {
  expect_foreign("segment 0: \"encryption\"", [](Json& j) { j["segments"]["0"]["encryption"] = "cipher_null-ecb"; });
  expect_foreign("segment 0: \"encryption\"", [](Json& j) { j["segments"]["0"]["encryption"] = "aes-cbc-plain64"; });
  expect_foreign("keyslot 1.area: \"encryption\"",
                 [](Json& j) { j["keyslots"]["1"]["area"]["encryption"] = "cipher_null-ecb"; });
  expect_foreign("keyslot 1.area: \"encryption\"",
                 [](Json& j) { j["keyslots"]["1"]["area"]["encryption"] = "aes-xts-plain"; });
}

TEST_F(VolumeTest, RefusesOtherSegments) {
  expect_foreign("segment 0: \"offset\"", [](Json& j) { j["segments"]["0"]["offset"] = "16781312"; });
  expect_foreign("segment 0: \"size\"", [](Json& j) { j["segments"]["0"]["size"] = "4096"; });
  expect_foreign("segment 0: \"iv_tweak\"", [](Json& j) { j["segments"]["0"]["iv_tweak"] = "8"; });
  expect_foreign("segment 0: \"sector_size\"", [](Json& j) { j["segments"]["0"]["sector_size"] = 512; });
  expect_foreign("segment 0 has a field", [](Json& j) { j["segments"]["0"]["flags"] = {"backup-moved-segment"}; });
  expect_foreign("segments has a field", [](Json& j) {
    j["segments"]["0"]["size"] = "4096";
    j["segments"]["1"] = {{"type", "linear"}, {"offset", "16781312"}, {"size", "dynamic"}};
  });
  expect_foreign("segment 0", [](Json& j) {
    j["segments"]["0"] = {{"type", "linear"}, {"offset", "16777216"}, {"size", "dynamic"}};
    j["digests"]["0"]["segments"] = Json::array();
  });
}

TEST_F(VolumeTest, RefusesRequirementsAndFlags) {
  expect_foreign("config has a field",
                 [](Json& j) { j["config"]["requirements"] = {{"mandatory", {"online-reencrypt-v2"}}}; });
  expect_foreign("config has a field",
                 [](Json& j) { j["config"]["requirements"] = {{"mandatory", {"offline-reencrypt"}}}; });
  expect_foreign("config has a field", [](Json& j) { j["config"]["flags"] = {"allow-discards"}; });
  expect_foreign("keyslot 2", [](Json& j) {
    j["keyslots"]["2"] = {{"type", "reencrypt"},
                          {"key_size", 1},
                          {"mode", "reencrypt"},
                          {"direction", "forward"},
                          {"area", {{"type", "none"}, {"offset", "1048576"}, {"size", "4096"}}}};
  });
  expect_foreign("keyslot 1 has a field", [](Json& j) { j["keyslots"]["1"]["priority"] = 2; });
  expect_foreign("keyslot 1.kdf: \"iterations\"", [](Json& j) { j["keyslots"]["1"]["kdf"]["iterations"] = 1001; });
  expect_foreign("digests has a field", [](Json& j) {
    j["digests"]["1"] = j["digests"]["0"];
    j["digests"]["1"]["keyslots"] = Json::array();
    j["digests"]["1"]["segments"] = Json::array();
  });
}

TEST_F(VolumeTest, RefusesAddedRemovedAndChangedParts) {
  expect_altered([](Json& j) {  // a keyslot of the right form
    j["keyslots"]["2"] = j["keyslots"]["1"];
    j["keyslots"]["2"]["area"]["offset"] = "1048576";
    j["digests"]["0"]["keyslots"].push_back("2");
  });
  expect_altered([](Json& j) {  // the recovery key goes
    j["keyslots"].erase("0");
    j["digests"]["0"]["keyslots"] = {"1"};
  });
  expect_altered([](Json& j) { j["tokens"]["2"] = j["tokens"]["0"]; });
  expect_altered([](Json& j) { j["tokens"].erase("0"); });
  expect_altered([](Json& j) { j["tokens"]["0"]["user"] = "u2"; });
  expect_altered([](Json& j) { j["keyslots"]["0"]["area"]["offset"] = "1048576"; });
  expect_altered([](Json& j) { j["keyslots"]["0"]["kdf"]["salt"] = j["keyslots"]["1"]["kdf"]["salt"]; });
  expect_foreign("token 2 is of a type",
                 [](Json& j) { j["tokens"]["2"] = {{"type", "systemd-tpm2"}, {"keyslots", {"1"}}}; });
  expect_refused(
      VolumeFailure::altered, "was altered", [](Json&) {},
      [](std::span<std::uint8_t> binary) { binary[168] = binary[168] == '1' ? '2' : '1'; });  // its identifier
}

TEST_F(VolumeTest, TheHmacCannotBeTalkedAway) {
  expect_refused(VolumeFailure::unfinished, "never finished", [](Json& j) { j["tokens"].erase("1"); });
  expect_altered([](Json& j) { j["tokens"]["1"]["hmac"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; });
  expect_altered([](Json& j) { j["tokens"]["1"]["changing"]["keyslots"] = {"0"}; });
  expect_foreign("two tokens", [](Json& j) { j["tokens"]["2"] = j["tokens"]["1"]; });
  expect_foreign("the HMAC token has a field", [](Json& j) { j["tokens"]["1"]["note"] = ""; });
}

TEST_F(VolumeTest, AnothersHeaderIsNotOpened) {
  Disk other;
  {
    UnlockedVolume volume = Volume::format(other.path()).value();
    ASSERT_TRUE(volume.begin({{1}, {}}));
    ASSERT_TRUE(volume.add_keyslot(1, key_of(66)));
    ASSERT_TRUE(volume.finish());
  }
  disk_.become(other);
  Result<UnlockedVolume> opened = open(1, 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind<VolumeFailure>(), VolumeFailure::wrong_key);
}

TEST_F(VolumeTest, WhatIsNoVolumeSaysSo) {
  auto failure = [&] {
    Result<Volume> volume = Volume::load(disk_.path());
    return volume ? std::nullopt : volume.error().kind<VolumeFailure>();
  };
  EXPECT_EQ(failure(), std::nullopt);  // the control
  Fd file = open_file(disk_.path(), O_RDWR).value();
  Bytes first(kMetadataSize);
  ASSERT_TRUE(read_at(file, 0, first));
  ASSERT_TRUE(write_at(file, 0, Bytes(kMetadataSize)));
  EXPECT_EQ(failure(), std::nullopt);  // the second copy is used
  ASSERT_TRUE(write_at(file, 0, Bytes(2 * kMetadataSize)));
  EXPECT_EQ(failure(), VolumeFailure::not_luks2);
  ASSERT_EQ(::ftruncate(file.get(), 100), 0);
  EXPECT_EQ(failure(), VolumeFailure::not_luks2);
  Result<Volume> nothing = Volume::load("/nonexistent/disk");
  EXPECT_FALSE(nothing);
}

// Each step of a password change, with the power cut after it.
TEST_F(VolumeTest, APowerCutAnywhereLeavesTheOldKeyOrBoth) {
  Disk before(disk_);
  for (int steps = 0; steps <= 8; ++steps) {
    disk_.become(before);
    {
      UnlockedVolume volume = open(1, 1).value();
      int done = 0;
      auto step = [&](Status status) {
        EXPECT_TRUE(status) << status.error().message();
        return ++done >= steps;
      };
      auto change = [&] {
        if (steps == 0) return;
        if (step(volume.begin({{2}, {2}}))) return;
        if (step(volume.add_keyslot(2, key_of(2)))) return;
        if (step(volume.put_token(2, build_user_token(user_token(1, 2))))) return;
        if (step(volume.finish())) return;
        if (step(volume.begin({{1}, {0}}))) return;
        if (step(volume.remove_token(0))) return;
        if (step(volume.remove_keyslot(1))) return;
        step(volume.finish());
      };
      change();
    }
    Result<UnlockedVolume> with_old = open(1, 1);
    Result<UnlockedVolume> with_new = open(2, 2);
    EXPECT_EQ(with_old.has_value(), steps < 7) << steps;
    EXPECT_EQ(with_new.has_value(), steps >= 2) << steps;
    Result<UnlockedVolume>& opened = steps < 4 ? with_old : with_new;
    ASSERT_TRUE(opened) << steps;
    bool unfinished = steps % 4 != 0;
    EXPECT_EQ(opened->unfinished().empty(), !unfinished) << steps;
    if (unfinished) {
      Status activated = opened->activate("ashlar-test");
      EXPECT_FALSE(activated);
      ASSERT_TRUE(opened->discard_unfinished()) << steps;
    }
    EXPECT_EQ(open(1, 1).has_value(), steps < 5) << steps;
    EXPECT_EQ(open(2, 2).has_value(), steps >= 4) << steps;
  }
}

// While a change is under way its parts are nobody's word: what is put there goes again.
TEST_F(VolumeTest, WhatIsSlippedIntoAnUnfinishedChangeGoes) {
  {
    UnlockedVolume volume = open(1, 1).value();
    ASSERT_TRUE(volume.begin({{2}, {2}}));
  }
  edit_header(disk_, [](Json& j) {
    j["keyslots"]["2"] = j["keyslots"]["1"];
    j["keyslots"]["2"]["area"]["offset"] = "1048576";
    j["digests"]["0"]["keyslots"].push_back("2");
    j["tokens"]["2"] = j["tokens"]["0"];
  });
  UnlockedVolume volume = open(1, 1).value();
  ASSERT_TRUE(volume.discard_unfinished());
  EXPECT_EQ(volume.metadata().keyslots, (std::set<unsigned>{0, 1}));
  EXPECT_EQ(volume.metadata().tokens.size(), 2U);
  EXPECT_TRUE(open(1, 1));
  // And nothing else can be.
  UnlockedVolume again = open(1, 1).value();
  ASSERT_TRUE(again.begin({{2}, {2}}));
  expect_altered([](Json& j) { j["tokens"]["3"] = j["tokens"]["0"]; });
}

TEST_F(VolumeTest, OnlyNamedPartsChange) {
  UnlockedVolume volume = open(0, 0).value();
  EXPECT_FALSE(volume.add_keyslot(2, key_of(2)));
  EXPECT_FALSE(volume.remove_keyslot(1));
  EXPECT_FALSE(volume.put_token(2, build_user_token(user_token(2, 1))));
  EXPECT_FALSE(volume.remove_token(0));
  EXPECT_FALSE(volume.begin({{}, {1}}));  // the HMAC itself
  ASSERT_TRUE(volume.begin({{2}, {}}));
  EXPECT_FALSE(volume.begin({{3}, {}}));
  EXPECT_FALSE(volume.remove_keyslot(1));
  ASSERT_TRUE(volume.add_keyslot(2, key_of(2)));
  EXPECT_FALSE(volume.add_keyslot(2, key_of(3)));
  ASSERT_TRUE(volume.finish());
  EXPECT_TRUE(open(2, 2));
}

TEST_F(VolumeTest, AnUnfinishedVolumeIsToldAsSuch) {
  {
    UnlockedVolume volume = Volume::format(disk_.path()).value();
    ASSERT_TRUE(volume.begin({{0}, {}}));
    ASSERT_TRUE(volume.add_keyslot(0, key_of(0)));
  }
  Result<UnlockedVolume> opened = open(0, 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind<VolumeFailure>(), VolumeFailure::unfinished);
}

TEST_F(VolumeTest, HoldsEightUsers) {
  UnlockedVolume volume = open(0, 0).value();
  UserToken token = user_token(1, 1);
  token.tpm = EnrolledTpm{
      {}, {{0, {}}, {2, {}}, {7, {}}}, {Bytes(128, 1), Bytes(256, 2)}, SealedBlobs{Bytes(128, 3), Bytes(256, 4)}};
  for (unsigned user = 2; user <= 8; ++user) {
    HeaderParts parts{{volume.free_keyslot()}, {volume.free_token()}};
    ASSERT_TRUE(volume.begin(parts));
    ASSERT_TRUE(volume.add_keyslot(*parts.keyslots.begin(), key_of(static_cast<std::uint8_t>(user))));
    token.user = user;
    token.keyslot = *parts.keyslots.begin();
    ASSERT_TRUE(volume.put_token(*parts.tokens.begin(), build_user_token(token)));
    ASSERT_TRUE(volume.finish());
  }
  EXPECT_TRUE(open(8, 8));
}

}  // namespace
}  // namespace ashlar
