// What the tests of codecs share: throw-away signers and the smallest PE image that passes.
#pragma once

#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include "format/pe_layout.h"
#include "format/signer.h"

namespace ashlar::testing {

// The error's text, or why there is none.
template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "(no error)" : result.error().message();
}

inline EvpKey make_key() { return EvpKey(EVP_RSA_gen(2048)); }

// A self-signed certificate that dates from the epoch, with the serial number 1.
inline X509Certificate make_certificate(EVP_PKEY* key, const char* common_name) {
  X509Certificate certificate(X509_new());
  X509* x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  ASN1_TIME_set(X509_getm_notBefore(x509), 0);
  ASN1_TIME_set(X509_getm_notAfter(x509), 4102444800);  // 2100
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_set_pubkey(x509, key);
  X509_sign(x509, key, EVP_sha256());
  return certificate;
}

inline Signer make_test_signer(const char* common_name) {
  EvpKey key = make_key();
  X509Certificate certificate = make_certificate(key.get(), common_name);
  return make_signer(std::move(key), std::move(certificate)).value();
}

// Made once a program: making RSA keys takes long.
inline const Signer& owner() {
  static const Signer signer = make_test_signer("owner");
  return signer;
}
// Another key under the same name and serial number: only the signature itself tells them apart.
inline const Signer& impostor() {
  static const Signer signer = make_test_signer("owner");
  return signer;
}

// Headers of 1 KiB, .text with 512 bytes, .sbat with 512 bytes of which `sbat` are used.
inline Bytes make_pe(std::string_view sbat = "sbat,1") {
  constexpr std::uint32_t kHeaders = 1024;
  constexpr std::uint32_t kRaw = 512;
  pe::DosHeader dos{{'M', 'Z'}, {}, std::uint32_t{sizeof dos}};
  pe::CoffHeader coff{};
  coff.machine = std::uint16_t{0x8664};
  coff.section_count = std::uint16_t{2};
  coff.optional_header_size = std::uint16_t{sizeof(pe::OptionalHeader) + 16 * sizeof(pe::Directory)};
  pe::OptionalHeader optional{};
  optional.magic = pe::kMagicPe32Plus;
  optional.section_alignment = 4096U;
  optional.file_alignment = 512U;
  optional.size_of_image = 3 * 4096U;
  optional.size_of_headers = kHeaders;
  optional.dll_characteristics = std::uint16_t{0x160};
  optional.directory_count = 16U;
  pe::SectionHeader text{{'.', 't', 'e', 'x', 't'}, kRaw, 4096U, kRaw, kHeaders, {}, pe::kSectionCode};
  pe::SectionHeader data{
      {'.', 's', 'b', 'a', 't'}, static_cast<std::uint32_t>(sbat.size()), 8192U, kRaw, kHeaders + kRaw, {}, 0U};
  Bytes file;
  append(file, bytes_of(dos));
  append(file, as_bytes({"PE\0\0", 4}));
  append(file, bytes_of(coff));
  append(file, bytes_of(optional));
  append(file, Bytes(16 * sizeof(pe::Directory)));
  append(file, bytes_of(text));
  append(file, bytes_of(data));
  file.resize(kHeaders);
  file.resize(kHeaders + kRaw, 0x90);
  append(file, as_bytes(sbat));
  file.resize(kHeaders + 2 * kRaw);
  return file;
}

}  // namespace ashlar::testing
