#include "prove/live_judge.h"

#include <fmt/format.h>

#include <set>

namespace ashlar::prove {
namespace {

using live::Control;
using live::Guard;
using live::Layers;

// Who writes a record of each denial. The others are told by how they refuse, and by nobody else having said that it
// was them.
bool writes_records(const live::Case& each) {
  if (each.record == live::kUntold) return false;
  switch (each.guard) {
    case Guard::ipe:
    case Guard::selinux:
    case Guard::lockdown:
    case Guard::seccomp:
    case Guard::yama:
      return true;
    default:
      return false;
  }
}

std::optional<Guard> guard_of(Denial::Layer layer) {
  switch (layer) {
    case Denial::Layer::ipe:
      return Guard::ipe;
    case Denial::Layer::selinux:
      return Guard::selinux;
    case Denial::Layer::landlock:
      return Guard::landlock;
    case Denial::Layer::seccomp:
      return Guard::seccomp;
    case Denial::Layer::lockdown:
      return Guard::lockdown;
    case Denial::Layer::yama:
      return Guard::yama;
  }
  return std::nullopt;
}

std::string expectation(const live::Case& each) {
  std::string how = each.error.empty() ? "" : fmt::format(" with {}", each.error);
  std::string record = writes_records(each) ? ", and the kernel writes a record of it" : "";
  if (each.record == live::kUntold)
    record = ", of which the policy tells nothing (dontaudit)";
  else if (!each.record.empty())
    record += fmt::format(" with \"{}\"", each.record);
  return fmt::format("{}refused by {}{}{}", each.layers == Layers::watched ? "where SELinux only watches, " : "",
                     name_of(each.guard), how, record);
}

struct ControlRun {
  std::string_view what;
  const LiveRun* run;
  std::string_view place;
  std::string_view attack;
};
// What must have succeeded.
ControlRun control_of(const live::Case& each, const LiveRuns& runs) {
  if (each.control == Control::weak) {
    return {"beside it", each.layers == Layers::watched ? runs.watched : runs.strong, name_of(each.place), each.beside};
  }
  if (each.control == Control::watched && runs.watched != nullptr) {
    return {"where SELinux only watches and W^X is off", runs.watched, name_of(each.place), each.attack};
  }
  if (each.control == Control::open && runs.open != nullptr) {
    return {"where SELinux only watches, W^X is off and IPE allows everything", runs.open, name_of(each.place),
            each.attack};
  }
  return {"without any layer", runs.bare, "bare", each.attack};
}

// Empty when it succeeded.
std::string judge_control(const live::Case& each, const LiveRuns& runs, std::string& told) {
  ControlRun control = control_of(each, runs);
  const Attempt* attempt = control.run == nullptr ? nullptr : control.run->find(control.place, control.attack);
  std::string said = attempt == nullptr ? "nothing was said of it" : in_words(*attempt);
  told = fmt::format("{}, {} in {}: {}", control.what, control.attack, control.place, said);
  bool succeeded = attempt != nullptr && attempt->end == Attempt::End::done;
  return succeeded ? "" : fmt::format("the control shows nothing: {}", told);
}

// The record that answers for the refusal: the guard's own if there is one, then anybody's.
std::optional<Witness> decisive(const live::Case& each, const std::vector<Witness>& witnesses) {
  for (const Witness& witness : witnesses) {
    if (guard_of(witness.denial.layer) == each.guard && witness.record.find(each.record) != std::string::npos) {
      return witness;
    }
  }
  // A page says of itself what it could not; what its browser is refused meanwhile is something else.
  if (witnesses.empty() || each.guard == Guard::flags) return std::nullopt;
  return witnesses.front();
}

void judge_refusal(const live::Case& each, const Attempt& attempt, const std::optional<Witness>& witness,
                   CaseReport& report) {
  auto other = [&](std::string why) {
    report.verdict = Verdict::other_layer;
    report.problem = std::move(why);
  };
  std::optional<Guard> said = witness ? guard_of(witness->denial.layer) : std::nullopt;
  if (said && *said != each.guard) {
    return other(fmt::format("{} denied it, not {}", name_of(*said), name_of(each.guard)));
  }
  if (writes_records(each) && !said) {
    return other(fmt::format("{}, and {} says nothing of it", in_words(attempt), name_of(each.guard)));
  }
  if (said && witness->record.find(each.record) == std::string::npos) {
    return other(fmt::format("{}'s record does not say {}", name_of(each.guard), each.record));
  }
  if (!each.error.empty() && attempt.error != each.error) {
    return other(fmt::format("{}, not {}", in_words(attempt), each.error));
  }
}

// A sentence is of the first of several that are alike: without that one's number.
std::string without_process(std::string sentence) {
  std::size_t start = sentence.find(" (process ");
  std::size_t end = sentence.find(')', start);
  if (start != sentence.npos && end != sentence.npos) sentence.erase(start, end + 1 - start);
  return sentence;
}

}  // namespace

std::string id_of(const live::Case& each) {
  return fmt::format("{}/{}{}", name_of(each.place), each.attack, each.layers == Layers::watched ? "/behind" : "");
}

CaseReport judge_live(const live::Case& each, const LiveRuns& runs) {
  CaseReport report;
  report.id = id_of(each);
  report.attack = each.what;
  report.denied_by = name_of(each.guard);
  report.expected = expectation(each);
  const LiveRun* run = each.layers == Layers::watched ? runs.watched : runs.strong;
  const Attempt* attempt = run == nullptr ? nullptr : run->find(name_of(each.place), each.attack);
  if (attempt == nullptr) {
    report.problem = "the machine said nothing of this attack";
    return report;
  }
  std::optional<Witness> witness = decisive(each, witnesses_of(*run, *attempt));
  report.evidence = in_words(*attempt);
  if (witness) report.evidence += "; " + witness->record;
  std::string no_control = judge_control(each, runs, report.control);
  switch (attempt->end) {
    case Attempt::End::done:
      report.verdict = Verdict::hole;
      report.problem = "the attack succeeded";
      return report;
    case Attempt::End::broken:
      report.problem = in_words(*attempt);
      return report;
    case Attempt::End::refused:
    case Attempt::End::killed:
      break;
  }
  if (attempt->end == Attempt::End::killed && attempt->error == "SIGALRM") {
    report.problem = "the attack did not come to its end in time";
    return report;
  }
  report.problem = std::move(no_control);
  if (report.problem.empty()) judge_refusal(each, *attempt, witness, report);
  return report;
}

CaseReport judge_denials(std::span<const live::Case> cases, const LiveRun& strong) {
  CaseReport report;
  report.id = "denials";
  report.attack = "`ashlarctl denials` is asked what was denied, and why";
  report.denied_by = "ashlarctl";
  report.expected = "a sentence for each of the kernel's records of these attacks";
  std::set<std::string> told;
  for (const std::string& sentence : strong.sentences) told.insert(without_process(sentence));
  unsigned asked = 0;
  for (const live::Case& each : cases) {
    const Attempt* attempt = strong.find(name_of(each.place), each.attack);
    if (each.layers != Layers::all || attempt == nullptr) continue;
    for (const Witness& witness : witnesses_of(strong, *attempt)) {
      ++asked;
      const std::string sentence = without_process(in_words(witness.denial));
      auto found = told.lower_bound(sentence);  // "Service ..." or "2 times." may follow
      if (found == told.end() || !found->starts_with(sentence)) {
        report.problem = fmt::format("it does not say: {}", sentence);
        return report;
      }
      report.evidence = *found;
    }
  }
  if (asked == 0) report.problem = "nothing was denied with a record";
  report.control = fmt::format("{} records of these attacks, {} sentences", asked, strong.sentences.size());
  return report;
}

}  // namespace ashlar::prove
