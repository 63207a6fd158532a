// Signed updates of UEFI variables (UEFI 2.10, 8.2.2: EFI_VARIABLE_AUTHENTICATION_2), the .auth files systemd-boot
// enrols from loader/keys/auto. Host only.
#pragma once

#include "base/guid.h"
#include "format/signer.h"

namespace ashlar {

// UTC, as EFI_TIME without nanoseconds, time zone and daylight.
struct EfiTime {
  std::uint16_t year = 0;
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  auto operator<=>(const EfiTime&) const = default;
};

struct EfiVariable {
  std::string_view name;  // ASCII
  Guid vendor;
  std::uint32_t attributes = 0;
};
// Non-volatile, boot and runtime access, time-based authentication.
constexpr std::uint32_t kEfiKeyAttributes = 0x27;
constexpr Guid kEfiGlobalVariable = "8be4df61-93ca-11d2-aa0d-00e098032b8c"_guid;
constexpr Guid kEfiImageSecurityDatabase = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"_guid;
constexpr EfiVariable kEfiPk = {"PK", kEfiGlobalVariable, kEfiKeyAttributes};
constexpr EfiVariable kEfiKek = {"KEK", kEfiGlobalVariable, kEfiKeyAttributes};
constexpr EfiVariable kEfiDb = {"db", kEfiImageSecurityDatabase, kEfiKeyAttributes};
constexpr EfiVariable kEfiDbx = {"dbx", kEfiImageSecurityDatabase, kEfiKeyAttributes};

// What to hand to SetVariable: the descriptor with its signature, then `value` (signature lists). PK is signed by
// itself, KEK by PK, db and dbx by KEK. Firmware refuses a timestamp that is not later than the variable's own.
Result<Bytes> build_efi_auth(const EfiVariable& variable, const EfiTime& timestamp, ByteView value,
                             const Signer& signer);

struct EfiAuth {
  EfiTime timestamp;
  ByteView signature;  // PKCS #7 SignedData, DER, with or without ContentInfo around it
  ByteView value;
};
Result<EfiAuth> parse_efi_auth(ByteView bytes);
// Who the update says it is signed by; nothing is verified.
Result<std::string> efi_auth_signer(ByteView bytes);
// The value, if the update is for this variable and signed by the key of this certificate.
Result<Bytes> verify_efi_auth(const EfiVariable& variable, ByteView bytes, const X509Certificate& certificate);

}  // namespace ashlar
