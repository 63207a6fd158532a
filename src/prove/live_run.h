// What one machine said while it was attacked from inside: the lines of the attack program (src/prove/live) and the
// kernel's records. Parsing alone; live_machine.cc has the machines.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/denial.h"

namespace ashlar::prove {

// "attack: exec.tmp in session: refused EACCES pids=12,13,20-31 execve"
struct Attempt {
  enum class End { done, refused, broken, killed };
  std::string attack;
  std::string place;  // a name of live::Place, or "bare"
  End end = End::broken;
  std::string error;  // an errno's name, or the signal's; empty: not told
  std::vector<unsigned> processes;
  std::string step;  // where it was refused, or why it could not be tried
};
// nullopt: another line.
std::optional<Attempt> parse_attempt(std::string_view line);
// "refused at execve with EACCES"
std::string in_words(const Attempt& attempt);

struct LiveRun {
  std::map<std::pair<std::string, std::string>, Attempt> attempts;  // by place and attack
  std::vector<std::string> records;                                 // of the kernel, as it wrote them
  std::vector<std::string> sentences;                               // what `ashlarctl denials` made of them

  // Of everything a machine said, the lines whose sum is right (live/line.h). A console loses, doubles and mixes
  // characters, so it is asked again until the answer is complete.
  void take(std::string_view console);
  [[nodiscard]] bool complete() const { return announced_ != 0 && lines_.size() >= announced_; }
  // Everything another part of the same run said.
  void add(LiveRun part);
  [[nodiscard]] const Attempt* find(std::string_view place, std::string_view attack) const;

 private:
  std::set<std::string, std::less<>> lines_;
  std::size_t announced_ = 0;
};

// Denials that name one of the attempt's processes, or its name where the kernel tells no process.
struct Witness {
  Denial denial;
  std::string record;
};
std::vector<Witness> witnesses_of(const LiveRun& run, const Attempt& attempt);

}  // namespace ashlar::prove
