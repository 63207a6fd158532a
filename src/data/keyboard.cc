#include "data/keyboard.h"

#include <linux/input.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;
using KeyBits = std::array<unsigned char, (KEY_CNT + 7) / 8>;

bool is_set(const KeyBits& bits, unsigned code) { return (bits[code / 8] >> (code % 8) & 1) != 0; }

// Something to type on and to finish with: buttons, mice and remote controls are left to others.
bool is_keyboard(const Fd& device) {
  KeyBits keys{};
  if (::ioctl(device.get(), EVIOCGBIT(EV_KEY, keys.size()), keys.data()) < 0) return false;
  const bool letters = is_set(keys, KEY_A) && is_set(keys, KEY_Z) && is_set(keys, KEY_ENTER);
  const bool digits = is_set(keys, KEY_KP1) && is_set(keys, KEY_KP9) && is_set(keys, KEY_KPENTER);
  return letters || digits;
}

}  // namespace

Result<Keyboard> Keyboard::open(const std::string& layout, fs::path directory) {
  Keyboard keyboard(TRY(KeyboardLayout::load(layout)), std::move(directory));
  TRY(keyboard.scan());
  return keyboard;
}

Result<bool> Keyboard::scan() {
  next_scan_ = Clock::now() + std::chrono::milliseconds(kRescanTime);
  bool found = false;
  std::error_code none;
  for (fs::directory_iterator it(directory_, none), end; !none && it != end; it.increment(none)) {
    const fs::path& path = it->path();
    if (!path.filename().string().starts_with("event")) continue;
    if (std::ranges::find(devices_, path, &Device::path) != devices_.end()) continue;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) continue;
    if (auto other = others_.find(path); other != others_.end() && other->second == status.st_ino) continue;
    // Writing is for its lights.
    Result<Fd> fd = open_file(path, O_RDWR | O_NONBLOCK);
    if (!fd) fd = open_file(path, O_RDONLY | O_NONBLOCK);
    if (!fd) continue;
    if (!is_keyboard(*fd)) {
      others_[path] = status.st_ino;
      continue;
    }
    KeyDecoder decoder = TRY(KeyDecoder::create(layout_));
    devices_.push_back({path, std::move(*fd), std::move(decoder), std::vector<bool>(KEY_CNT)});
    catch_up(devices_.back());
    set_light(devices_.back());
    found = true;
  }
  if (grabbing_) grab_devices();
  return found;
}

bool Keyboard::caps_lock() const {
  return std::ranges::any_of(devices_, [](const Device& device) { return device.decoder.caps_lock(); });
}

Status Keyboard::use_layout(const KeyboardLayout& layout) {
  layout_ = layout;
  for (Device& device : devices_) {
    device.decoder = TRY(KeyDecoder::create(layout_));
    device.down.assign(KEY_CNT, false);
    catch_up(device);
    set_light(device);
  }
  return {};
}

Status Keyboard::grab() {
  grabbing_ = true;
  TRY(scan());
  // What came before still says which modifiers are held and locked.
  std::erase_if(devices_, [](Device& device) { return !read_device(device, [](const KeyPress&) {}); });
  return {};
}

void Keyboard::grab_devices() {
  for (Device& device : devices_) {
    if (!device.grabbed) device.grabbed = ::ioctl(device.fd.get(), EVIOCGRAB, 1) == 0;
  }
}

void Keyboard::release() {
  grabbing_ = false;
  for (Device& device : devices_) {
    if (device.grabbed) ::ioctl(device.fd.get(), EVIOCGRAB, 0);
    device.grabbed = false;
  }
}

void Keyboard::add_descriptors(std::vector<pollfd>& descriptors) const {
  for (const Device& device : devices_) descriptors.push_back({device.fd.get(), POLLIN, 0});
}

Result<bool> Keyboard::read(const KeySink& sink) {
  bool changed = std::erase_if(devices_, [&](Device& device) { return !read_device(device, sink); }) != 0;
  if (Clock::now() >= next_scan_) changed = TRY(scan()) || changed;
  return changed;
}

bool Keyboard::read_device(Device& device, const KeySink& sink) {
  std::array<input_event, 32> events{};
  ssize_t got = 0;
  while ((got = ::read(device.fd.get(), events.data(), sizeof events)) > 0) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof(input_event); ++i) {
      const input_event& event = events[i];
      if (event.type == EV_SYN && event.code == SYN_DROPPED) device.lost_events = true;
      if (event.type == EV_SYN && event.code == SYN_REPORT && std::exchange(device.lost_events, false)) {
        catch_up(device);
      }
      if (event.type != EV_KEY || event.code >= KEY_CNT || device.lost_events) continue;
      device.down[event.code] = event.value != 0;
      if (std::optional<KeyPress> press = device.decoder.handle(event.code, event.value)) sink(*press);
    }
    ::explicit_bzero(events.data(), sizeof events);
  }
  set_light(device);
  return got < 0 && (errno == EAGAIN || errno == EINTR);
}

// Events were lost, or happened before the device was opened: the decoder learns which keys are held now.
void Keyboard::catch_up(Device& device) {
  KeyBits keys{};
  if (::ioctl(device.fd.get(), EVIOCGKEY(keys.size()), keys.data()) < 0) return;
  for (unsigned code = 0; code < KEY_CNT; ++code) {
    const bool down = is_set(keys, code);
    if (down != device.down[code]) device.decoder.handle(code, down ? 1 : 0);
    device.down[code] = down;
  }
}

// There is no virtual terminal whose keyboard driver would do it.
void Keyboard::set_light(Device& device) {
  const bool on = device.decoder.caps_lock();
  if (on == device.light) return;
  device.light = on;
  std::array<input_event, 2> events{};
  events[0].type = EV_LED;
  events[0].code = LED_CAPSL;
  events[0].value = on ? 1 : 0;
  events[1].type = EV_SYN;
  events[1].code = SYN_REPORT;
  // A keyboard without the light, or one opened for reading alone, stays as it is.
  [[maybe_unused]] ssize_t written = ::write(device.fd.get(), events.data(), sizeof events);
}

}  // namespace ashlar
