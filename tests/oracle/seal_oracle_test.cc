// tpm2-tools on the same TPM: what set-up leaves there is what the documents say, and what we sealed the world's tool
// unseals.
#include <tss2/tss2_tcti_swtpm.h>

#include "oracle_tpm.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_seal.h"

namespace ashlar::oracle {
namespace {

// Another way to the TPM that the tools talk to; one at a time.
Tpm connect(const OracleTpm& tpm) {
  std::string where = "path=" + tpm.file("tpm");
  std::size_t size = 0;
  EXPECT_EQ(Tss2_Tcti_Swtpm_Init(nullptr, &size, where.c_str()), TSS2_RC_SUCCESS);
  auto* memory = static_cast<TSS2_TCTI_CONTEXT*>(std::calloc(1, size));
  EXPECT_EQ(Tss2_Tcti_Swtpm_Init(memory, &size, where.c_str()), TSS2_RC_SUCCESS);
  return Tpm::over(Tcti(memory)).value();
}

void expect_says(const std::string& output, std::initializer_list<const char*> lines) {
  for (const char* line : lines) EXPECT_NE(output.find(line), output.npos) << line << " in:\n" << output;
}

TEST(Seal, IsWhatTpm2ToolsSeeAndOpen) {
  OracleTpm tpm;
  Secret secret = Secret::copy_of(Bytes(32, 0x5e)).value();
  Secret auth = Secret::copy_of(Bytes(32, 0xa5)).value();
  TpmName name;
  {
    Tpm ours = connect(tpm);
    name = TpmStorageKey::establish(ours, nullptr).value();
    TpmStorageKey key = TpmStorageKey::open(ours, name).value();
    ASSERT_TRUE(set_lockout_parameters(ours, key, nullptr, {}));
    Sha256Digest policy = PolicyDigest().pcr({{15, {}}}).auth_value().value();
    SealedBlobs blobs = seal(ours, key, secret, auth, policy).value();
    ASSERT_TRUE(write_file(tpm.file("public"), blobs.public_area));
    ASSERT_TRUE(write_file(tpm.file("private"), blobs.private_area));
    ASSERT_TRUE(change_authorization(ours, key, TpmAuthority::owner, nullptr, auth));
  }

  std::string seen = succeed({"tpm2_readpublic", "-c", "0x81000001", "-n", tpm.file("name")});
  expect_says(seen, {"value: fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt",
                     "value: NIST p256", "value: aes", "sym-keybits: 128", "value: cfb"});
  EXPECT_EQ(content_of(tpm.file("name")), Bytes(name.bytes.begin(), name.bytes.end()));

  expect_says(succeed({"tpm2_getcap", "properties-variable"}),
              {"ownerAuthSet:              1", "lockoutAuthSet:            0", "TPM2_PT_MAX_AUTH_FAIL: 0xA",
               "TPM2_PT_LOCKOUT_INTERVAL: 0x1C20", "TPM2_PT_LOCKOUT_RECOVERY: 0x15180"});

  succeed(
      {"tpm2_load", "-C", "0x81000001", "-u", tpm.file("public"), "-r", tpm.file("private"), "-c", tpm.file("object")});
  expect_says(succeed({"tpm2_print", "-t", "TPM2B_PUBLIC", tpm.file("public")}),
              {"value: fixedtpm|fixedparent|adminwithpolicy"});
  auto unseal_with = [&](std::uint8_t value) {
    succeed({"tpm2_flushcontext", "--transient-object"});
    TpmSession session(tpm, SessionKind::kPolicy);
    session.run("policypcr", {"-l", "sha256:15"});
    session.run("policyauthvalue", {});
    return tool(
        {"tpm2_unseal", "-c", tpm.file("object"), "-p", session.authorization("hex:" + to_hex(Bytes(32, value)))});
  };
  CommandOutput opened = unseal_with(0xa5);
  EXPECT_EQ(opened.exit_status, 0) << opened.err;
  EXPECT_EQ(opened.out, std::string(32, 0x5e));
  EXPECT_NE(unseal_with(0xa6).exit_status, 0);
  tpm.extend(15, sha256(std::string_view("ended")));
  EXPECT_NE(unseal_with(0xa5).exit_status, 0);
}

}  // namespace
}  // namespace ashlar::oracle
