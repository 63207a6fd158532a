// Unified kernel images: sections appended to systemd-stub (UAPI.5 Unified Kernel Image specification).
#pragma once

#include "base/bytes.h"

namespace ashlar {

struct UkiSection {
  std::string name;  // ".linux", ".osrel", at most 8 characters
  ByteView content;
};

// Appends the sections to the stub in the order given, laid out as ukify (systemd 257) does, byte for byte. A section
// the stub has already (.sbat) is replaced where it stands. The result depends on nothing but the arguments; it is not
// signed and its checksum is zero. Errors: a stub that is not an unsigned PE32+ image, no room for another section
// header, a section that is empty, named twice, or too large to be replaced, an image of 2 GiB or more.
Result<Bytes> build_uki(ByteView stub, std::span<const UkiSection> sections);

// The sections of a UKI that its specification names, in the order of the file. An error when there is no .linux or one
// of them occurs twice (profiles are not ours).
Result<std::vector<UkiSection>> inspect_uki(ByteView uki);

}  // namespace ashlar
