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

std::string script_in(const Ground& ground) {
  std::string path = ground.directory + "/script";
  return put(path, kScript, 0644) ? path : "";
}

Outcome file(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run({.path = kShell, .arguments = {path}}));
}
Outcome command(const Ground&) { return outcome_of(run({.path = kShell, .arguments = {"-c", "exit 42"}})); }
Outcome standard_input(const Ground&) { return outcome_of(run({.path = kShell, .input = kScript})); }
Outcome source(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run({.path = kShell, .arguments = {"-c", ". " + path}}));
}
Outcome environment(const Ground& ground) {
  std::string path = script_in(ground);
  if (path.empty()) return broken("write the script");
  return outcome_of(run({.path = kShell, .arguments = {"-i"}, .environment = {"ENV=" + path}}));
}

Outcome sed(const Ground&) {
  Ran ran = run({.path = "/usr/bin/sed", .arguments = {"1e echo reached-$((40+2))"}, .input = "line\n"});
  if (ran.exec_error != 0) return refused("execve", ran.exec_error);
  return ran.said.find(kReachedText) != ran.said.npos ? done() : refused("sed");
}

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
    {"script.others", others},
    {"script.sh-is-there", shell_is_there},
};

}  // namespace ashlar::live
