// Code that a program of the root is made to load: the program is trusted, what it maps is not.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr char kLoader[] = "/lib64/ld-linux-x86-64.so.2";
constexpr char kLibraries[] = "/usr/lib/x86_64-linux-gnu/";
constexpr char kSmallLibrary[] = "libdl.so.2";
constexpr char kLibc[] = "libc.so.6";
constexpr std::size_t kPage = 4096;

// What the loader says of the system's refusal, behind its own words.
int error_in(const std::string& said) {
  if (said.find("Operation not permitted") != said.npos) return EPERM;
  if (said.find("Permission denied") != said.npos) return EACCES;
  return 0;
}

bool copy(const char* from, const std::string& to) {
  std::string content = content_of(from);
  return !content.empty() && put(to, content, 0755);
}

// Whether the list of mappings has one of `path` that can be executed; one that cannot is left when loading fails.
bool maps_executable(std::string_view maps, const std::string& path) {
  while (!maps.empty()) {
    std::string_view line = maps.substr(0, maps.find('\n'));
    if (line.ends_with(path) && line.find(" r-xp ") != line.npos) return true;
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
  }
  return false;
}

// Runs `cat /proc/self/maps`, in which what was loaded shows.
Outcome loaded(const std::string& variable, const std::string& value, const std::string& path) {
  Ran ran = run({.path = "/usr/bin/cat", .arguments = {"/proc/self/maps"}, .environment = {variable + "=" + value}});
  if (ran.exec_error != 0) return broken("execve", ran.exec_error);
  return maps_executable(ran.said, path) ? done() : refused(variable, error_in(ran.said));
}

Outcome by_loader(const Ground& ground) {
  const std::string path = ground.directory + "/true";
  if (!copy("/usr/bin/true", path)) return broken("copy a program");
  Ran ran = run({.path = kLoader, .arguments = {path}});
  if (ran.exec_error != 0) return refused("execve", ran.exec_error);
  return ran.exited_with(0) ? done() : refused("ld.so", error_in(ran.said));
}

Outcome preload(const Ground& ground) {
  const std::string path = ground.directory + "/" + kSmallLibrary;
  if (!copy((std::string(kLibraries) + kSmallLibrary).c_str(), path)) return broken("copy a library");
  return loaded("LD_PRELOAD", path, path);
}

Outcome library_path(const Ground& ground) {
  const std::string path = ground.directory + "/" + kLibc;
  if (!copy((std::string(kLibraries) + kLibc).c_str(), path)) return broken("copy a library");
  Outcome outcome = loaded("LD_LIBRARY_PATH", ground.directory, path);
  ::unlink(path.c_str());
  return outcome;
}

// A library that is none for auditing is loaded all the same, and let go without a word.
Outcome audit(const Ground& ground) {
  const std::string path = ground.directory + "/" + kSmallLibrary;
  if (!copy((std::string(kLibraries) + kSmallLibrary).c_str(), path)) return broken("copy a library");
  Ran ran = run({.path = "/usr/bin/true", .environment = {"LD_AUDIT=" + path}});
  if (ran.exec_error != 0) return broken("execve", ran.exec_error);
  return ran.said.find("failed to map") == ran.said.npos ? done() : refused("LD_AUDIT", error_in(ran.said));
}

Outcome dlopen_(const Ground& ground) {
  const std::string path = ground.directory + "/" + kSmallLibrary;
  if (!copy((std::string(kLibraries) + kSmallLibrary).c_str(), path)) return broken("copy a library");
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return broken("open the library");
  void* mapped = ::mmap(nullptr, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
  return mapped == MAP_FAILED ? refused("mmap") : done();
}

}  // namespace

const std::vector<NamedAttack> kLoadAttacks = {
    {"load.ld-so", by_loader}, {"load.preload", preload}, {"load.path", library_path},
    {"load.audit", audit},     {"load.dlopen", dlopen_},
};

}  // namespace ashlar::live
