#include "image/keys.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>

#include "image/pkcs11.h"

namespace ashlar::image {
namespace {

constexpr int kKeyBits = 2048;  // what every UEFI firmware and every TPM 2.0 can verify
constexpr std::string_view kProduct = "Ashlar";
constexpr std::array<std::string_view, 4> kNames = {"PK", "KEK", "db", "pcr"};

struct BioRelease {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioRelease>;

Bytes content_of(const Bio& bio) {
  const BUF_MEM* memory = nullptr;
  BIO_get_mem_ptr(bio.get(), &memory);
  const auto* data = reinterpret_cast<const std::uint8_t*>(memory->data);
  return {data, data + memory->length};
}

// Secure Boot has no notion of time: a certificate that ended would lock its owner out of nothing but new signatures
// elsewhere. It ends where RFC 5280, 4.1.2.5 says "no well-defined expiration date".
Status set_validity(X509* certificate) {
  if (ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20260101000000Z") != 1 ||
      ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") != 1) {
    return fail_openssl("set the certificate's dates");
  }
  return {};
}

Result<X509Certificate> self_signed_certificate(const EvpKey& key, std::string_view name, Variant variant) {
  X509Certificate certificate(X509_new());
  X509* raw = certificate.get();
  X509_NAME* subject = X509_get_subject_name(raw);
  auto add = [&](const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
  };
  std::array<unsigned char, 8> serial{};
  if (RAND_bytes(serial.data(), serial.size()) != 1) return fail_openssl("draw a serial number");
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw));
  BN_free(number);
  if (X509_set_version(raw, X509_VERSION_3) != 1 || !add("O", std::string(kProduct)) ||
      !add("OU", std::string(name_of(variant))) || !add("CN", std::string(kProduct) + " " + std::string(name)) ||
      X509_set_issuer_name(raw, subject) != 1 || X509_set_pubkey(raw, key.get()) != 1) {
    return fail_openssl("fill in the certificate");
  }
  TRY(set_validity(raw));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, raw, raw, nullptr, nullptr, 0);
  struct Extension {
    int nid;
    const char* value;
  };
  for (const Extension& wanted :
       {Extension{NID_basic_constraints, "critical,CA:FALSE"}, Extension{NID_key_usage, "critical,digitalSignature"},
        Extension{NID_subject_key_identifier, "hash"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value);
    bool added = extension != nullptr && X509_add_ext(raw, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    if (!added) return fail_openssl("add an extension to the certificate");
  }
  if (X509_sign(raw, key.get(), EVP_sha256()) == 0) return fail_openssl("sign the certificate");
  return certificate;
}

Status create_key(const fs::path& directory, std::string_view name, Variant variant) {
  EvpKey key(EVP_RSA_gen(kKeyBits));
  if (!key) return fail_openssl("make a key");
  X509Certificate certificate = TRY(self_signed_certificate(key, name, variant));
  Bio key_text(BIO_new(BIO_s_secmem()));
  Bio certificate_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return fail_openssl("encode the key");
  }
  std::string base = directory / name;
  TRY(write_file(base + ".key", content_of(key_text), 0600));
  return write_file(base + ".crt", content_of(certificate_text), 0600);
}

Result<Variant> variant_of(const X509Certificate& certificate) {
  std::array<char, 64> unit{};
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (X509_NAME_get_text_by_NID(subject, NID_organizationalUnitName, unit.data(), unit.size()) < 0) {
    return fail("the certificate " + certificate_subject(certificate) + " does not say which variant it signs");
  }
  return parse_variant(unit.data());
}

// The variant all four agree on.
Result<Variant> common_variant(const std::array<const X509Certificate*, kNames.size()>& certificates) {
  Variant variant = TRY(variant_of(*certificates[0]));
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (TRY(variant_of(*certificates[i])) != variant) {
      return fail("keys of two variants are mixed: PK is for " + std::string(name_of(variant)) + ", " +
                  std::string(kNames[i]) + " is not");
    }
  }
  return variant;
}

Result<X509Certificate> load_certificate(const std::string& location, std::string_view name) {
  if (is_pkcs11_uri(location)) return load_pkcs11_certificate(location, name);
  fs::path path = fs::path(location) / (std::string(name) + ".crt");
  return in(path.string(), parse_certificate(TRY(read_file(path))));
}

Result<EvpKey> load_private_key(const std::string& location, std::string_view name) {
  if (is_pkcs11_uri(location)) return load_pkcs11_key(location, name);
  fs::path path = fs::path(location) / (std::string(name) + ".key");
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("open " + path.string());
  if ((status.st_mode & 077) != 0) {
    return fail(path.string() + " may be read by others: chmod 600 it, and ask yourself who has read it");
  }
  return in(path.string(), parse_private_key(TRY(read_file(path))));
}

Result<Signer> load_signer(const std::string& location, std::string_view name) {
  EvpKey key = TRY(load_private_key(location, name));
  return in("key " + std::string(name), make_signer(std::move(key), TRY(load_certificate(location, name))));
}

Status check_exists(const std::string& location) {
  std::error_code error;
  if (is_pkcs11_uri(location) || fs::is_directory(location, error)) return {};
  if (error.value() == EACCES) return fail_errno("key set " + location, EACCES);
  return fail("there is no key set at " + location + ": make one with `ashlar keys new`");
}

}  // namespace

std::string shown_location(const std::string& location) {
  return is_pkcs11_uri(location) ? without_pin(location) : location;
}

Result<fs::path> default_key_directory(Variant variant) {
  fs::path tail = fs::path("ashlar/keys") / name_of(variant);
  if (const char* xdg = std::getenv("XDG_CONFIG_HOME"); xdg != nullptr && *xdg == '/') return xdg / tail;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return fs::path(home) / ".config" / tail;
  return fail_misuse("no place for keys: neither XDG_CONFIG_HOME nor HOME is set; name one with --keys");
}

Status create_key_set(const fs::path& directory, Variant variant) {
  if (fs::exists(directory)) return fail_misuse(directory.string() + " exists: keys are never overwritten");
  std::error_code error;
  fs::create_directories(fs::absolute(directory).parent_path(), error);
  // Made under another name and renamed when it is whole.
  std::string temporary = directory.string() + ".XXXXXX";
  if (::mkdtemp(temporary.data()) == nullptr) return fail_errno("create " + temporary);  // mode 0700
  for (std::string_view name : kNames) {
    if (Status made = create_key(temporary, name, variant); !made) {
      fs::remove_all(temporary, error);
      return std::unexpected(std::move(made).error().in("make key " + std::string(name)));
    }
  }
  if (::rename(temporary.c_str(), directory.c_str()) != 0) {
    int code = errno;
    fs::remove_all(temporary, error);
    return fail_errno("create " + directory.string(), code);
  }
  return {};
}

Result<KeySet> load_key_set(const std::string& location) {
  TRY(check_exists(location));
  auto load = [&]() -> Result<KeySet> {
    Signer platform = TRY(load_signer(location, kNames[0]));
    Signer key_exchange = TRY(load_signer(location, kNames[1]));
    Signer image = TRY(load_signer(location, kNames[2]));
    Signer pcr = TRY(load_signer(location, kNames[3]));
    Variant variant =
        TRY(common_variant({&platform.certificate, &key_exchange.certificate, &image.certificate, &pcr.certificate}));
    return KeySet{variant, std::move(platform), std::move(key_exchange), std::move(image), std::move(pcr)};
  };
  return in("key set " + shown_location(location), load());
}

Result<CertificateSet> load_certificates(const std::string& location) {
  TRY(check_exists(location));
  auto load = [&]() -> Result<CertificateSet> {
    X509Certificate platform = TRY(load_certificate(location, kNames[0]));
    X509Certificate key_exchange = TRY(load_certificate(location, kNames[1]));
    X509Certificate image = TRY(load_certificate(location, kNames[2]));
    X509Certificate pcr = TRY(load_certificate(location, kNames[3]));
    Variant variant = TRY(common_variant({&platform, &key_exchange, &image, &pcr}));
    return CertificateSet{variant, std::move(platform), std::move(key_exchange), std::move(image), std::move(pcr)};
  };
  return in("key set " + shown_location(location), load());
}

}  // namespace ashlar::image
