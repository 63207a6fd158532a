#include "format/dsse.h"

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::impostor;
using testing::owner;

constexpr std::string_view kType = "application/vnd.in-toto+json";

TEST(DssePae, IsTheSpecificationsVector) {
  EXPECT_EQ(as_text(dsse_pae("http://example.com/HelloWorld", as_bytes("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(as_text(dsse_pae("", {})), "DSSEv1 0  0 ");
}

TEST(Dsse, ReadsTheSpecificationsEnvelope) {
  DsseEnvelope envelope = parse_dsse(as_bytes(R"({"payload": "aGVsbG8gd29ybGQ=",
      "payloadType": "http://example.com/HelloWorld", "signatures": [{"sig": "AAEC"}], "later": 1})"))
                              .value();
  EXPECT_EQ(envelope.payload_type, "http://example.com/HelloWorld");
  EXPECT_EQ(as_text(envelope.payload), "hello world");
  EXPECT_EQ(envelope.signatures.at(0).signature, (Bytes{0, 1, 2}));
}

TEST(Dsse, SignsTheSameBytesAndGivesThemBack) {
  for (std::string_view payload : {"", "a", "ab", "abc", R"({"_type": "statement"})"}) {
    std::string text = sign_dsse(owner(), kType, as_bytes(payload)).value();
    EXPECT_EQ(text, sign_dsse(owner(), kType, as_bytes(payload)).value());
    DsseEnvelope envelope = parse_dsse(as_bytes(text)).value();
    EXPECT_EQ(as_text(envelope.payload), payload);
    EXPECT_EQ(envelope.signatures.at(0).key_id, dsse_key_id(owner().certificate).value());
    EXPECT_TRUE(verify_dsse(envelope, owner().certificate));
  }
}

TEST(Dsse, VerifiesNothingElse) {
  DsseEnvelope signed_one = parse_dsse(as_bytes(sign_dsse(owner(), kType, as_bytes("payload")).value())).value();
  ASSERT_TRUE(verify_dsse(signed_one, owner().certificate)) << "the control";
  EXPECT_NE(error_of(verify_dsse(signed_one, impostor().certificate)).find("no signature by CN=owner"),
            std::string::npos);
  for (std::size_t i = 0; i < signed_one.payload.size(); ++i) {
    DsseEnvelope changed = signed_one;
    changed.payload[i] ^= 1;
    EXPECT_FALSE(verify_dsse(changed, owner().certificate)) << i;
  }
  DsseEnvelope other_type = signed_one;
  other_type.payload_type = "application/json";
  EXPECT_FALSE(verify_dsse(other_type, owner().certificate)) << "the type is signed";
  DsseEnvelope hinted = signed_one;
  hinted.signatures[0].key_id = "somebody else";
  EXPECT_TRUE(verify_dsse(hinted, owner().certificate)) << "the key's name is only a hint";
  // A foreign signature beside the owner's changes nothing.
  hinted.signatures.insert(hinted.signatures.begin(), DsseSignature{"", Bytes(256)});
  EXPECT_TRUE(verify_dsse(hinted, owner().certificate));
}

TEST(Dsse, RefusesWhatIsNoEnvelope) {
  auto refused = [](std::string_view text) { return error_of(parse_dsse(as_bytes(text))); };
  EXPECT_EQ(refused(""), "not a DSSE envelope: not JSON");
  EXPECT_EQ(refused("{} {}"), "not a DSSE envelope: not JSON");
  EXPECT_EQ(refused("[]"), "not a DSSE envelope: an object is missing");
  EXPECT_EQ(refused("{}"), "not a DSSE envelope: there is no \"payloadType\"");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": 1})"), "not a DSSE envelope: there is no \"payload\"");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": "YQ"})"), "the payload: not base64: 2 characters");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": "YR=="})"),
            "the payload: not base64: the last character stands for more than there is");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": ""})"), "not a DSSE envelope: there is no signature");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": "", "signatures": []})"),
            "not a DSSE envelope: there is no signature");
  EXPECT_EQ(refused(R"({"payloadType": "t", "payload": "", "signatures": [1]})"),
            "not a DSSE envelope: an object is missing");
}

}  // namespace
}  // namespace ashlar
