// Key sets: PK, KEK and db for Secure Boot, and the key that signs PCR policies.
//
// A set is a directory (0700) of PEM files (0600), or the objects named PK, KEK, db and pcr of a PKCS#11 token. Each
// key has a certificate; its subject says what the key is for and, as organizational unit, which variant the set signs.
#pragma once

#include <string>

#include "base/fd.h"
#include "format/signer.h"
#include "image/variant.h"

namespace ashlar::image {

struct KeySet {
  Variant variant;
  Signer platform;      // PK: signs changes of PK and KEK
  Signer key_exchange;  // KEK: signs changes of db and dbx
  Signer image;         // db: signs bootloader, UKI, root hash and IPE policies
  Signer pcr;           // signs TPM policies over PCR 11
};

// The public half, all that verifying needs.
struct CertificateSet {
  Variant variant;
  X509Certificate platform;
  X509Certificate key_exchange;
  X509Certificate image;
  X509Certificate pcr;
};

// Where a set is when the user names none: $XDG_CONFIG_HOME/ashlar/keys/<variant>, else
// ~/.config/ashlar/keys/<variant>.
Result<fs::path> default_key_directory(Variant variant);

// A set's place as messages show it, without a token's PIN.
std::string shown_location(const std::string& location);

// Makes a new set. Refuses a directory that exists: keys are never overwritten.
Status create_key_set(const fs::path& directory, Variant variant);

// `location` is a directory or "pkcs11:…" (RFC 7512) naming a token; its PIN comes from the URI's pin-value or
// pin-source. Refuses a key that does not match its certificate, a set of two variants, and private keys that others
// may read.
Result<KeySet> load_key_set(const std::string& location);
Result<CertificateSet> load_certificates(const std::string& location);

}  // namespace ashlar::image
