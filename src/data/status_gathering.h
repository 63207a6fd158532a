// Finds out what data_status.h tells. Asks for no password, and changes nothing.
#pragma once

#include "data/data_status.h"
#include "data/turn.h"

namespace ashlar {

// Only what prevents telling anything is an error; all else has its place in the struct.
Result<DataStatus> gather_status(Storage& storage, TurnTpm& tpm, const std::optional<SignedImage>& image);

}  // namespace ashlar
