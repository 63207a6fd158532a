#include "sys/screen.h"

#include <drm/drm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

extern "C" const std::uint8_t ashlar_font_begin[];
extern "C" const std::uint8_t ashlar_font_end[];

namespace ashlar {
namespace {

const PsfFont& font() {
  static const PsfFont kFont = parse_psf2({ashlar_font_begin, ashlar_font_end}).value_or(PsfFont{});
  return kFont;
}

template <typename T>
bool ask(const Fd& card, unsigned long request, T& argument) {
  int result = 0;
  do result = ::ioctl(card.get(), request, &argument);
  while (result < 0 && (errno == EINTR || errno == EAGAIN));
  return result == 0;
}

template <typename T>
std::uint64_t address_of(std::vector<T>& values) {
  return reinterpret_cast<std::uintptr_t>(values.data());
}

struct Connection {
  drm_mode_modeinfo mode;
  std::vector<std::uint32_t> encoders;
};

// The preferred mode and the encoders of a connector something is plugged into.
std::optional<Connection> connection_of(const Fd& card, std::uint32_t connector) {
  drm_mode_get_connector query{};
  query.connector_id = connector;
  // Without room for modes the kernel looks afresh what is plugged in.
  if (!ask(card, DRM_IOCTL_MODE_GETCONNECTOR, query)) return std::nullopt;
  std::vector<drm_mode_modeinfo> modes(query.count_modes);
  std::vector<std::uint32_t> encoders(query.count_encoders);
  query.count_props = 0;
  query.modes_ptr = address_of(modes);
  query.encoders_ptr = address_of(encoders);
  constexpr std::uint32_t kConnected = 1;  // enum drm_connector_status
  if (!ask(card, DRM_IOCTL_MODE_GETCONNECTOR, query) || query.connection != kConnected) return std::nullopt;
  modes.resize(std::min<std::size_t>(modes.size(), query.count_modes));
  encoders.resize(std::min<std::size_t>(encoders.size(), query.count_encoders));
  if (modes.empty()) return std::nullopt;
  auto preferred =
      std::ranges::find_if(modes, [](const drm_mode_modeinfo& m) { return (m.type & DRM_MODE_TYPE_PREFERRED) != 0; });
  return Connection{preferred == modes.end() ? modes.front() : *preferred, std::move(encoders)};
}

// A CRTC that one of the encoders can use and that no other output has.
std::optional<std::uint32_t> free_crtc(const Fd& card, const Connection& connection,
                                       const std::vector<std::uint32_t>& crtcs,
                                       const std::vector<std::uint32_t>& taken) {
  for (std::uint32_t id : connection.encoders) {
    drm_mode_get_encoder encoder{};
    encoder.encoder_id = id;
    if (!ask(card, DRM_IOCTL_MODE_GETENCODER, encoder)) continue;
    for (std::size_t i = 0; i < crtcs.size() && i < 32; ++i) {
      bool possible = (encoder.possible_crtcs >> i & 1) != 0;
      if (possible && std::ranges::find(taken, crtcs[i]) == taken.end()) return crtcs[i];
    }
  }
  return std::nullopt;
}

}  // namespace

Screen Screen::open() {
  Screen screen;
  std::vector<fs::path> paths;
  std::error_code none;
  for (fs::directory_iterator it("/dev/dri", none), end; !none && it != end; it.increment(none)) {
    if (it->path().filename().string().starts_with("card")) paths.push_back(it->path());
  }
  std::ranges::sort(paths);
  for (const fs::path& path : paths) {
    Result<Fd> card = open_file(path, O_RDWR);
    if (!card) continue;
    screen.cards_.push_back(std::move(*card));
    screen.take_card(screen.cards_.size() - 1);
  }
  return screen;
}

void Screen::take_card(std::size_t index) {
  const Fd& card = cards_[index];
  drm_mode_card_res resources{};
  if (!ask(card, DRM_IOCTL_MODE_GETRESOURCES, resources)) return;
  std::vector<std::uint32_t> crtcs(resources.count_crtcs);
  std::vector<std::uint32_t> connectors(resources.count_connectors);
  drm_mode_card_res fill{};
  fill.count_crtcs = resources.count_crtcs;
  fill.count_connectors = resources.count_connectors;
  fill.crtc_id_ptr = address_of(crtcs);
  fill.connector_id_ptr = address_of(connectors);
  if (!ask(card, DRM_IOCTL_MODE_GETRESOURCES, fill)) return;
  crtcs.resize(std::min<std::size_t>(crtcs.size(), fill.count_crtcs));
  connectors.resize(std::min<std::size_t>(connectors.size(), fill.count_connectors));

  std::vector<std::uint32_t> taken;
  for (std::uint32_t connector : connectors) {
    std::optional<Connection> connection = connection_of(card, connector);
    if (!connection) continue;
    std::optional<std::uint32_t> crtc = free_crtc(card, *connection, crtcs, taken);
    if (!crtc) continue;

    drm_mode_create_dumb buffer{};
    buffer.width = connection->mode.hdisplay;
    buffer.height = connection->mode.vdisplay;
    buffer.bpp = 32;
    if (!ask(card, DRM_IOCTL_MODE_CREATE_DUMB, buffer)) continue;
    drm_mode_map_dumb map{};
    map.handle = buffer.handle;
    drm_mode_fb_cmd framebuffer{};
    framebuffer.width = buffer.width;
    framebuffer.height = buffer.height;
    framebuffer.pitch = buffer.pitch;
    framebuffer.bpp = 32;
    framebuffer.depth = 24;
    framebuffer.handle = buffer.handle;
    void* pixels = MAP_FAILED;
    if (ask(card, DRM_IOCTL_MODE_ADDFB, framebuffer) && ask(card, DRM_IOCTL_MODE_MAP_DUMB, map)) {
      pixels =
          ::mmap(nullptr, buffer.size, PROT_READ | PROT_WRITE, MAP_SHARED, card.get(), static_cast<off_t>(map.offset));
    }
    if (pixels == MAP_FAILED) continue;  // closing the card frees the buffer
    const auto* mode = reinterpret_cast<const std::uint8_t*>(&connection->mode);
    outputs_.push_back({index,
                        connector,
                        *crtc,
                        framebuffer.fb_id,
                        buffer.handle,
                        {mode, mode + sizeof connection->mode},
                        static_cast<std::uint32_t*>(pixels),
                        buffer.size,
                        buffer.width,
                        buffer.height,
                        buffer.pitch / 4});
    taken.push_back(*crtc);
  }
}

void Screen::show(const Page& page) {
  for (const Fd& card : cards_) ::ioctl(card.get(), DRM_IOCTL_SET_MASTER, 0);
  for (Output& output : outputs_) {
    // Drawn elsewhere first: nobody is to see the page empty, which with every key typed would be a flicker.
    std::vector<std::uint32_t> drawn(output.bytes / 4);
    Canvas canvas(drawn, output.width, output.height, output.stride);
    draw(page, font(), canvas);
    std::ranges::copy(drawn, output.pixels);
    ::explicit_bzero(drawn.data(), output.bytes);  // a page can show a recovery key
    drm_mode_crtc set{};
    set.crtc_id = output.crtc;
    set.fb_id = output.framebuffer;
    set.set_connectors_ptr = reinterpret_cast<std::uintptr_t>(&output.connector);
    set.count_connectors = 1;
    set.mode_valid = 1;
    std::memcpy(&set.mode, output.mode.data(), sizeof set.mode);
    ask(cards_[output.card], DRM_IOCTL_MODE_SETCRTC, set);
    // Devices that copy the buffer need to hear that it changed; the others do not know the request.
    drm_mode_fb_dirty_cmd dirty{};
    dirty.fb_id = output.framebuffer;
    ask(cards_[output.card], DRM_IOCTL_MODE_DIRTYFB, dirty);
  }
  for (const Fd& card : cards_) ::ioctl(card.get(), DRM_IOCTL_DROP_MASTER, 0);
}

void Screen::let_inherit() {
  for (const Fd& card : cards_) ::fcntl(card.get(), F_SETFD, 0);
}

// Nothing but screens is ever inherited, and the one program that leaves any opens no other file for long: they follow
// upon the standard streams.
InheritedScreen::InheritedScreen() {
  while (::fcntl(static_cast<int>(end_), F_GETFD) >= 0) ::fcntl(static_cast<int>(end_++), F_SETFD, FD_CLOEXEC);
}

void InheritedScreen::close() {
  if (end_ > kFirst) ::close_range(kFirst, end_ - 1, 0);
  end_ = kFirst;
}

Screen::Screen(Screen&& other) noexcept
    : cards_(std::move(other.cards_)), outputs_(std::exchange(other.outputs_, {})) {}

Screen& Screen::operator=(Screen&& other) noexcept {
  if (this != &other) {
    release();
    cards_ = std::move(other.cards_);
    outputs_ = std::exchange(other.outputs_, {});
  }
  return *this;
}

Screen::~Screen() { release(); }

void Screen::release() {
  for (const Output& output : outputs_) ::munmap(output.pixels, output.bytes);
  outputs_.clear();
  cards_.clear();
}

}  // namespace ashlar
