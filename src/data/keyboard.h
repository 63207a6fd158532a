// Every keyboard that is plugged in, through the kernel's input devices (linux: input.h). While a question is open they
// are grabbed: no other program reads what is typed.
#pragma once

#include <poll.h>

#include <chrono>
#include <map>
#include <vector>

#include "base/fd.h"
#include "data/key_decoder.h"

namespace ashlar {

class Keyboard {
 public:
  // No keyboard being there is no error: one may be plugged in at any time.
  static Result<Keyboard> open(const std::string& layout, fs::path directory = "/dev/input");

  [[nodiscard]] bool present() const { return !devices_.empty(); }
  [[nodiscard]] bool caps_lock() const;
  [[nodiscard]] const KeyboardLayout& layout() const { return layout_; }
  // What is locked (Caps Lock) is forgotten.
  Status use_layout(const KeyboardLayout& layout);

  // Takes the keyboards for itself and forgets what was typed before.
  Status grab();
  void release();

  void add_descriptors(std::vector<pollfd>& descriptors) const;
  // Hands over what was typed, without waiting, and once a second looks for keyboards that came. One that went is no
  // error. True when a keyboard came or went.
  Result<bool> read(const KeySink& sink);
  static constexpr int kRescanTime = 1000;  // milliseconds

 private:
  struct Device {
    fs::path path;
    Fd fd;
    KeyDecoder decoder;
    std::vector<bool> down;    // by key code
    bool lost_events = false;  // until the next SYN_REPORT
    bool grabbed = false;
    bool light = false;  // Caps Lock's
  };
  Keyboard(KeyboardLayout layout, fs::path directory) : layout_(std::move(layout)), directory_(std::move(directory)) {}
  // True when a keyboard was found.
  Result<bool> scan();
  // False when the device is gone.
  static bool read_device(Device& device, const KeySink& sink);
  static void catch_up(Device& device);
  static void set_light(Device& device);
  void grab_devices();

  KeyboardLayout layout_;
  fs::path directory_;
  std::vector<Device> devices_;
  std::map<fs::path, ino_t> others_;  // input devices that are no keyboards; a new device has another inode
  std::chrono::steady_clock::time_point next_scan_;
  bool grabbing_ = false;
};

}  // namespace ashlar
