// A secret text as a QR code (ISO/IEC 18004:2015), for who would rather take it with a camera than write it down.
// libqrencode makes it. Its working copies lie on the ordinary heap for as long as the program lives; what comes out of
// it is wiped and kept here in locked memory.
#pragma once

#include "base/secret.h"
#include "sys/pages.h"

namespace ashlar {

class QrCode {
 public:
  // The smallest code for these bytes with error correction M (15 % of it may be unreadable): alphanumeric where every
  // character is one of 0-9 A-Z $ % * + - . / : and the space, bytes otherwise. Errors: no text, or too much of it
  // (2331 bytes fit).
  static Result<QrCode> of(const Secret& text);

  // Valid as long as this.
  [[nodiscard]] QrModules modules() const { return {.dark = modules_.bytes(), .side = side_}; }

 private:
  QrCode(Secret modules, unsigned side) : modules_(std::move(modules)), side_(side) {}

  Secret modules_;
  unsigned side_;
};

}  // namespace ashlar
