// Secure Boot key databases: signature lists (UEFI 2.10, 32.4.1) and the signed updates that firmware accepts for them
// (8.2.2, EFI_VARIABLE_AUTHENTICATION_2), as systemd-boot enrols them from loader/keys/auto. Lists are parsed on the
// device too; authentication is host only (efi_auth.h).
#pragma once

#include "base/guid.h"

namespace ashlar {

constexpr Guid kEfiX509Type = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"_guid;
constexpr Guid kEfiSha256Type = "c1c41626-504c-4092-aca9-41f936934328"_guid;

struct EfiSignature {
  Guid owner;
  Bytes data;  // a DER certificate or a digest
  bool operator==(const EfiSignature&) const = default;
};
struct EfiSignatureList {
  Guid type;
  std::vector<EfiSignature> signatures;  // all data of one size
  bool operator==(const EfiSignatureList&) const = default;
};

EfiSignatureList efi_x509_list(const Guid& owner, ByteView certificate_der);

// One list after the other. Errors: a list without entries, or with entries of different sizes.
Result<Bytes> build_efi_signature_lists(std::span<const EfiSignatureList> lists);
Result<std::vector<EfiSignatureList>> parse_efi_signature_lists(ByteView bytes);

}  // namespace ashlar
