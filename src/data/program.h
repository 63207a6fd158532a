// What every call of the unlocking program begins with.
#pragma once

#include "data/console_prompter.h"
#include "data/protect_memory.h"
#include "data/turn.h"
#include "sys/kernel.h"

namespace ashlar {

// What the initramfs handed over of the image (src/boot/start.h): nullopt where the image carries none, or what is
// there is not in our form, which is said in `log`.
std::optional<SignedImage> read_signed_image(const fs::path& directory,
                                             const std::function<void(std::string_view)>& log);

// The screens with every keyboard, and in the dev variant the serial line. What does not open is said in `log`.
std::vector<std::unique_ptr<Console>> open_consoles(Kernel& kernel);

}  // namespace ashlar
