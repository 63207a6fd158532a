#include "data/password_key.h"

#include <gtest/gtest.h>

#include "data/testing.h"

namespace ashlar {
namespace {

using testing::secret_of;

std::string hex(const Secret& secret) { return to_hex(secret.bytes()); }
Bytes range(unsigned first, unsigned end) {
  Bytes bytes;
  for (unsigned value = first; value < end; ++value) bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

TEST(Argon2id, GivesTheTagOfRfc9106) {  // 5.3
  std::array<std::uint8_t, 32> tag{};
  Bytes password(32, 1);
  Bytes salt(16, 2);
  Bytes secret(8, 3);
  Bytes associated(12, 4);
  ASSERT_TRUE(argon2id({password, salt, secret, associated, 32, 3, 4}, tag));
  EXPECT_EQ(to_hex(tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
  EXPECT_FALSE(argon2id({password, ByteView(salt).first(4), secret, associated, 32, 3, 4}, tag));
}

// The inputs of RFC 5869, appendix A.1 to A.3; the outputs for SHA-512, which it does not have, from `openssl kdf` and
// from Python's hmac, which agree.
TEST(Hkdf, GivesWhatOthersGive) {
  Bytes key(22, 0x0b);
  Bytes salt = range(0, 13);
  Bytes label = range(0xf0, 0xfa);
  EXPECT_EQ(hex(hkdf_sha512({key, salt, as_text(label)}, 42).value()),
            "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb");
  EXPECT_EQ(hex(hkdf_sha512({key, {}, {}}, 42).value()),
            "f5fa02b18298a72a8c23898a8703472c6eb179dc204c03425c970e3b164bf90fff22d04836d0e2343bac");
  key = range(0, 80);
  salt = range(96, 176);
  label = range(176, 256);
  EXPECT_EQ(
      hex(hkdf_sha512({key, salt, as_text(label)}, 82).value()),
      "ce6c97192805b346e6161e821ed165673b84f400a2b514b2fe23d84cd189ddf1b695b48cbd1c8388441137b3ce28f16aa64ba33ba466b24d"
      "f6cfcb021ecff235f6a2056ce3af1de44d572097a8505d9e7a93");
}

// What Debian's argon2 and `openssl kdf` make of the same password: it must never change.
TEST(PasswordKeys, AreWhatTheWorldsToolsGive) {
  Argon2idParameters parameters{64 * 1024, 1, 2, {}};
  std::ranges::copy(std::string_view("0123456789abcdef0123456789abcdef"), parameters.salt.begin());
  PasswordKeys keys = derive_password_keys(secret_of("correct horse battery staple"), parameters).value();
  EXPECT_EQ(hex(keys.tpm_auth), "2f512a5de03c614e2504cb91cbbbebdfde01298b3e430d0c528e4f7e01466433");
  EXPECT_EQ(hex(keys.luks), "67035515942844988d452a4a58e3c09e9101c8772513b19149052e5fa3918d0c");
  EXPECT_EQ(hex(keys.home), "a40ad48e04bafb1f5361331fe07b195679b5c8dd70c9a1566771f85e4e0f027d");
  Secret tpm = Secret::copy_of(Bytes(32, 0x5a)).value();
  EXPECT_EQ(
      hex(keyslot_key(keys.luks, tpm).value()),
      "3319b1310aff827509fd269fd76fbe0f707f40e9f31f5b1513e75d829d6a97426660a0427c71a85b99778222f91952ecaba95c2bf114c67c"
      "5fe71496cabb4b8c");
  EXPECT_EQ(
      hex(keyslot_key_without_tpm(keys.luks).value()),
      "42d235db3a9ba9b9780a3658b30918b77a57664d1dac3cf7ea862883b6f0dd0f0ca6db9bfde87fc41bba05abe978bdecccb661f2bb011a0a"
      "98f870691a4b267c");
}

TEST(PasswordKeys, EveryByteOfAPasswordCounts) {
  Argon2idParameters parameters{kLeastArgon2idMemory, 1, 1, {}};
  std::set<std::string> seen;
  std::string long_one(1024, 'x');
  for (std::string_view text :
       {std::string_view(""), std::string_view("a"), std::string_view("a\0", 2), std::string_view("a\0b", 3),
        std::string_view(long_one), std::string_view(long_one).substr(1), std::string_view("pässwörd")}) {
    PasswordKeys keys = derive_password_keys(secret_of(text), parameters).value();
    EXPECT_TRUE(seen.insert(hex(keys.tpm_auth)).second);
    EXPECT_TRUE(seen.insert(hex(keys.luks)).second);
    EXPECT_TRUE(seen.insert(hex(keys.home)).second);
  }
  parameters.salt[31] = 1;
  EXPECT_TRUE(seen.insert(hex(derive_password_keys(secret_of("a"), parameters).value().luks)).second);
}

TEST(PasswordKeys, HalvesHaveOneSize) {
  Secret half = Secret::of_size(32).value();
  EXPECT_TRUE(keyslot_key(half, half));
  EXPECT_FALSE(keyslot_key(Secret::of_size(31).value(), Secret::of_size(33).value()));
  EXPECT_FALSE(keyslot_key_without_tpm(Secret::of_size(64).value()));
}

TEST(Argon2idParameters, WeakAndHostileOnesAreRefused) {
  Argon2idParameters good{512 * 1024, 3, 4, {}};
  EXPECT_TRUE(check_argon2id(good));
  auto with = [&](auto change) {
    Argon2idParameters parameters = good;
    change(parameters);
    return check_argon2id(parameters).has_value();
  };
  EXPECT_FALSE(with([](auto& p) { p.memory_kib = 1024; }));
  EXPECT_FALSE(with([](auto& p) { p.memory_kib = 0xffffffff; }));
  EXPECT_FALSE(with([](auto& p) { p.passes = 0; }));
  EXPECT_FALSE(with([](auto& p) { p.passes = 1000000; }));
  EXPECT_FALSE(with([](auto& p) { p.lanes = 0; }));
  EXPECT_FALSE(with([](auto& p) { p.lanes = 1000; }));
  EXPECT_FALSE(derive_password_keys(secret_of("a"), {1024, 1, 1, {}}));
}

TEST(Calibration, FollowsMemoryAndSpeed) {
  constexpr std::uint64_t kGiB = 1 << 20;  // KiB
  EXPECT_EQ(least_argon2id_memory({16 * kGiB, 8}), 512U * 1024);
  EXPECT_EQ(least_argon2id_memory({4 * kGiB, 8}), 512U * 1024);
  EXPECT_EQ(least_argon2id_memory({2 * kGiB, 8}), 512U * 1024);  // a quarter
  EXPECT_EQ(least_argon2id_memory({1 * kGiB, 8}), 256U * 1024);
  EXPECT_EQ(least_argon2id_memory({kGiB / 8, 8}), 64U * 1024);

  using Seconds = std::chrono::duration<double>;
  auto choose = [](Machine machine, double one_pass) {
    return choose_argon2id(machine, Seconds(one_pass), Seconds(1));
  };
  Argon2idParameters slow = choose({16 * kGiB, 2}, 3.0);  // never less than one pass over the least
  EXPECT_EQ(slow.memory_kib, 512U * 1024);
  EXPECT_EQ(slow.passes, 1U);
  EXPECT_EQ(slow.lanes, 2U);
  Argon2idParameters usual = choose({16 * kGiB, 8}, 0.25);
  EXPECT_EQ(usual.memory_kib, 682U * 1024);
  EXPECT_EQ(usual.passes, 3U);
  EXPECT_EQ(usual.lanes, 4U);
  Argon2idParameters fast = choose({16 * kGiB, 8}, 0.05);
  EXPECT_EQ(fast.passes, 10U);
  EXPECT_EQ(fast.memory_kib, 1024U * 1024);
  Argon2idParameters small = choose({1 * kGiB, 4}, 0.02);  // memory is at its end: more passes
  EXPECT_EQ(small.memory_kib, 256U * 1024);
  EXPECT_EQ(small.passes, 50U);
  for (double one_pass : {0.0, 1e-9, 0.01, 0.1, 1.0, 100.0}) {
    for (std::uint64_t memory : {kGiB / 16, kGiB, 3 * kGiB, 8 * kGiB, 1024 * kGiB}) {
      Argon2idParameters chosen = choose({memory, 4}, one_pass);
      EXPECT_TRUE(check_argon2id(chosen)) << one_pass << " " << memory;
      EXPECT_GE(chosen.memory_kib, least_argon2id_memory({memory, 4}));
    }
  }
}

TEST(Calibration, IsDoneOnThisMachine) {
  Machine machine = this_machine().value();
  EXPECT_GT(machine.memory_kib, 1U << 20);
  Argon2idParameters first = calibrate_argon2id({kLeastArgon2idMemory * 4, 2}, std::chrono::milliseconds(100)).value();
  EXPECT_TRUE(check_argon2id(first));
  EXPECT_EQ(first.memory_kib, kLeastArgon2idMemory);
  Argon2idParameters second = calibrate_argon2id({kLeastArgon2idMemory * 4, 2}, std::chrono::milliseconds(100)).value();
  EXPECT_NE(first.salt, second.salt);
}

}  // namespace
}  // namespace ashlar
