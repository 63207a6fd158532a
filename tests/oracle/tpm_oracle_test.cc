// tpm2-tools on a software TPM: names, policy digests, and the whole of what an image may and may not do with the
// policies that its owner signed.
#include <openssl/pem.h>

#include <algorithm>

#include "format/pcr.h"
#include "format/pcr_signer.h"
#include "oracle_tpm.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::impostor;
using testing::owner;

const std::string kIndex = handle_text(kRollbackHandle);
constexpr const char* kImagePcrs = "sha256:11,12,13";

Sha256Digest random_digest(std::mt19937_64& random) { return sha256(random_bytes(random, 32)); }

std::string pcr_list(const PcrValues& values) {
  std::string list = "sha256:";
  for (const auto& [number, value] : values) list += std::to_string(number) + ",";
  list.pop_back();
  return list;
}

// "name: 000b..." as several tools print it.
std::string printed_name(const std::string& said) {
  std::size_t at = said.find("name: ");
  return at == said.npos ? said : said.substr(at + 6, 68);
}

RsaPublicKey public_key(const Signer& signer) { return rsa_public_key_of(signer.certificate).value(); }

// Loads the public key under the context file `name`; gives the name the TPM has for it.
std::string load_key(const OracleTpm& tpm, const Signer& signer, const std::string& name) {
  std::string pem = tpm.put(name + ".pem", as_bytes(public_key(signer).pem()));
  return printed_name(
      succeed_with_objects({"tpm2_loadexternal", "-C", "o", "-G", "rsa", "-u", pem, "-c", tpm.file(name)}));
}

void define_index(const OracleTpm& tpm, const Sha256Digest& auth_policy) {
  std::string policy = tpm.put("nv.policy", auth_policy.bytes);
  succeed({"tpm2_nvdefine", kIndex, "-C", "o", "-a", "nt=bits|policywrite|authread|no_da", "-L", policy});
}

TEST(TpmOracle, KeysHaveTheNamesATpmGivesThem) {
  OracleTpm tpm;
  for (const Signer* signer : {&owner(), &impostor()}) {
    EXPECT_EQ(load_key(tpm, *signer, "key"), public_key(*signer).name().hex());
    std::string area = tpm.file("public");
    succeed_with_objects({"tpm2_readpublic", "-c", tpm.file("key"), "-o", area});
    Bytes theirs = content_of(area);
    EXPECT_EQ(to_hex(ByteView(theirs).subspan(2)), to_hex(rsa2048_public_area(public_key(*signer).modulus)));
  }
}

TEST(TpmOracle, TheIndexHasTheNameATpmGivesIt) {
  OracleTpm tpm;
  RollbackIndex index(public_key(owner()).name());
  define_index(tpm, index.auth_policy());
  std::string said = succeed({"tpm2_nvreadpublic", kIndex});
  EXPECT_EQ(printed_name(said), index.name_before_first_write().hex());
  EXPECT_NE(said.find("size: 8"), said.npos) << said;
}

// Commands drawn at random, put to a trial session and to PolicyDigest: the digests agree after each.
class RandomPolicy {
 public:
  RandomPolicy(const OracleTpm& tpm, std::mt19937_64& random, const TpmName& index)
      : tpm_(tpm), random_(random), index_(index), session_(tpm, SessionKind::kTrial) {}

  void step() {
    switch (random_() % 6) {
      case 0:
        return pcr();
      case 1:
        return nv();
      case 2:
        return authorize();
      case 3:
        session_.run("policyauthvalue", {});
        ours_.auth_value();
        return;
      case 4:
        session_.run("policycommandcode", {"TPM2_CC_Unseal"});
        ours_.command_code(0x15e);
        return;
      default:
        return cp_hash();
    }
  }
  void expect_same() const { EXPECT_EQ(ours_.value().hex(), session_.digest().hex()) << "ASHLAR_SEED=" << seed(); }

 private:
  void pcr() {
    PcrValues values;  // the tool takes eight
    Bytes in_order;
    for (unsigned number = 0; number < 24; ++number) {
      if ((random_() % 4 == 0 && values.size() < 7) || number == 23) values[number] = random_digest(random_);
    }
    for (const auto& [number, value] : values) append(in_order, value.bytes);
    session_.run("policypcr", {"-l", pcr_list(values), "-f", tpm_.put("pcrs", in_order)});
    ours_.pcr(values);
  }
  void nv() {
    constexpr std::array<std::pair<const char*, TpmCompare>, 3> kOperations = {
        std::pair{"eq", TpmCompare::kEqual}, {"bs", TpmCompare::kBitsSet}, {"bc", TpmCompare::kBitsClear}};
    auto [name, operation] = kOperations[random_() % kOperations.size()];
    auto offset = static_cast<std::uint16_t>(random_() % 8);
    Bytes operand = random_bytes(random_, 1 + random_() % (8 - offset));
    session_.run("policynv", {"-C", kIndex, "-i", tpm_.put("operand", operand), "--offset=" + std::to_string(offset),
                              kIndex, name});
    ours_.nv(index_, operand, offset, operation);
  }
  void authorize() {
    TpmName key = tpm_name(random_bytes(random_, 10));
    Bytes reference = random_bytes(random_, 1 + random_() % 32);
    session_.run("policyauthorize", {"-n", tpm_.put("name", key.bytes), "-q", tpm_.put("reference", reference), "-i",
                                     tpm_.put("approved", Bytes(32))});
    ours_.authorize(key, reference);
  }
  void cp_hash() {
    Sha256Digest hash = random_digest(random_);
    Bytes sized;
    append(sized, bytes_of(Be16(hash.bytes.size())));
    append(sized, hash.bytes);
    TpmSession fresh(tpm_, SessionKind::kTrial);  // a session takes one
    fresh.run("policycphash", {"--cphash-input", tpm_.put("cphash", sized)});
    EXPECT_EQ(PolicyDigest().cp_hash(hash).value().hex(), fresh.digest().hex());
  }

  const OracleTpm& tpm_;
  std::mt19937_64& random_;
  TpmName index_;
  TpmSession session_;
  PolicyDigest ours_;
};

TEST(TpmOracle, PolicyDigestsAreATpms) {
  OracleTpm tpm;
  std::mt19937_64 random(seed());
  define_index(tpm, {});
  std::string name = printed_name(succeed({"tpm2_nvreadpublic", kIndex}));
  TpmName index;
  Bytes bytes = from_hex(name).value();
  ASSERT_EQ(bytes.size(), index.bytes.size());
  std::ranges::copy(bytes, index.bytes.begin());
  for (int round = 0; round < 8; ++round) {
    RandomPolicy policy(tpm, random, index);
    policy.expect_same();
    for (int step = 0; step < 6; ++step) {
      policy.step();
      policy.expect_same();
    }
  }
}

TEST(TpmOracle, SetBitsHasTheParameterHashOfTheTool) {
  OracleTpm tpm;
  RollbackIndex index(public_key(owner()).name());
  define_index(tpm, index.auth_policy());
  std::string name = tpm.put("name", index.name_before_first_write().bytes);
  for (std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63}) {
    std::string out = tpm.file("cphash");
    fs::remove(out);
    succeed({"tpm2_nvsetbits", kIndex, "-C", kIndex, "-i", "0x" + to_hex(bytes_of(Be64(bits))), "--cphash", out});
    Bytes theirs = content_of(out);
    Sha256Digest ours = nv_set_bits_cp_hash(index.name_before_first_write(), index.name_before_first_write(), bits);
    EXPECT_EQ(to_hex(ByteView(theirs).last(32)), ours.hex());
  }
}

// A machine whose owner has set up /data: the index is there and written, a secret is sealed, PCR 11 is what the image
// leaves.
class Sealed : public ::testing::Test {
 protected:
  static constexpr const char* kPassword = "half-of-a-password";
  static constexpr const char* kSecret = "the secret of /data";

  void SetUp() override {
    boot(sha256("the image"));
    load_key(tpm_, owner(), "key");
    define_index(tpm_, index_.auth_policy());
    CommandOutput first = write(policies_of(3), Write::kFirst, 0);
    ASSERT_EQ(first.exit_status, 0) << first.err;
    seal();
  }

  // The PCRs as they are after this image started.
  void boot(const Sha256Digest& measured) {
    pcr_11_ = Pcr().extend(measured).value();
    tpm_.extend(11, measured);
    for (unsigned pcr : {0U, 2U, 7U}) tpm_.extend(pcr, sha256("firmware"));
    Sha256Digest firmware = Pcr().measure(as_bytes("firmware")).value();
    enrolled_ = {{0, firmware}, {2, firmware}, {7, firmware}};
  }
  void seal() {
    std::string policy = tpm_.put("data.policy", data_policy(key_.name(), enrolled_).bytes);
    succeed_with_objects({"tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", tpm_.file("root")});
    succeed_with_objects({"tpm2_create", "-C", tpm_.file("root"), "-i", tpm_.put("secret", as_bytes(kSecret)), "-L",
                          policy, "-p", kPassword, "-a", "fixedtpm|fixedparent", "-u", tpm_.file("sealed.pub"), "-r",
                          tpm_.file("sealed.priv")});
  }
  [[nodiscard]] PcrSignature policies_of(unsigned epoch) const {
    return sign_image_policies(owner(), pcr_11_, Epoch::from(epoch).value()).value();
  }

  // TPM2_VerifySignature, then TPM2_PolicyAuthorize with its ticket.
  CommandOutput authorize(const TpmSession& session, const Sha256Digest& approved, const RsaSignature& signature,
                          std::string_view reference) {
    std::string message = tpm_.put("message", policy_approval(approved, as_bytes(reference)));
    CommandOutput verified =
        with_objects({"tpm2_verifysignature", "-c", tpm_.file("key"), "-g", "sha256", "-f", "rsassa", "-m", message,
                      "-s", tpm_.put("signature", signature), "-t", tpm_.file("ticket")});
    if (verified.exit_status != 0) return verified;
    return session.try_to("policyauthorize",
                          {"-i", tpm_.put("approved", approved.bytes), "-n", tpm_.put("key.name", key_.name().bytes),
                           "-q", tpm_.put("reference", as_bytes(reference)), "-t", tpm_.file("ticket")});
  }

  enum class Write { kFirst, kBit };
  CommandOutput write(const PcrSignature& signature, Write which, std::uint64_t bits) {
    TpmSession session(tpm_, SessionKind::kPolicy);
    session.run("policypcr", {"-l", kImagePcrs});
    const TpmName& name = which == Write::kFirst ? index_.name_before_first_write() : index_.name();
    std::uint64_t allowed = which == Write::kFirst ? 0 : signature.epoch.bit();
    Bytes sized;
    append(sized, bytes_of(Be16(32)));
    append(sized, nv_set_bits_cp_hash(name, name, allowed).bytes);
    session.run("policycphash", {"--cphash-input", tpm_.put("cphash", sized)});
    bool first = which == Write::kFirst;
    CommandOutput authorized = authorize(session, first ? signature.policies.first_write : signature.policies.write,
                                         first ? signature.first_write : signature.write, kRollbackWriteRef);
    if (authorized.exit_status != 0) return authorized;
    return tool({"tpm2_nvsetbits", kIndex, "-C", kIndex, "-P", session.authorization(), "-i",
                 "0x" + to_hex(bytes_of(Be64(bits)))});
  }

  CommandOutput unseal(const PcrSignature& signature, const std::string& password = kPassword) {
    TpmSession session(tpm_, SessionKind::kPolicy);
    session.run("policypcr", {"-l", kImagePcrs});
    Be64 retiring(signature.epoch.bits_above());
    CommandOutput index =
        session.try_to("policynv", {"-C", kIndex, "-i", tpm_.put("operand", bytes_of(retiring)), kIndex, "bc"});
    if (index.exit_status != 0) return index;
    CommandOutput authorized = authorize(session, signature.policies.unseal, signature.unseal, kUnsealRef);
    if (authorized.exit_status != 0) return authorized;
    session.run("policypcr", {"-l", pcr_list(enrolled_)});
    session.run("policypcr", {"-l", "sha256:15"});
    session.run("policyauthvalue", {});
    succeed_with_objects({"tpm2_load", "-C", tpm_.file("root"), "-u", tpm_.file("sealed.pub"), "-r",
                          tpm_.file("sealed.priv"), "-c", tpm_.file("sealed")});
    return with_objects({"tpm2_unseal", "-c", tpm_.file("sealed"), "-p", session.authorization(password)});
  }
  void expect_unseals(const PcrSignature& signature) {
    CommandOutput out = unseal(signature);
    EXPECT_EQ(out.exit_status, 0) << out.err;
    EXPECT_EQ(out.out, kSecret);
  }
  static void expect_refused(const CommandOutput& out, const std::string& code) {
    EXPECT_NE(out.exit_status, 0);
    EXPECT_NE(out.err.find(code), std::string::npos) << out.err;
  }

  OracleTpm tpm_;
  RsaPublicKey key_ = public_key(owner());
  RollbackIndex index_{key_.name()};
  Sha256Digest pcr_11_;
  PcrValues enrolled_;
};

constexpr const char* kPolicyFailed = "0x126";    // TPM_RC_POLICY: PolicyNV's comparison
constexpr const char* kWrongPolicy = "0x99D";     // TPM_RC_POLICY_FAIL, session 1
constexpr const char* kWrongAuthValue = "0x98E";  // TPM_RC_AUTH_FAIL, session 1
constexpr const char* kOtherApproval = "0x1C4";   // TPM_RC_VALUE, parameter 1: the digest is not the approved one
constexpr const char* kBadSignature = "0x2DB";    // TPM_RC_SIGNATURE, parameter 2
constexpr const char* kOtherParameters = "0x99D";

TEST_F(Sealed, ANewImageNeedsNoNewSealing) {
  EXPECT_EQ(printed_name(succeed({"tpm2_nvreadpublic", kIndex})), index_.name().hex()) << "it is written";
  expect_unseals(policies_of(3));
  expect_unseals(policies_of(0));
  tpm_.power_cycle();
  boot(sha256("another image"));
  load_key(tpm_, owner(), "key");
  succeed_with_objects({"tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", tpm_.file("root")});
  expect_unseals(policies_of(3));
}

TEST_F(Sealed, ABitAboveTheEpochRetires) {
  PcrSignature third = policies_of(3);
  expect_unseals(third);
  CommandOutput own_bit = write(third, Write::kBit, 1 << 3);
  ASSERT_EQ(own_bit.exit_status, 0) << own_bit.err;
  expect_unseals(third);
  expect_refused(unseal(policies_of(2)), kPolicyFailed);
  ASSERT_EQ(write(policies_of(4), Write::kBit, 1 << 4).exit_status, 0);
  expect_refused(unseal(third), kPolicyFailed);
  expect_unseals(policies_of(4));
  expect_unseals(policies_of(63));
}

TEST_F(Sealed, OnlyTheSignedBitIsSet) {
  PcrSignature third = policies_of(3);
  expect_refused(write(third, Write::kBit, 1 << 4), kOtherParameters);
  expect_refused(write(third, Write::kBit, 0x18), kOtherParameters);
  expect_refused(write(third, Write::kFirst, 0), kOtherParameters);  // its name was another one then
  CommandOutput without = tool({"tpm2_nvsetbits", kIndex, "-C", kIndex, "-i", "8"});
  EXPECT_NE(without.exit_status, 0) << "without a policy";
  EXPECT_NE(tool({"tpm2_nvsetbits", kIndex, "-C", "o", "-i", "8"}).exit_status, 0) << "as the TPM's owner";
  EXPECT_EQ(write(third, Write::kBit, 1 << 3).exit_status, 0) << "the control";
  EXPECT_EQ(write(third, Write::kBit, 1 << 3).exit_status, 0) << "it may be said again";
}

TEST_F(Sealed, OnlyTheImageThatWasSigned) {
  PcrSignature third = policies_of(3);
  expect_unseals(third);
  tpm_.extend(11, sha256("something else"));
  expect_refused(unseal(third), kOtherApproval);
  expect_refused(write(third, Write::kBit, 1 << 3), kOtherApproval);
  pcr_11_ = extend(pcr_11_, sha256("something else"));
  expect_unseals(policies_of(3));
  tpm_.extend(12, sha256("a credential"));
  expect_refused(unseal(policies_of(3)), kOtherApproval);
}

TEST_F(Sealed, OnlyByTheOwnersKey) {
  PcrSignature third = policies_of(3);
  PcrSignature forged = third;
  forged.unseal = sign_image_policies(impostor(), pcr_11_, third.epoch)->unseal;
  expect_refused(unseal(forged), kBadSignature);
  PcrSignature swapped = third;  // signed, but for writing
  swapped.unseal = third.write;
  expect_refused(unseal(swapped), kBadSignature);
  expect_unseals(third);
}

TEST_F(Sealed, OnlyOnThisMachineInTimeWithThePassword) {
  PcrSignature third = policies_of(3);
  expect_refused(unseal(third, "another"), kWrongAuthValue);
  expect_unseals(third);
  tpm_.extend(15, sha256("unlocking ended"));
  expect_refused(unseal(third), kWrongPolicy);
  tpm_.power_cycle();
  boot(sha256("the image"));
  load_key(tpm_, owner(), "key");
  succeed_with_objects({"tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", tpm_.file("root")});
  expect_unseals(third);
  tpm_.extend(7, sha256("another key in db"));
  expect_refused(unseal(third), kWrongPolicy);
}

}  // namespace
}  // namespace ashlar
