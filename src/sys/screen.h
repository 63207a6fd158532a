// Every connected screen, drawn by kernel mode setting alone: a dumb buffer each, the preferred mode, no library
// (linux: drm/drm_mode.h). There is no virtual terminal to come back to: what is shown stays until somebody else sets a
// mode.
#pragma once

#include <vector>

#include "base/fd.h"
#include "sys/pages.h"

namespace ashlar {

class Screen {
 public:
  // Takes every screen of every card that is connected now. Cards that refuse are left out; a machine without any gives
  // an empty Screen, which is no error.
  static Screen open();
  Screen(Screen&&) noexcept;
  Screen& operator=(Screen&&) noexcept;
  ~Screen();

  [[nodiscard]] bool empty() const { return outputs_.empty(); }
  // Draws the page on every screen and lets go of the cards (DRM master), so that a compositor may take them at any
  // time. After one did, further pages are not seen: setting a mode is refused, and that is ignored.
  void show(const Page& page);
  // What is shown lasts as long as somebody has the card open: keeps the cards open beyond the next exec. That program
  // closes them (InheritedScreen) once it shows something itself.
  void let_inherit();

 private:
  struct Output {
    std::size_t card;  // in cards_
    std::uint32_t connector;
    std::uint32_t crtc;
    std::uint32_t framebuffer;
    std::uint32_t handle;
    std::vector<std::uint8_t> mode;  // struct drm_mode_modeinfo
    std::uint32_t* pixels;
    std::size_t bytes;
    unsigned width;
    unsigned height;
    unsigned stride;  // pixels
  };
  Screen() = default;
  void take_card(std::size_t card);
  void release();

  std::vector<Fd> cards_;
  std::vector<Output> outputs_;
};

// The cards the program before this one left open. To be made before this program opens any file.
class InheritedScreen {
 public:
  InheritedScreen();
  // Lets the old picture go.
  void close();

 private:
  static constexpr unsigned kFirst = 3;  // descriptor
  unsigned end_ = kFirst;
};

}  // namespace ashlar
