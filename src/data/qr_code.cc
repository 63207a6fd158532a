#include "data/qr_code.h"

#include <qrencode.h>

#include <memory>

namespace ashlar {
namespace {

constexpr unsigned kDark = 1;  // of the bits qrencode.h tells of a module

struct Release {
  void operator()(QRinput* input) const { QRinput_free(input); }
  void operator()(QRcode* code) const {
    ::explicit_bzero(code->data, static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width));
    QRcode_free(code);
  }
};

}  // namespace

Result<QrCode> QrCode::of(const Secret& text) {
  const std::span<const std::uint8_t> bytes = text.bytes();
  if (bytes.empty()) return fail("a QR code of nothing");
  std::unique_ptr<QRinput, Release> input(QRinput_new2(0, QR_ECLEVEL_M));
  if (input == nullptr) return fail_errno("make a QR code");
  const int size = static_cast<int>(bytes.size());
  // Refused where a character is not one of the mode's.
  if (QRinput_append(input.get(), QR_MODE_AN, size, bytes.data()) != 0 &&
      QRinput_append(input.get(), QR_MODE_8, size, bytes.data()) != 0) {
    return fail_errno("make a QR code");
  }
  std::unique_ptr<QRcode, Release> code(QRcode_encodeInput(input.get()));
  if (code == nullptr) return fail_errno("make a QR code of " + std::to_string(bytes.size()) + " bytes");
  const auto side = static_cast<unsigned>(code->width);
  Secret modules = TRY(Secret::of_size(static_cast<std::size_t>(side) * side));
  for (std::size_t i = 0; i < modules.bytes().size(); ++i) modules.bytes()[i] = code->data[i] & kDark;
  return QrCode(std::move(modules), side);
}

}  // namespace ashlar
