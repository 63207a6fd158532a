// Data that an interpreter of the root runs. What they are to do is to end with 42, or print a sum.
#include <unistd.h>

#include <array>

#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr char kShell[] = "/bin/sh";
constexpr char kScript[] = "exit 42\n";

Outcome outcome_of(const Ran& ran) {
  if (ran.exec_error != 0) return refused("execve", ran.exec_error);
  if (ran.exited_with(kReached)) return done();
  return refused("sh", ran.said.find("ermission") != ran.said.npos ? EACCES : 0);
}

// With the execute bit the shell asks for.
std::string script_in(const Ground& ground) {
  std::string path = ground.directory + "/script";
  return put(path, kScript, 0755) ? path : "";
}

Outcome file(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run({.path = kShell, .arguments = {path}}));
}
Outcome command(const Ground&) { return outcome_of(run({.path = kShell, .arguments = {"-c", "exit 42"}})); }
Outcome standard_input(const Ground&) { return outcome_of(run({.path = kShell, .input = kScript})); }
// What a person may do.
Outcome typed(const Ground&) { return outcome_of(run({.path = kShell, .input = kScript, .at_terminal = true})); }
Outcome source(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run({.path = kShell, .input = ". " + path + "\nexit 1\n", .at_terminal = true}));
}
Outcome environment(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run(
      {.path = kShell, .arguments = {"-i"}, .environment = {"ENV=" + path}, .input = "exit 1\n", .at_terminal = true}));
}

Outcome sed_with(const char* program) {
  Ran ran = run({.path = "/usr/bin/sed", .arguments = {program}, .input = "line\n"});
  if (ran.exec_error != 0) return refused("execve", ran.exec_error);
  return ran.said.find(kReachedText) != ran.said.npos ? done() : refused("sed", 0);
}
Outcome sed(const Ground&) { return sed_with("1e echo reached-$((40+2))"); }
Outcome sed_alone(const Ground&) { return sed_with("s/line/reached-42/"); }

Outcome others(const Ground&) {
  constexpr std::array kNames = {"awk",    "mawk", "gawk",  "bash",    "busybox", "gdb",   "lua",
                                 "lua5.4", "perl", "php",   "python3", "ruby",    "tclsh", "ksh",
                                 "zsh",    "node", "guile", "ed",      "vim"};
  for (const char* name : kNames) {
    for (const char* directory : {"/usr/bin/", "/usr/sbin/"}) {
      if (::access((std::string(directory) + name).c_str(), F_OK) == 0) return done();
    }
  }
  return refused("access", ENOENT);
}
Outcome shell_is_there(const Ground&) { return ::access(kShell, X_OK) == 0 ? done() : refused("access"); }

}  // namespace

const std::vector<NamedAttack> kScriptAttacks = {
    {"script.file", file},
    {"script.command", command},
    {"script.stdin", standard_input},
    {"script.source", source},
    {"script.env", environment},
    {"script.sed", sed},
    {"script.sed-alone", sed_alone},
    {"script.typed", typed},
    {"script.others", others},
    {"script.sh-is-there", shell_is_there},
};

}  // namespace ashlar::live
