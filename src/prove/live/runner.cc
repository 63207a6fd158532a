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
constexpr char kBare[] = "bare";
constexpr unsigned kPerson = 1;
constexpr unsigned kSecondsForOne = 60;
constexpr unsigned kSecondsForBrowser = 330;
constexpr char kKeyVariable[] = "LIVE_KEY=";
constexpr int kSecondsForHome = 120;
constexpr int kNotThere = 3;  // exit status: the place could not be entered
constexpr char kFirstDomain[] = "init_t";

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

// "12,13,20-31"
std::string process_list(pid_t attacker) {
  std::string list = std::to_string(attacker);
  for (const auto& [first, last] : started_processes) {
    list += "," + std::to_string(first);
    if (last != first) list += "-" + std::to_string(last);
  }
  return list;
}

void say_outcome(const std::string& name, const std::string& place, const std::string& outcome) {
  say("attack: " + name + " in " + place + ": " + outcome);
}

std::optional<Place> place_of(std::string_view name) {
  for (Place place : kPlaces) {
    if (name_of(place) == name) return place;
  }
  return std::nullopt;
}
bool is_beside_sandboxes(Place place) { return place == Place::user || place == Place::root; }
const char* service_of(Place place) {
  switch (place) {
    case Place::seatd:
      return "seatd";
    case Place::udevd:
      return "udevd";
    default:
      return "session";
  }
}

// Root's own, which nobody else may read, as long as this process is there.
int make_key() {
  constexpr std::string_view kSecret = "secret";
  constexpr unsigned kOwnersAlone = 0x3f3f0000;  // who has it in a keyring, and its user: everything
  auto key = static_cast<int>(
      ::syscall(SYS_add_key, "user", "live", kSecret.data(), kSecret.size(), KEY_SPEC_PROCESS_KEYRING));
  ::syscall(SYS_keyctl, KEYCTL_SETPERM, key, kOwnersAlone);
  return key;
}

// What the exec that follows enters. Without SELinux there is nothing to choose.
Status choose_domain(std::string_view domain) {
  if (::access("/sys/fs/selinux/enforce", F_OK) != 0) return {};
  Fd file = TRY(open_file("/proc/self/attr/exec", O_WRONLY));
  return in("choose " + std::string(domain), write_all(file, as_bytes("system_u:system_r:" + std::string(domain))));
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

SessionOwner session_owner() {
  Result<std::string> line = read_text(kSessionOwnerFile);
  if (line) {
    if (Result<SessionOwner> owner = parse_session_owner(*line)) return *owner;
  }
  return {.user = kPerson, .home_on_data = false};
}

// As PID 1 does it, with the code and the table PID 1 does it with.
Status stand_inside(const std::string& service, std::vector<std::string>& environment) {
  auto services = service_table();
  auto found = std::ranges::find_if(services, [&](const ServiceDefinition& each) { return each.name == service; });
  if (found == services.end()) return fail("this image has no service " + service);
  if (found->kind != ServiceKind::session) return enter_sandbox(*found);
  PersonalService personal(*found, session_owner());
  for (const char* entry : personal.definition().environment) {
    if (entry != nullptr) environment.emplace_back(entry);
  }
  return enter_sandbox(personal.definition());
}

Status stand_in(Place place, std::vector<std::string>& environment) {
  TRY(choose_domain(domain_of(place)));
  return is_beside_sandboxes(place) ? stand_beside(place) : stand_inside(service_of(place), environment);
}

[[nodiscard]] int execute_self(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  envp.push_back(nullptr);
  ::execve(kAttackProgram, argv.data(), envp.data());
  std::perror("execute the attacks");
  return kNotThere;
}

// In a process of its own: enters the place and becomes the attack.
[[noreturn]] void attempt(const std::string& place_name, const std::string& name,
                          const std::vector<std::string>& given_environment) {
  std::vector<std::string> environment = given_environment;
  ::setsid();
  if (std::optional<Place> place = place_of(place_name)) {
    if (Status there = stand_in(*place, environment); !there) {
      std::printf("attack: in %s: %s\n", place_name.c_str(), there.error().message().c_str());
      std::fflush(stdout);
      ::_exit(kNotThere);
    }
  }
  ::_exit(execute_self({"attack", "once", place_name, name}, environment));
}

// Says what the attack could not say itself.
void judge_end(const std::string& place, const std::string& name, pid_t child, int status) {
  const std::string pids = " pids=" + std::to_string(child) + " ";
  if (WIFSIGNALED(status)) {
    const char* signal = ::sigabbrev_np(WTERMSIG(status));
    say_outcome(name, place, "killed SIG" + std::string(signal == nullptr ? "?" : signal) + pids);
  } else if (WEXITSTATUS(status) == kReached) {
    say_outcome(name, place, "done -" + pids);  // it became the program it was to run
  } else if (WEXITSTATUS(status) != 0) {
    say_outcome(name, place, "broken -" + pids + "the place was not entered");
  }
}

int attack_one_by_one(const std::string& place, const std::vector<std::string>& names,
                      const std::vector<std::string>& environment) {
  for (const std::string& name : names) {
    std::fflush(stdout);
    pid_t child = ::fork();
    if (child == 0) attempt(place, name, environment);
    int status = kNotThere << 8;
    if (child > 0) ::waitpid(child, &status, 0);
    judge_end(place, name, child, status);
    if (child > 0) ::kill(-child, SIGKILL);  // what it left running
  }
  say_end(names.size());
  return 0;
}

std::string variable(const char* name, const char* otherwise) {
  const char* value = ::getenv(name);
  return value == nullptr ? otherwise : value;
}

Ground ground_of(const std::string& place_name) {
  std::optional<Place> place = place_of(place_name);
  return {.directory = place && is_beside_sandboxes(*place) ? kBesideSandboxes : "/tmp",
          .home = variable("HOME", "/tmp"),
          .runtime = variable("XDG_RUNTIME_DIR", "/tmp"),
          .given = kGiven,
          .key = std::atoi(variable("LIVE_KEY", "-1").c_str()),
          .bare = !place};
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
                            &kScriptAttacks, &kPolicyAttacks, &kKernelAttacks, &kDiskAttacks, &kCosts}) {
    for (const NamedAttack& each : *table) {
      if (each.name == name) return each.run;
    }
  }
  return nullptr;
}

int attack_in(const std::string& place, const std::vector<std::string>& names) {
  if (Status chosen = choose_domain(kFirstDomain); !chosen) {
    std::printf("attack: %s\n", chosen.error().message().c_str());
    return 1;
  }
  std::vector<std::string> words = {"attack", "each", place};
  words.insert(words.end(), names.begin(), names.end());
  return execute_self(words, {"PATH=/usr/sbin:/usr/bin"});
}

int attack_each(const std::string& place_name, const std::vector<std::string>& names) {
  if (!place_of(place_name)) return 2;
  return attack_one_by_one(place_name, names, {"PATH=/usr/sbin:/usr/bin", kKeyVariable + std::to_string(make_key())});
}

int attack_once(const std::string& place, const std::string& name) {
  ::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);
  ::signal(SIGPIPE, SIG_IGN);  // who is started may end before it has read
  const bool is_slow = name.starts_with("browser.") || name.starts_with("cost.");
  ::alarm(is_slow ? kSecondsForBrowser : kSecondsForOne);
  may_start_processes = place != name_of(Place::seatd);
  Attack attack = attack_of(name);
  Outcome outcome = attack == nullptr ? broken("there is no such attack", 0) : attack(ground_of(place));
  say_outcome(name, place,
              std::string(word_for(outcome.end)) + " " + error_word(outcome.error) +
                  " pids=" + process_list(::getpid()) + " " + outcome.step);
  return 0;
}

int prepare_bare() {
  mount_bare("proc", "/proc", "proc");
  mount_bare("sysfs", "/sys", "sysfs");
  mount_bare("securityfs", "/sys/kernel/security", "securityfs");
  mount_bare("efivarfs", "/sys/firmware/efi/efivars", "efivarfs");
  for (const char* directory : {"/tmp", "/run", "/data", "/dev/shm"}) mount_bare("tmpfs", directory, "tmpfs");
  mount_bare("devpts", "/dev/pts", "devpts");
  return put(std::string("/data") + kLetter, kLetterText, 0600) ? 0 : 1;
}

int attack_bare(const std::vector<std::string>& names) {
  return attack_one_by_one(
      kBare, names,
      {"PATH=/usr/sbin:/usr/bin", "HOME=/data", "XDG_RUNTIME_DIR=/run", kKeyVariable + std::to_string(make_key())});
}

int prepare() {
  if (put_value("/proc/sys/kernel/printk_ratelimit", "0") != 0) return 1;
  const SessionOwner owner = session_owner();
  const std::string home = std::string(owner.home_on_data ? "/data" : "/run") + "/home/u" + std::to_string(owner.user);
  const std::string letter = home + kLetter;
  for (int i = 0; i < kSecondsForHome && ::access(home.c_str(), F_OK) != 0; ++i) ::sleep(1);  // the session makes it
  const auto id = account_id(owner.user);
  return put(letter, kLetterText, 0600) && ::chown(letter.c_str(), id, id) == 0 ? 0 : 1;
}

int payload_on_stack() {
  unsigned char code[sizeof kCode];
  std::memcpy(code, kCode, sizeof kCode);
  asm volatile("" : : "r"(code) : "memory");  // it is read: by the processor
  return runs(code) ? kReached : 1;
}

}  // namespace ashlar::live
