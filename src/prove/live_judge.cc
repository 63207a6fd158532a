#include "prove/live_judge.h"

#include <fmt/format.h>

namespace ashlar::prove {
namespace {

using live::Control;
using live::Guard;

// Who writes a record of each denial. The others are told by how they refuse, and by nobody else having said that it
// was them.
bool writes_records(Guard guard) { return guard == Guard::ipe || guard == Guard::selinux || guard == Guard::lockdown; }

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
  std::string record = writes_records(each.guard) ? ", and the kernel writes a record of it" : "";
  return fmt::format("refused by {}{}{}", name_of(each.guard), how, record);
}

// Empty when the attack with nothing in its way succeeded.
std::string missing_control(std::string_view what, const LiveRun& run, std::string_view place, std::string_view attack,
                            std::string& told) {
  const Attempt* attempt = run.find(place, attack);
  std::string said = attempt == nullptr ? "nothing was said of it" : in_words(*attempt);
  told += fmt::format("{}{}: {}", told.empty() ? "" : "; ", what, said);
  bool succeeded = attempt != nullptr && attempt->end == Attempt::End::done;
  return succeeded ? "" : fmt::format("the control shows nothing: {}: {}", what, said);
}

std::string judge_control(const live::Case& each, const LiveRuns& runs, std::string& told) {
  if (each.control == Control::weak) {
    return missing_control(fmt::format("beside it, {}", each.beside), *runs.strong, name_of(each.place), each.beside,
                           told);
  }
  std::string problem;
  if (runs.bare != nullptr) problem = missing_control("without any layer", *runs.bare, "bare", each.attack, told);
  if (problem.empty() && each.control == Control::ipe && runs.without_ipe != nullptr) {
    problem = missing_control("with IPE alone off", *runs.without_ipe, name_of(each.place), each.attack, told);
  }
  if (problem.empty() && told.empty()) return "no control was run";
  return problem;
}

void judge_refusal(const live::Case& each, const Attempt& attempt, const std::optional<Witness>& witness,
                   CaseReport& report) {
  auto other = [&](std::string why) {
    report.verdict = Verdict::other_layer;
    report.problem = std::move(why);
  };
  std::optional<Guard> said = witness ? guard_of(witness->denial.layer) : std::nullopt;
  if (said && *said != each.guard)
    return other(fmt::format("{} denied it, not {}", name_of(*said), name_of(each.guard)));
  if (writes_records(each.guard) && !said) {
    return other(fmt::format("{}, and {} says nothing of it", in_words(attempt), name_of(each.guard)));
  }
  if (!each.error.empty() && attempt.error != each.error) {
    return other(fmt::format("{}, not {}", in_words(attempt), each.error));
  }
}

}  // namespace

std::string id_of(const live::Case& each) { return fmt::format("{}/{}", name_of(each.place), each.attack); }

CaseReport judge_live(const live::Case& each, const LiveRuns& runs) {
  CaseReport report;
  report.id = id_of(each);
  report.attack = each.what;
  report.denied_by = name_of(each.guard);
  report.expected = expectation(each);
  const Attempt* attempt = runs.strong->find(name_of(each.place), each.attack);
  if (attempt == nullptr) {
    report.problem = "the machine said nothing of this attack";
    return report;
  }
  std::optional<Witness> witness = witness_of(*runs.strong, *attempt);
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
  report.problem = std::move(no_control);
  if (report.problem.empty()) judge_refusal(each, *attempt, witness, report);
  return report;
}

}  // namespace ashlar::prove
