// A service's control group (cgroups(7), version 2; Documentation/admin-guide/cgroup-v2.rst).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "format/service_table.h"

namespace ashlar {

// Lets groups limit memory and the number of processes.
Status enable_control_groups();

// Makes the group of a service with its limits, or takes the one that is there, empty. The directory's descriptor.
Result<Fd> make_control_group(const ServiceDefinition& service);
// Kills all its processes, those being forked included. Without a group there is nothing to kill.
void kill_control_group(const ServiceDefinition& service);
// Deletes the group when no process is left in it. True when it is not there any more.
bool remove_control_group(const ServiceDefinition& service);
// Its processes now.
std::vector<int> processes_in(const ServiceDefinition& service);

}  // namespace ashlar
