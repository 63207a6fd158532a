// Carrying out what waits in /data/ashlar/requests (requests.h): each is put to the person first.
#pragma once

#include "data/opened.h"
#include "data/turn.h"

namespace ashlar {

// A request that fails is told and stays; one that is declined stays or is dropped, as the person wants. Errors:
// TurnEnd; nobody can answer.
Status carry_out_requests(Turn& turn, Opened& opened);

}  // namespace ashlar
