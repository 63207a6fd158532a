#include "format/efi_auth.h"

#include "format/der.h"
#include "format/pkcs7.h"

namespace ashlar {
namespace {

constexpr Guid kCertTypePkcs7 = "4aafd29d-68df-49ee-8aa9-347d375665a7"_guid;
constexpr std::uint16_t kWinCertRevision = 0x0200;
constexpr std::uint16_t kWinCertEfiGuid = 0x0ef1;
constexpr std::uint8_t kInteger = 0x02;

struct StoredTime {
  Le16 year;
  std::uint8_t month, day, hour, minute, second;
  std::array<std::uint8_t, 9> zero;  // what 8.2.2 wants of nanosecond, time zone and daylight
};
static_assert(sizeof(StoredTime) == 16);

struct Descriptor {
  StoredTime time;
  Le32 length;  // of the certificate: from here to the value
  Le16 revision;
  Le16 certificate_type;
  Guid type;
};
static_assert(sizeof(Descriptor) == 40);
constexpr std::size_t kCertificateHeaderSize = sizeof(Descriptor) - sizeof(StoredTime);

StoredTime store(const EfiTime& time) {
  return {time.year, time.month, time.day, time.hour, time.minute, time.second, {}};
}

Bytes signed_content(const EfiVariable& variable, const EfiTime& timestamp, ByteView value) {
  Bytes content;
  for (char letter : variable.name) append(content, bytes_of(Le16(static_cast<unsigned char>(letter))));
  append(content, variable.vendor.raw);
  append(content, bytes_of(Le32(variable.attributes)));
  append(content, bytes_of(store(timestamp)));
  append(content, value);
  return content;
}

// Firmware takes bare SignedData, OpenSSL wants a ContentInfo around it.
Result<Bytes> with_content_info(ByteView signature) {
  static constexpr std::array<std::uint8_t, 11> kSignedData = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                               0xf7, 0x0d, 0x01, 0x07, 0x02};
  Reader reader(signature);
  der::Value outer = TRY(der::read(reader, der::kSequence, "the variable's signature"));
  if (!reader.at_end()) return fail("bytes behind the variable's signature");
  Reader inner(outer.content);
  der::Value first = TRY(in("the variable's signature", der::read(inner)));
  if (first.tag != kInteger) return Bytes(signature.begin(), signature.end());
  Bytes content(kSignedData.begin(), kSignedData.end());
  append(content, der::encode(der::kContext0, signature));
  return der::encode(der::kSequence, content);
}

}  // namespace

Result<Bytes> build_efi_auth(const EfiVariable& variable, const EfiTime& timestamp, ByteView value,
                             const Signer& signer) {
  Bytes content = signed_content(variable, timestamp, value);
  Pkcs7 signature = TRY(sign_pkcs7(signer, content, {.detached = true, .with_certificate = true}));
  Bytes der = TRY(encode_der(i2d_PKCS7_SIGNED, signature->d.sign));
  Descriptor descriptor{store(timestamp), static_cast<std::uint32_t>(kCertificateHeaderSize + der.size()),
                        kWinCertRevision, kWinCertEfiGuid, kCertTypePkcs7};
  Bytes out;
  append(out, bytes_of(descriptor));
  append(out, der);
  append(out, value);
  return out;
}

Result<EfiAuth> parse_efi_auth(ByteView bytes) {
  Reader reader(bytes);
  auto descriptor = TRY(reader.read<Descriptor>("a variable's authentication"));
  if (descriptor.time.zero != decltype(descriptor.time.zero){}) return fail("a variable's time with more than seconds");
  if (descriptor.revision != kWinCertRevision || descriptor.certificate_type != kWinCertEfiGuid ||
      descriptor.type != kCertTypePkcs7) {
    return fail("a variable's authentication is not PKCS #7");
  }
  if (descriptor.length < kCertificateHeaderSize) return fail("a variable's signature is shorter than its header");
  EfiAuth auth;
  const StoredTime& time = descriptor.time;
  auth.timestamp = {time.year, time.month, time.day, time.hour, time.minute, time.second};
  auth.signature = TRY(reader.take(descriptor.length - kCertificateHeaderSize, "a variable's signature"));
  auth.value = reader.rest();
  return auth;
}

Result<std::string> efi_auth_signer(ByteView bytes) {
  EfiAuth auth = TRY(parse_efi_auth(bytes));
  return pkcs7_signer(TRY(parse_pkcs7(TRY(with_content_info(auth.signature)))).get());
}

Result<Bytes> verify_efi_auth(const EfiVariable& variable, ByteView bytes, const X509Certificate& certificate) {
  EfiAuth auth = TRY(parse_efi_auth(bytes));
  Pkcs7 signature = TRY(parse_pkcs7(TRY(with_content_info(auth.signature))));
  if (PKCS7_get_detached(signature.get()) == 0) return fail("a variable's signature has content of its own");
  TRY(verify_pkcs7(signature.get(), certificate, signed_content(variable, auth.timestamp, auth.value)));
  return Bytes(auth.value.begin(), auth.value.end());
}

}  // namespace ashlar
