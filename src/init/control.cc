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

bool Control::is_follow(std::string_view packet, Rights rights) noexcept {
  Result<ControlQuestion> question = parse_control_question(packet);
  return rights == Rights::logger && question && question->verb == Verb::follow;
}

std::string Control::answer(std::string_view packet, Rights rights, BootTime now) noexcept {
  Result<ControlQuestion> question = parse_control_question(packet);
  if (!question) return build_control_answer(Outcome::misused, question.error().message());
  if (rights != Rights::all && rights != Rights::session) {
    return build_control_answer(Outcome::failed, "this is for root and for the person of the session");
  }
  switch (question->verb) {
    case Verb::report:
      return build_control_answer(Outcome::done, build_report(report(now)));
    case Verb::log:
    case Verb::restart:
      return answer_of_service(*question, rights);
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

std::string Control::answer_of_service(const ControlQuestion& question, Rights rights) {
  std::optional<ServiceNumber> number = supervisor_->find(question.service);
  if (!number) return build_control_answer(Outcome::misused, "there is no service " + question.service);
  const Service& service = supervisor_->services()[*number];
  if (question.verb == Verb::restart) {
    if (rights != Rights::all) return build_control_answer(Outcome::failed, "only root may start a service again");
    Status begun = supervisor_->restart(*number);
    return begun ? build_control_answer(Outcome::done, "")
                 : build_control_answer(Outcome::failed, begun.error().message());
  }
  if (rights != Rights::all && service.definition().kind != ServiceKind::session) {
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
