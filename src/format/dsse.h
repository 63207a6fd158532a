// Signed statements in DSSE envelopes (secure-systems-lab/dsse, protocol.md and envelope.md, 1.0.2). Host only.
//
//     {"payloadType": "application/vnd.in-toto+json", "payload": "<base64>",
//      "signatures": [{"keyid": "<SHA-256 of the key>", "sig": "<base64>"}]}
#pragma once

#include "format/signer.h"

namespace ashlar {

struct DsseSignature {
  std::string key_id;  // a hint which key to try, not signed itself; may be empty
  Bytes signature;
};

struct DsseEnvelope {
  std::string payload_type;
  Bytes payload;
  std::vector<DsseSignature> signatures;  // never empty
};

// What is signed: "DSSEv1 <length of type> <type> <length of payload> <payload>", so that the type is signed as well.
Bytes dsse_pae(std::string_view payload_type, ByteView payload);

// SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER), hexadecimal.
Result<std::string> dsse_key_id(const X509Certificate& certificate);

// The payload in an envelope with one signature, RSA PKCS #1 v1.5 with SHA-256: the same bytes every time, from a key
// in a file or in a token.
Result<std::string> sign_dsse(const Signer& signer, std::string_view payload_type, ByteView payload);

// Standard base64 with padding only; fields the specification does not name are ignored, as it says. Nothing of it is
// believed before verify_dsse.
Result<DsseEnvelope> parse_dsse(ByteView json);

// One of the signatures was made by the key of `certificate` over exactly this type and payload.
Status verify_dsse(const DsseEnvelope& envelope, const X509Certificate& certificate);

}  // namespace ashlar
