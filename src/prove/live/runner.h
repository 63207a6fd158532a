// Running the attacks of one place, each in a process of its own, and telling what became of them.
#pragma once

#include <string>
#include <vector>

namespace ashlar::live {

// Exit statuses.
//
// Who calls it is the dev variant's root shell, in a domain that may mount nothing. So the program takes PID 1's first
// (attack_each), and from there each attack is led to its place by the code that leads a service there.
int attack_in(const std::string& place, const std::vector<std::string>& names);
int attack_each(const std::string& place, const std::vector<std::string>& names);
// The controls on a system that nothing is on, as PID 1's child: attacks that have their control there.
int attack_bare(const std::vector<std::string>& names);
// One attack, by this program executed anew in its place.
int attack_once(const std::string& place, const std::string& name);

// Lets every record through (the kernel writes ten in five seconds by default), and leaves a letter in the person's
// home.
int prepare();
// Mounts what the attacks need where nothing is mounted, and leaves the letter.
int prepare_bare();
int print_records();
int print_denials();

// For "exec.stack": 42 when what lies on the stack can be run.
int payload_on_stack();

}  // namespace ashlar::live
