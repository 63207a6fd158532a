#include "sys/control_group.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <tuple>

namespace ashlar {
namespace {

constexpr char kRoot[] = "/sys/fs/cgroup";

std::string path_of(const ServiceDefinition& service) { return std::string(kRoot) + "/" + service.name; }

Status set(const std::string& path, std::string_view value) {
  Fd file = TRY(open_file(path, O_WRONLY));
  return in("set " + path, write_all(file, as_bytes(value)));
}

}  // namespace

Status enable_control_groups() { return set(std::string(kRoot) + "/cgroup.subtree_control", "+memory +pids"); }

Result<Fd> make_control_group(const ServiceDefinition& service) {
  std::string path = path_of(service);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make the control group " + path);
  TRY(set(path + "/memory.max", std::to_string(service.sandbox.memory_bytes)));
  TRY(set(path + "/memory.oom.group", "1"));
  TRY(set(path + "/pids.max", std::to_string(service.sandbox.processes)));
  return open_file(path, O_RDONLY | O_DIRECTORY);
}

void kill_control_group(const ServiceDefinition& service) { std::ignore = set(path_of(service) + "/cgroup.kill", "1"); }

bool remove_control_group(const ServiceDefinition& service) {
  return ::rmdir(path_of(service).c_str()) == 0 || errno == ENOENT;  // EBUSY: somebody is in it
}

std::vector<int> processes_in(const ServiceDefinition& service) {
  std::vector<int> processes;
  Result<std::string> text = read_text(path_of(service) + "/cgroup.procs");
  if (!text) return processes;
  const char* at = text->data();
  const char* end = at + text->size();
  for (int process = 0; at < end;) {
    auto [after, error] = std::from_chars(at, end, process);
    if (error != std::errc()) break;
    processes.push_back(process);
    at = after + 1;  // the newline
  }
  return processes;
}

}  // namespace ashlar
