#include "cli/screen_ready.h"

#include <charconv>

#include "data/welcome.h"
#include "sys/pages.h"

namespace ashlar::cli {
namespace {

struct Picture {
  unsigned width = 0;
  unsigned height = 0;
  ByteView rgb;  // three bytes a pixel
};

Result<unsigned> number(ByteView& rest) {
  unsigned value = 0;
  std::string_view text = as_text(rest);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size()) return fail("screendump: not a PPM file");
  rest = rest.subspan(static_cast<std::size_t>(end - text.data()) + 1);  // one white space follows
  return value;
}

// A binary PPM ("P6") with 255 as its largest value, as QEMU writes it.
Result<Picture> parse_ppm(ByteView file) {
  if (!as_text(file).starts_with("P6\n")) return fail("screendump: not a PPM file");
  ByteView rest = file.subspan(3);
  Picture picture;
  picture.width = TRY(number(rest));
  picture.height = TRY(number(rest));
  unsigned largest = TRY(number(rest));
  if (largest != 255 || rest.size() != std::size_t{3} * picture.width * picture.height) {
    return fail("screendump: not a whole PPM file");
  }
  picture.rgb = rest;
  return picture;
}

class ScreenDetector : public vm::ReadyDetector {
 public:
  ScreenDetector(MachineState expected, Bytes psf, PsfFont font)
      : expected_(std::move(expected)), psf_(std::move(psf)), font_(std::move(font)) {}

  [[nodiscard]] Source source() const override { return Source::screen; }

  Result<vm::Verdict> on_screen(const fs::path& ppm) override {
    Bytes file = TRY(read_file(ppm));
    Picture shown = TRY(parse_ppm(file));
    if (shows(shown, ready_page(expected_))) return vm::Verdict{vm::Verdict::State::ready, ready_line(expected_)};
    if (shows(shown, welcome_page(expected_.version, expected_.variant))) {
      return vm::Verdict{vm::Verdict::State::ready,
                         "ashlar: asks for set-up variant=" + expected_.variant + " version=" + expected_.version};
    }
    return vm::Verdict{};
  }

 private:
  [[nodiscard]] bool shows(const Picture& shown, const Page& page) const {
    std::vector<std::uint32_t> pixels(std::size_t{shown.width} * shown.height);
    Canvas canvas(pixels, shown.width, shown.height, shown.width);
    draw(page, font_, canvas);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      std::uint32_t seen =
          std::uint32_t{shown.rgb[3 * i]} << 16 | std::uint32_t{shown.rgb[3 * i + 1]} << 8 | shown.rgb[3 * i + 2];
      if (seen != (pixels[i] & 0xffffff)) return false;
    }
    return true;
  }

  MachineState expected_;
  Bytes psf_;  // what font_ looks into
  PsfFont font_;
};

std::string os_release_value(const std::string& text, std::string_view key) {
  std::size_t at = text.find("\n" + std::string(key) + "=");
  if (at == std::string::npos) return {};
  at += key.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

Result<ImageIdentity> identify_image(const fs::path& path) {
  image::OpenedImage image = TRY(image::open_image(path));
  image::OpenedUki uki = TRY(image::open_uki(TRY(image.only_file(image::kUkiDirectory, ".efi"))->content));
  return ImageIdentity{os_release_value(uki.os_release, "VARIANT_ID"),
                       os_release_value(uki.os_release, "IMAGE_VERSION"), uki.root_hash};
}

Result<std::shared_ptr<vm::ReadyDetector>> make_screen_detector(const ImageIdentity& image, Bytes psf) {
  PsfFont font = TRY(parse_psf2(psf));
  MachineState expected = {.version = image.version,
                           .variant = image.variant,
                           .verified = image.root_hash.hex(),
                           .secure_boot = true,
                           .setup_mode = false};
  return std::make_shared<ScreenDetector>(std::move(expected), std::move(psf), std::move(font));
}

}  // namespace ashlar::cli
