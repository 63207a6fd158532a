// Signatures in PE images as UEFI Secure Boot checks them (Microsoft "Windows Authenticode Portable Executable
// Signature Format"; UEFI 2.10, 32.2.2 and 32.5.3.3). Host only.
#pragma once

#include "base/digest.h"
#include "format/signer.h"

namespace ashlar {

// The SHA-256 over everything but the checksum, the certificate table and the directory entry that points to it. An
// image whose size is no multiple of 8 is hashed as if padded with zeros, as signing pads it. Refuses images with bytes
// between headers and sections that no section claims: firmware would not hash them.
Result<Sha256Digest> authenticode_digest(ByteView pe);

// Signs with SHA-256 and no signing time: the same bytes every time. Signatures the image has are removed first; the
// checksum is set.
Result<Bytes> sign_pe(ByteView pe, const Signer& signer);

// The image has exactly one signature, by the key of exactly this certificate, over its digest, and nothing behind it.
Status verify_pe(ByteView pe, const X509Certificate& certificate);

// The image without its certificate table; unchanged when it has none. Padding that signing added stays.
Result<Bytes> remove_signatures(ByteView pe);

// What the certificate table says; nothing is verified.
struct PeSignature {
  ByteView pkcs7;       // DER
  Sha256Digest digest;  // that the signature is for
  std::string signer;   // subject of the signer's certificate, issuer and serial number when it is not enclosed
};
Result<std::vector<PeSignature>> pe_signatures(ByteView pe);

}  // namespace ashlar
