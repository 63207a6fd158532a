#include "format/authenticode.h"

#include <algorithm>

#include "format/der.h"
#include "format/pe.h"
#include "format/pe_layout.h"
#include "format/pkcs7.h"

namespace ashlar {
namespace {

constexpr std::size_t kCertificateAlignment = 8;  // bytes
constexpr std::uint16_t kWinCertRevision = 0x0200;
constexpr std::uint16_t kWinCertPkcs = 0x0002;
constexpr const char* kSpcIndirectDataOid = "1.3.6.1.4.1.311.2.1.4";

struct WinCertificate {
  Le32 length;  // of this header and what follows it
  Le16 revision;
  Le16 type;
};
static_assert(sizeof(WinCertificate) == 8);

// SpcAttributeTypeAndOptionalValue: an SPC_PE_IMAGE_DATA with no flags, whose file is "<<<Obsolete>>>".
constexpr std::string_view kSpcPeImageData(
    "\x30\x17\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0f\x30\x09\x03\x01\x00\xa0\x04\xa2\x02\x80\x00", 25);
// AlgorithmIdentifier of SHA-256 with NULL parameters.
constexpr std::string_view kSha256Algorithm("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00", 15);

// SpcIndirectDataContent without its own tag and length: what the signature's messageDigest covers.
Bytes indirect_data_content(const Sha256Digest& digest) {
  Bytes digest_info;
  append(digest_info, as_bytes(kSha256Algorithm));
  append(digest_info, der::encode(der::kOctetString, digest.bytes));
  Bytes content;
  append(content, as_bytes(kSpcPeImageData));
  append(content, der::encode(der::kSequence, digest_info));
  return content;
}

struct IndirectData {
  ByteView content;  // without tag and length
  Sha256Digest digest;
};

Result<IndirectData> parse_indirect_data(PKCS7* signature) {
  PKCS7* inside = signature->d.sign->contents;
  std::array<char, 64> oid{};
  OBJ_obj2txt(oid.data(), oid.size(), inside->type, 1);
  if (std::string_view(oid.data()) != kSpcIndirectDataOid || inside->d.other == nullptr ||
      inside->d.other->type != V_ASN1_SEQUENCE) {
    return fail("a signature that is not for a PE image");
  }
  const ASN1_STRING* whole = inside->d.other->value.sequence;
  Reader outer(ByteView(ASN1_STRING_get0_data(whole), static_cast<std::size_t>(ASN1_STRING_length(whole))));
  IndirectData data;
  data.content = TRY(der::read(outer, der::kSequence, "SpcIndirectDataContent")).content;
  Reader fields(data.content);
  TRY(der::read(fields, der::kSequence, "SpcAttributeTypeAndOptionalValue"));
  Reader digest_info(TRY(der::read(fields, der::kSequence, "DigestInfo")).content);
  der::Value algorithm = TRY(der::read(digest_info, der::kSequence, "AlgorithmIdentifier"));
  ByteView digest = TRY(der::read(digest_info, der::kOctetString, "the digest")).content;
  if (!outer.at_end() || !fields.at_end() || !digest_info.at_end()) return fail("bytes behind SpcIndirectDataContent");
  if (as_text(algorithm.whole) != kSha256Algorithm || digest.size() != data.digest.bytes.size()) {
    return fail("a PE signature with another digest than SHA-256");
  }
  std::ranges::copy(digest, data.digest.bytes.begin());
  return data;
}

// The DER inside one entry of the certificate table; at most seven zeros may follow it there.
Result<ByteView> strip_padding(ByteView entry) {
  Reader reader(entry);
  ByteView pkcs7 = TRY(der::read(reader, der::kSequence, "the PE signature")).whole;
  if (reader.rest().size() >= kCertificateAlignment ||
      std::ranges::any_of(reader.rest(), [](std::uint8_t byte) { return byte != 0; })) {
    return fail("bytes behind the PE signature");
  }
  return pkcs7;
}

Result<std::vector<ByteView>> split_certificate_table(ByteView table) {
  std::vector<ByteView> entries;
  for (Reader reader(table); !reader.at_end();) {
    auto header = TRY(reader.read<WinCertificate>("a PE certificate"));
    if (header.revision != kWinCertRevision || header.type != kWinCertPkcs) return fail("an unknown PE certificate");
    if (header.length < sizeof header) return fail("a PE certificate shorter than its header");
    std::size_t size = header.length - sizeof header;
    entries.push_back(TRY(strip_padding(TRY(reader.take(size, "a PE certificate")))));
    std::size_t padding = round_up(size, kCertificateAlignment) - size;
    for (std::uint8_t byte : TRY(reader.take(padding, "a PE certificate's padding"))) {
      if (byte != 0) return fail("bytes behind a PE certificate");
    }
  }
  return entries;
}

// Bytes that firmware hashes: everything up to the certificate table, provided headers and sections follow each other
// without a gap.
Result<ByteView> hashed_part(const PeImage& image) {
  std::vector<const PeSection*> by_offset;
  for (const PeSection& section : image.sections) {
    if (!section.raw.empty()) by_offset.push_back(&section);
  }
  std::ranges::sort(by_offset, {}, &PeSection::raw_offset);
  std::uint64_t end = image.size_of_headers;
  for (const PeSection* section : by_offset) {
    if (section->raw_offset != end) return fail("bytes before PE section " + section->name + " belong to no section");
    end += section->raw_size;
  }
  return image.file.first(image.file.size() - image.certificate_table.size());
}

Sha256Digest digest_of(const PeImage& image, ByteView part) {
  std::size_t after_checksum = image.checksum_offset + sizeof(Le32);
  std::size_t after_directory = image.certificate_directory_offset + sizeof(pe::Directory);
  Bytes padding(round_up(part.size(), kCertificateAlignment) - part.size());
  return Sha256()
      .update(part.first(image.checksum_offset))
      .update(part.subspan(after_checksum, image.certificate_directory_offset - after_checksum))
      .update(part.subspan(after_directory))
      .update(padding)
      .finish();
}

Result<Pkcs7> sign_digest(const Sha256Digest& digest, const Signer& signer) {
  Bytes content = indirect_data_content(digest);
  Bytes sequence = der::encode(der::kSequence, content);
  Pkcs7 inside(PKCS7_new());
  Pkcs7 signature(PKCS7_new());
  ASN1_TYPE* value = ASN1_TYPE_new();
  ASN1_STRING* text = ASN1_STRING_new();
  if (!inside || !signature || value == nullptr || text == nullptr ||
      ASN1_STRING_set(text, sequence.data(), static_cast<int>(sequence.size())) != 1) {
    return fail_openssl("allocate");
  }
  ASN1_TYPE_set(value, V_ASN1_SEQUENCE, text);
  inside->type = OBJ_txt2obj(kSpcIndirectDataOid, 1);
  inside->d.other = value;
  PKCS7* p7 = signature.get();
  if (PKCS7_set_type(p7, NID_pkcs7_signed) != 1 || PKCS7_set_content(p7, inside.get()) != 1) {
    return fail_openssl("make a PE signature");
  }
  [[maybe_unused]] auto* given = inside.release();  // it is the signature's now
  if (PKCS7_add_certificate(p7, signer.certificate.get()) != 1) return fail_openssl("make a PE signature");

  // PKCS7_final would add the time: attributes are set and signed one by one.
  PKCS7_SIGNER_INFO* info = PKCS7_add_signature(p7, signer.certificate.get(), signer.key.get(), EVP_sha256());
  Sha256Digest message = sha256(content);
  if (info == nullptr ||
      PKCS7_add_signed_attribute(info, NID_pkcs9_contentType, V_ASN1_OBJECT, OBJ_txt2obj(kSpcIndirectDataOid, 1)) !=
          1 ||
      PKCS7_add1_attrib_digest(info, message.bytes.data(), static_cast<int>(message.bytes.size())) != 1 ||
      PKCS7_SIGNER_INFO_sign(info) != 1) {
    return fail_openssl("sign a PE image");
  }
  return signature;
}

}  // namespace

Result<Sha256Digest> authenticode_digest(ByteView pe) {
  PeImage image = TRY(parse_pe(pe));
  return digest_of(image, TRY(hashed_part(image)));
}

Result<Bytes> remove_signatures(ByteView pe) {
  PeImage image = TRY(parse_pe(pe));
  Bytes out(pe.begin(), pe.end() - static_cast<std::ptrdiff_t>(image.certificate_table.size()));
  if (image.certificate_table.empty()) return out;
  pe::store(out, image.certificate_directory_offset, pe::Directory{});
  pe::store(out, image.checksum_offset, Le32(pe_checksum(out, image.checksum_offset)));
  return out;
}

Result<Bytes> sign_pe(ByteView pe, const Signer& signer) {
  Bytes out = TRY(remove_signatures(pe));
  out.resize(round_up(out.size(), kCertificateAlignment));
  PeImage image = TRY(parse_pe(out));
  Pkcs7 signature = TRY(sign_digest(digest_of(image, TRY(hashed_part(image))), signer));
  Bytes der = TRY(encode_der(i2d_PKCS7, signature.get()));
  der.resize(round_up(der.size(), kCertificateAlignment));

  WinCertificate header{static_cast<std::uint32_t>(sizeof header + der.size()), kWinCertRevision, kWinCertPkcs};
  pe::store(out, image.certificate_directory_offset,
            pe::Directory{static_cast<std::uint32_t>(out.size()), header.length});
  append(out, bytes_of(header));
  append(out, der);
  pe::store(out, image.checksum_offset, Le32(pe_checksum(out, image.checksum_offset)));
  return out;
}

Status verify_pe(ByteView pe, const X509Certificate& certificate) {
  PeImage image = TRY(parse_pe(pe));
  if (image.certificate_table.empty()) return fail("the PE image is not signed");
  std::vector<ByteView> entries = TRY(split_certificate_table(image.certificate_table));
  if (entries.size() != 1) return fail("the PE image has " + std::to_string(entries.size()) + " signatures, not one");
  Pkcs7 signature = TRY(parse_pkcs7(entries.front()));
  IndirectData data = TRY(parse_indirect_data(signature.get()));
  Sha256Digest digest = digest_of(image, TRY(hashed_part(image)));
  if (data.digest != digest) {
    return fail("the PE image was changed after it was signed: its digest is " + digest.hex() + ", signed was " +
                data.digest.hex());
  }
  return verify_pkcs7(signature.get(), certificate, data.content);
}

Result<std::vector<PeSignature>> pe_signatures(ByteView pe) {
  PeImage image = TRY(parse_pe(pe));
  std::vector<PeSignature> signatures;
  for (ByteView entry : TRY(split_certificate_table(image.certificate_table))) {
    Pkcs7 signature = TRY(parse_pkcs7(entry));
    IndirectData data = TRY(parse_indirect_data(signature.get()));
    signatures.push_back({entry, data.digest, pkcs7_signer(signature.get())});
  }
  return signatures;
}

}  // namespace ashlar
