// Keys in a PKCS#11 token, through libp11's OpenSSL engine (package libengine-pkcs11-openssl).
#pragma once

#include <string>

#include "format/signer.h"

namespace ashlar::image {

inline bool is_pkcs11_uri(std::string_view location) { return location.starts_with("pkcs11:"); }

// The URI as it may be shown: what follows "?" holds the PIN.
std::string without_pin(const std::string& uri);

// The private key or certificate labelled `object` in the token the URI (RFC 7512) names.
Result<EvpKey> load_pkcs11_key(const std::string& uri, std::string_view object);
Result<X509Certificate> load_pkcs11_certificate(const std::string& uri, std::string_view object);

}  // namespace ashlar::image
