// `data apply`: what waits for the next start, done now with the recovery key.
#pragma once

#include "data/turn.h"

namespace ashlar {

// Asks for the recovery key, opens the volume with it to change its header (the mapping stays as it is), and carries
// out the queue as the boot turn does. Ends with the TPM told that the machine may go. Errors: /data is closed; the
// question was left; the volume's.
Status apply_requests(Turn& turn);

}  // namespace ashlar
