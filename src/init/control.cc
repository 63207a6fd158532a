#include "init/control.h"

#include <algorithm>

#include "format/user_accounts.h"

namespace ashlar {
namespace {

using Verb = ControlQuestion::Verb;

bool is_logger(const Peer& peer, std::span<const Service> services) {
  return peer.user == 0 && std::ranges::any_of(services, [&](const Service& service) {
           return service.definition().kind == ServiceKind::logger &&
                  peer.group == "/" + std::string(service.definition().name);
         });
}

}  // namespace

Rights Control::rights_of(const Peer& peer) const noexcept {
  if (peer.user == 0 && peer.group == "/") return Rights::all;
  if (is_logger(peer, supervisor_->services())) return Rights::logger;
  unsigned user = supervisor_->user();
  if (user != 0 && peer.user == account_id(user)) return Rights::session;
  return Rights::none;
}

Reply Control::answer(std::string_view packet, Rights rights, BootTime now) noexcept {
  Result<ControlQuestion> question = parse_control_question(packet);
  if (!question) return build_control_answer(Outcome::misused, question.error().message());
  if (rights == Rights::logger && question->verb == Verb::follow) return Follow{};
  if (rights != Rights::all && rights != Rights::session) {
    return build_control_answer(Outcome::failed, "this is for root and for the person of the session");
  }
  switch (question->verb) {
    case Verb::report:
      return build_control_answer(Outcome::done, build_report(report(now)));
    case Verb::log:
      return log(*question, rights);
    case Verb::past:
      return LogRequest{.service = question->service,
                        .boots_ago = static_cast<std::uint32_t>(question->from),
                        .user = rights == Rights::all ? std::nullopt : std::optional(account_id(supervisor_->user()))};
    case Verb::restart:
      return restart(*question, rights);
    case Verb::power_off:
      wanted_ = PowerState::off;
      return build_control_answer(Outcome::done, "");
    case Verb::power_restart:
      wanted_ = PowerState::restart;
      return build_control_answer(Outcome::done, "");
    case Verb::follow:
      return build_control_answer(Outcome::failed, "output is followed by the logger alone");
  }
  return build_control_answer(Outcome::misused, "nobody knows this question");
}

std::string Control::restart(const ControlQuestion& question, Rights rights) {
  if (rights != Rights::all) return build_control_answer(Outcome::failed, "only root may start a service again");
  std::optional<ServiceNumber> number = supervisor_->find(question.service);
  if (!number) return build_control_answer(Outcome::misused, "there is no service " + question.service);
  Status begun = supervisor_->restart(*number);
  if (!begun) return build_control_answer(Outcome::failed, begun.error().message());
  return build_control_answer(Outcome::done, "");
}

std::string Control::log(const ControlQuestion& question, Rights rights) const {
  std::optional<ServiceNumber> number = supervisor_->find(question.service);
  if (!number) return build_control_answer(Outcome::misused, "there is no service " + question.service);
  if (rights != Rights::all && supervisor_->services()[*number].definition().kind != ServiceKind::session) {
    return build_control_answer(Outcome::failed, "only root may read what " + question.service + " writes");
  }
  return build_control_answer(Outcome::done,
                              build_output_part(supervisor_->output_of(*number, question.from, OutputRing::kBytes)));
}

Report Control::report(BootTime now) const {
  Report report{.now = now, .phases = phases_->all(), .services = {}};
  for (const Service& service : supervisor_->services()) report.services.push_back(service.report());
  return report;
}

}  // namespace ashlar
