#include "prove/live/runner.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/fd.h"
#include "format/user_accounts.h"
#include "prove/live/attack.h"
#include "prove/live/cases.h"
#include "sys/personal_service.h"
#include "sys/sandbox.h"

namespace ashlar::live {
namespace {

constexpr char kBesideSandboxes[] = "/run/live";  // a tmpfs without noexec, for user and root
constexpr char kGiven[] = "/tmp/live-given";
constexpr unsigned kPerson = 1;
constexpr unsigned kSecondsForOne = 240;
constexpr char kKeyVariable[] = "LIVE_KEY=";

std::string_view word_for(Outcome::End end) {
  switch (end) {
    case Outcome::End::done:
      return "done";
    case Outcome::End::refused:
      return "refused";
    case Outcome::End::broken:
      return "broken";
  }
  return {};
}

std::string error_word(int error) {
  const char* name = error == 0 ? nullptr : ::strerrorname_np(error);
  return name == nullptr ? "-" : name;
}

std::string process_list(pid_t attacker) {
  std::string list = std::to_string(attacker);
  for (pid_t process : started_processes) list += "," + std::to_string(process);
  return list;
}

// In the attacker's process: the line's end, from END on.
std::string attempt(std::string_view name, Attack attack, const Ground& ground) {
  ::prctl(PR_SET_NAME, std::string(name).c_str(), 0, 0, 0);
  ::signal(SIGPIPE, SIG_IGN);  // who is started may end before it has read
  ::alarm(kSecondsForOne);
  Outcome outcome = attack(ground);
  return std::string(word_for(outcome.end)) + " " + error_word(outcome.error) + " pids=" + process_list(::getpid()) +
         " " + outcome.step;
}

void attack_once(std::string_view place, const std::string& name, const Ground& ground) {
  Attack attack = attack_of(name);
  std::string line = "broken - pids= there is no such attack";
  std::array<int, 2> ends{};
  if (attack != nullptr && ::pipe2(ends.data(), O_CLOEXEC) == 0) {
    Fd read(ends[0]);
    Fd write(ends[1]);
    pid_t child = ::fork();
    if (child == 0) {
      std::ignore = write_all(write, as_bytes(attempt(name, attack, ground)));
      ::_exit(0);
    }
    write = {};
    std::array<char, 1024> text{};
    ssize_t size = ::read(read.get(), text.data(), text.size());
    int status = 0;
    ::waitpid(child, &status, 0);
    if (size > 0) {
      line.assign(text.data(), static_cast<std::size_t>(size));
    } else if (WIFSIGNALED(status)) {
      const char* signal = ::sigabbrev_np(WTERMSIG(status));
      line = "killed SIG" + std::string(signal == nullptr ? "?" : signal) + " pids=" + std::to_string(child) + " ";
    }
  }
  say("attack: " + name + " in " + std::string(place) + ": " + line);
}

std::optional<Place> place_of(std::string_view name) {
  for (Place place : kPlaces) {
    if (name_of(place) == name) return place;
  }
  return std::nullopt;
}

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (!name.empty() && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
}
// Every attack of a place, or, as "quick", those that need neither browser nor /data.
std::vector<std::string> attacks_of(Place place, bool quick) {
  std::vector<std::string> names;
  for (const Case& each : kCases) {
    if (each.place != place || (quick && is_slow(each))) continue;
    add_once(names, each.attack);
    add_once(names, each.beside);
  }
  return names;
}

bool asks_for_quick(const std::vector<std::string>& names) { return names.size() == 1 && names.front() == "quick"; }

// Root's own, which nobody else may read.
int make_key() {
  constexpr std::string_view kSecret = "secret";
  return static_cast<int>(
      ::syscall(SYS_add_key, "user", "live", kSecret.data(), kSecret.size(), KEY_SPEC_USER_KEYRING));
}

Status stand_beside(Place place) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fail_errno("make the mounts private");
  }
  ::mkdir(kBesideSandboxes, 0755);
  if (::mount("tmpfs", kBesideSandboxes, "tmpfs", 0, "mode=1777") != 0) return fail_errno("mount a tmpfs");
  if (place == Place::root) return {};
  const auto id = account_id(kPerson);
  if (::setgroups(0, nullptr) != 0 || ::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0) {
    return fail_errno("become the user");
  }
  return {};
}

// As PID 1 does it, with the code PID 1 does it with.
Status stand_inside(std::string_view name, std::vector<std::string>& environment) {
  auto services = service_table();
  auto found = std::ranges::find_if(services, [&](const ServiceDefinition& each) { return each.name == name; });
  if (found == services.end()) return fail("this image has no service " + std::string(name));
  if (found->kind != ServiceKind::session) return enter_sandbox(*found);
  Result<std::string> line = read_text(kSessionOwnerFile);
  SessionOwner owner = {.user = kPerson, .home_on_data = false};
  if (line) owner = TRY(parse_session_owner(*line));
  PersonalService personal(*found, owner);
  for (const char* entry : personal.definition().environment) {
    if (entry != nullptr) environment.emplace_back(entry);
  }
  return enter_sandbox(personal.definition());
}

int execute_self(const std::string& place, const std::vector<std::string>& names,
                 const std::vector<std::string>& environment) {
  std::vector<std::string> words = {"attack", "inside", place};
  words.insert(words.end(), names.begin(), names.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  envp.push_back(nullptr);
  ::execve(kAttackProgram, argv.data(), envp.data());
  std::perror("execute the attacks");
  return 1;
}

std::string variable(const char* name, const char* otherwise) {
  const char* value = ::getenv(name);
  return value == nullptr ? otherwise : value;
}

void mount_bare(const char* source, const char* target, const char* type) {
  ::mkdir(target, 0755);
  if (::mount(source, target, type, 0, nullptr) != 0 && errno != EBUSY) {
    std::printf("attack: bare: mount %s: %s\n", target, std::strerror(errno));
  }
}

}  // namespace

Attack attack_of(std::string_view name) {
  for (const auto* table : {&kBrowserAttacks, &kExecAttacks, &kLoadAttacks, &kMemoryAttacks, &kProcessAttacks,
                            &kScriptAttacks, &kPolicyAttacks, &kKernelAttacks, &kDiskAttacks}) {
    for (const NamedAttack& each : *table) {
      if (each.name == name) return each.run;
    }
  }
  return nullptr;
}

int attack_in(const std::string& place_name, const std::vector<std::string>& names) {
  std::optional<Place> place = place_of(place_name);
  if (!place) return 2;
  std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin", kKeyVariable + std::to_string(make_key())};
  bool beside = *place == Place::user || *place == Place::root;
  Status there = beside ? stand_beside(*place) : stand_inside(place_name, environment);
  if (!there) {
    std::printf("attack: in %s: %s\n", place_name.c_str(), there.error().message().c_str());
    return 1;
  }
  return execute_self(place_name, names, environment);
}

int attack_inside(const std::string& place_name, const std::vector<std::string>& names) {
  std::optional<Place> place = place_of(place_name);
  if (!place) return 2;
  bool beside = *place == Place::user || *place == Place::root;
  Ground ground = {.directory = beside ? kBesideSandboxes : "/tmp",
                   .home = variable("HOME", "/tmp"),
                   .runtime = variable("XDG_RUNTIME_DIR", "/tmp"),
                   .given = kGiven,
                   .key = std::atoi(variable("LIVE_KEY", "-1").c_str())};
  const bool quick = asks_for_quick(names);
  for (const std::string& name : quick || names.empty() ? attacks_of(*place, quick) : names) {
    attack_once(place_name, name, ground);
  }
  say_end();
  return 0;
}

int attack_bare(const std::vector<std::string>& names) {
  mount_bare("proc", "/proc", "proc");
  mount_bare("sysfs", "/sys", "sysfs");
  mount_bare("securityfs", "/sys/kernel/security", "securityfs");
  mount_bare("efivarfs", "/sys/firmware/efi/efivars", "efivarfs");
  for (const char* directory : {"/tmp", "/run", "/data", "/dev/shm"}) mount_bare("tmpfs", directory, "tmpfs");
  mount_bare("devpts", "/dev/pts", "devpts");
  Ground ground = {
      .directory = "/tmp", .home = "/data", .runtime = "/run", .given = kGiven, .key = make_key(), .bare = true};
  const bool quick = asks_for_quick(names);
  std::vector<std::string> wanted;
  if (!quick) wanted = names;
  for (const Case& each : kCases) {
    if (each.control == Control::weak || (quick && is_slow(each))) continue;
    if (quick || names.empty()) add_once(wanted, each.attack);
  }
  for (const std::string& name : wanted) attack_once("bare", name, ground);
  say_end();
  return 0;
}

int payload_on_stack() {
  unsigned char code[sizeof kCode];
  std::memcpy(code, kCode, sizeof kCode);
  return runs(code) ? kReached : 1;
}

}  // namespace ashlar::live
