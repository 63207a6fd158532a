#include "format/control_message.h"

#include <algorithm>
#include <array>
#include <span>

#include "format/printable_line.h"
#include "format/words.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestSentence = 512;  // bytes

constexpr std::array<std::string_view, 9> kStates = {"waiting", "starting", "running", "stopping", "clearing",
                                                     "pausing", "finished", "stopped", "failed"};
constexpr std::array<std::string_view, 4> kKinds = {"oneshot", "daemon", "session", "logger"};
constexpr std::array<std::string_view, 3> kOutcomes = {"done", "failed", "misused"};

bool is_printable(std::string_view text) {
  return text.size() <= kLongestSentence && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// The place of `word` among `words`, as the enumeration counts.
template <typename E>
Result<E> one_of(std::string_view word, std::span<const std::string_view> words) {
  auto found = std::ranges::find(words, word);
  if (found == words.end()) return fail("an unknown word");
  return static_cast<E>(found - words.begin());
}

Result<BootTime> boot_time(Words& words) { return BootTime(TRY(words.integer<std::int64_t>())); }
Result<std::optional<BootTime>> boot_time_or_none(Words& words) {
  std::optional<std::int64_t> time = TRY(words.integer_or_none<std::int64_t>());
  if (!time) return std::nullopt;
  return BootTime(*time);
}

std::string text_of(const std::optional<BootTime>& time) {
  return time ? std::to_string(time->count()) : std::string(kNoWord);
}

Result<ControlQuestion> parse_question(std::string_view packet) {
  using Verb = ControlQuestion::Verb;
  if (packet.size() > kLongestControlQuestion) return fail("too long");
  std::string_view rest = packet;
  Words words(TRY(take_line(rest)));
  if (!rest.empty()) return fail("more than a line");
  ControlQuestion question;
  std::string_view verb = TRY(words.word());
  if (verb == "report") {
    question.verb = Verb::report;
  } else if (verb == "follow") {
    question.verb = Verb::follow;
  } else if (verb == "power") {
    std::string_view state = TRY(words.word());
    if (state != "off" && state != "restart") return fail("an unknown word");
    question.verb = state == "off" ? Verb::power_off : Verb::power_restart;
  } else if (verb == "restart") {
    question.verb = Verb::restart;
    question.service = TRY(words.name());
  } else if (verb == "past") {
    question.verb = Verb::past;
    question.service = TRY(words.name());
    question.from = TRY(words.integer<std::uint32_t>());
  } else if (verb == "log") {
    question.verb = Verb::log;
    question.service = TRY(words.name());
    question.from = TRY(words.integer<std::uint64_t>());
  } else {
    return fail("an unknown word");
  }
  TRY(words.end());
  return question;
}

Result<BootPhase> parse_phase(Words& words) {
  BootPhase phase;
  phase.name = TRY(words.name());
  phase.begun = TRY(boot_time(words));
  phase.ended = TRY(boot_time_or_none(words));
  TRY(words.end());
  return phase;
}

Result<ServiceReport> parse_service(Words& words) {
  ServiceReport service;
  service.name = TRY(words.name());
  service.kind = TRY(one_of<ServiceKind>(TRY(words.word()), kKinds));
  service.state = TRY(one_of<ServiceState>(TRY(words.word()), kStates));
  service.since = TRY(boot_time(words));
  service.process = TRY(words.integer_or_none<int>());
  service.restarts = TRY(words.integer<unsigned>());
  service.started = TRY(boot_time_or_none(words));
  service.ready = TRY(boot_time_or_none(words));
  TRY(words.end());
  return service;
}

Result<Report> parse_lines(std::string_view text) {
  Report report;
  while (!text.empty()) {
    Words words(TRY(take_line(text)));
    std::string_view what = TRY(words.word());
    if (what == "now") {
      report.now = TRY(boot_time(words));
    } else if (what == "phase") {
      report.phases.push_back(TRY(parse_phase(words)));
    } else if (what == "service") {
      report.services.push_back(TRY(parse_service(words)));
    } else if (!report.services.empty() && (what == "why" || what == "says")) {
      std::string_view said = TRY(words.rest());
      if (said.empty() || !is_printable(said)) return fail("what is not printable");
      (what == "why" ? report.services.back().why : report.services.back().status) = said;
    } else {
      return fail("an unknown line");
    }
    TRY(words.end());
  }
  return report;
}

}  // namespace

std::string_view name_of(ServiceState state) { return kStates[static_cast<std::size_t>(state)]; }
std::string_view name_of(ServiceKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string build_control_question(const ControlQuestion& question) {
  switch (question.verb) {
    case ControlQuestion::Verb::report:
      return "report\n";
    case ControlQuestion::Verb::log:
      return "log " + question.service + " " + std::to_string(question.from) + "\n";
    case ControlQuestion::Verb::past:
      return "past " + question.service + " " + std::to_string(question.from) + "\n";
    case ControlQuestion::Verb::restart:
      return "restart " + question.service + "\n";
    case ControlQuestion::Verb::power_off:
      return "power off\n";
    case ControlQuestion::Verb::power_restart:
      return "power restart\n";
    case ControlQuestion::Verb::follow:
      return "follow\n";
  }
  return {};
}

Result<ControlQuestion> parse_control_question(std::string_view packet) {
  return in("a question for PID 1", parse_question(packet));
}

std::string build_control_answer(Outcome outcome, std::string_view text) {
  std::string packet(kOutcomes[static_cast<std::size_t>(outcome)]);
  if (outcome == Outcome::done) return packet + "\n" + std::string(text);
  return packet + " " + printable_line(text, kLongestSentence) + "\n";
}

Result<ControlAnswer> parse_control_answer(std::string_view packet) {
  ControlAnswer answer;
  std::string_view rest = packet;
  Result<std::string_view> line = in("PID 1's answer", take_line(rest));
  Words words(TRY(std::move(line)));
  answer.outcome = TRY(in("PID 1's answer", one_of<Outcome>(TRY(words.word()), kOutcomes)));
  if (answer.outcome != Outcome::done) {
    std::string_view sentence = TRY(in("PID 1's answer", words.rest()));
    if (!is_printable(sentence) || !rest.empty()) return fail("PID 1's answer: not a sentence");
    answer.text = sentence;
    return answer;
  }
  TRY(in("PID 1's answer", words.end()));
  answer.text = rest;
  return answer;
}

std::string build_report(const Report& report) {
  std::string text = "now " + std::to_string(report.now.count()) + "\n";
  for (const BootPhase& phase : report.phases) {
    text += "phase " + phase.name + " " + std::to_string(phase.begun.count()) + " " + text_of(phase.ended) + "\n";
  }
  for (const ServiceReport& service : report.services) {
    text += "service " + service.name + " " + std::string(name_of(service.kind)) + " " +
            std::string(name_of(service.state)) + " " + std::to_string(service.since.count()) + " " +
            (service.process ? std::to_string(*service.process) : std::string(kNoWord)) + " " +
            std::to_string(service.restarts) + " " + text_of(service.started) + " " + text_of(service.ready) + "\n";
    if (!service.why.empty()) text += "why " + printable_line(service.why, kLongestSentence) + "\n";
    if (!service.status.empty()) text += "says " + printable_line(service.status, kLongestSentence) + "\n";
  }
  return text;
}

Result<Report> parse_report(std::string_view text) { return in("PID 1's report", parse_lines(text)); }

}  // namespace ashlar
