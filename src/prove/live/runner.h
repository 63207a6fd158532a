// Running the attacks of one place, each in a process of its own, and telling what became of them.
#pragma once

#include <string>
#include <vector>

namespace ashlar::live {

// Exit statuses. `names` empty: all of the place's. `place` is one of kPlaces.
int attack_in(const std::string& place, const std::vector<std::string>& names);
// The second half of it, executed by this program once it is in the place.
int attack_inside(const std::string& place, const std::vector<std::string>& names);
// As PID 1's child, where there is nothing yet: mounts what the attacks need, and runs every attack that has its
// control there.
int attack_bare(const std::vector<std::string>& names);

int print_records();
int let_records_through();

// For "exec.stack": 42 when what lies on the stack can be run.
int payload_on_stack();

}  // namespace ashlar::live
