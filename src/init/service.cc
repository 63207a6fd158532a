#include "init/service.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "format/notify_message.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;
using Time = Service::Time;

constexpr Time kHolds = 10s;         // ready that long: what fails then is a new failure
constexpr Time kFirstPause = 200ms;  // doubles with each failure in a row
constexpr Time kLongestPause = 30s;
constexpr Time kClearingStep = 50ms;  // between looks at a group that is being killed
constexpr Time kOutputInterval = 1s;
constexpr std::uint64_t kMostOutput = 256 * 1024;  // bytes in that time
constexpr unsigned kMostTold = 4;                  // of its messages are put in the log, which is not its to fill
constexpr std::size_t kQuotedLines = 6;            // of what it said before it failed
constexpr std::size_t kQuotedBytes = 160;          // of each

std::string in_seconds(Time time) {
  auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string describe(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "was ended by signal " + std::to_string(WTERMSIG(wait_status));
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace

void Service::say(Severity severity, std::string_view what) {
  output_.note(what);
  kernel_->say(severity, "ashlar: service " + std::string(definition_->name) + ": " + std::string(what));
}

void Service::become(State state, std::optional<Time> due) {
  if (state != state_) since_ = processes_->now();
  state_ = state;
  due_ = due;
}

ServiceReport Service::report() const {
  return {.name = definition_->name,
          .kind = definition_->kind,
          .state = state_,
          .since = since_,
          .process = main_process_ == -1 ? std::nullopt : std::optional(main_process_),
          .restarts = restarts_,
          .started = first_started_,
          .ready = first_ready_,
          .why = last_failure_,
          .status = status_};
}

// What it said itself, and so is in its output already.
void Service::quote(std::string_view line) {
  kernel_->say(Severity::info, "ashlar: service " + std::string(definition_->name) + ": | " + std::string(line));
}

std::optional<Time> Service::due() const {
  if (!due_ || !hold_until_) return due_ ? due_ : hold_until_;
  return std::min(*due_, *hold_until_);
}

void Service::start() noexcept {
  if (state_ != State::waiting) return;
  started_ = processes_->now();
  if (!first_started_) first_started_ = started_;
  ready_ = {};
  why_.clear();
  status_.clear();
  told_ = 0;
  become(State::starting, started_ + definition_->ready_within);
  Result<int> process = processes_->start(number_, restarts_ == 0 ? Occasion::first : Occasion::again);
  if (!process) return clear(process.error().message());
  main_process_ = *process;
}

void Service::give_up(std::string_view why) noexcept {
  if (state_ != State::waiting) return;
  why_ = why;
  last_failure_ = why;
  say(Severity::failure, "does not start: " + why_);
  become(State::failed, std::nullopt);
}

void Service::become_ready() {
  if (state_ != State::starting) return;
  ready_ = processes_->now();
  if (!first_ready_) first_ready_ = ready_;
  say(Severity::info, "ready after " + in_seconds(ready_ - started_));
  become(State::running, std::nullopt);
}

void Service::handle(const ServiceEvent& event) noexcept {
  Readiness way = definition_->readiness;
  switch (event.kind) {
    case ServiceEvent::Kind::executed:
      if (way == Readiness::started) become_ready();
      break;
    case ServiceEvent::Kind::ready:
      if (way == Readiness::descriptor) become_ready();
      break;
    case ServiceEvent::Kind::notified: {
      NotifyMessage message = parse_notify(event.text);
      if (!message.status.empty() && told_++ < kMostTold) say(Severity::info, "says: " + message.status);
      if (!message.status.empty()) status_ = std::move(message.status);
      if (message.ready && way == Readiness::notify) become_ready();
      break;
    }
    case ServiceEvent::Kind::output:
      read_output();
      break;
  }
}

void Service::read_output() {
  output_.write(processes_->read_output(number_));
  Time now = processes_->now();
  if (now - counting_since_ >= kOutputInterval) {
    counting_since_ = now;
    counted_from_ = output_.written();
  }
  if (output_.written() - counted_from_ < kMostOutput || hold_until_) return;
  hold_until_ = counting_since_ + kOutputInterval;
  processes_->hold_output(number_, true);
}

void Service::main_has_ended(int wait_status) noexcept {
  main_process_ = -1;
  output_.write(processes_->read_output(number_));
  if (state_ == State::clearing) return look();
  if (std::optional<std::string> refusal = processes_->refusal(number_)) {
    never_again_ = true;
    return clear("cannot be kept in: " + *refusal);
  }
  if (state_ == State::stopping) {
    // The others of a session were asked as well, and have the same time to end in order.
    return definition_->kind == ServiceKind::session ? look() : clear("");
  }
  bool well = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
  if (well && (state_ == State::running || definition_->readiness == Readiness::exit)) return clear("");
  std::string why = describe(wait_status);
  if (state_ == State::starting && definition_->readiness != Readiness::exit) why += " before it was ready";
  clear(std::move(why));
}

void Service::clear(std::string why) {
  why_ = std::move(why);
  if (!why_.empty()) {
    last_failure_ = why_;
    for (const std::string& line : output_.last_lines(kQuotedLines, kQuotedBytes)) quote(line);
    say(Severity::failure, why_);
  }
  processes_->kill(number_);
  become(State::clearing, processes_->now() + kClearingStep);
  look();
}

void Service::settle() {
  if (hold_until_) processes_->hold_output(number_, false);
  hold_until_.reset();
  if (to_stay_down_) return become(State::stopped, std::nullopt);
  if (std::exchange(to_start_again_, false)) {
    ++restarts_;
    return become(State::waiting, std::nullopt);
  }
  RestartPolicy policy = definition_->restart;
  bool well = why_.empty();
  if (well && definition_->kind == ServiceKind::oneshot) {
    if (!first_ready_) first_ready_ = processes_->now();
    say(Severity::info, "done after " + in_seconds(processes_->now() - started_));
    return become(State::finished, std::nullopt);
  }
  if (well && policy != RestartPolicy::always) {
    say(Severity::info, "has ended");
    return become(State::stopped, std::nullopt);
  }
  Time now = processes_->now();
  bool held = ready_ != Time{} && now - ready_ >= kHolds;
  failures_ = held ? 1 : failures_ + 1;
  if (never_again_ || policy == RestartPolicy::never || failures_ > definition_->restart_limit) {
    say(Severity::failure, "stays down");
    return become(State::failed, std::nullopt);
  }
  Time pause = std::min(kFirstPause * (1U << std::min(failures_ - 1, 8U)), kLongestPause);
  say(Severity::info, "starts again in " + in_seconds(pause));
  ++restarts_;
  become(State::pausing, now + pause);
}

void Service::stop() noexcept {
  to_stay_down_ = true;
  if (state_ == State::waiting || state_ == State::pausing) become(State::stopped, std::nullopt);
  if (state_ != State::starting && state_ != State::running) return;
  become(State::stopping, processes_->now() + definition_->stop_within);
  processes_->ask_to_end(number_, main_process_);
}

void Service::restart() noexcept {
  if (to_stay_down_) return;
  failures_ = 0;
  never_again_ = false;
  if (state_ == State::pausing) return become(State::waiting, std::nullopt);
  if (is_down()) {
    if (first_started_) ++restarts_;
    return become(State::waiting, std::nullopt);
  }
  if (state_ == State::waiting) return;
  to_start_again_ = true;
  if (state_ != State::starting && state_ != State::running) return;  // it is on its way
  say(Severity::info, "is to start again");
  become(State::stopping, processes_->now() + definition_->stop_within);
  processes_->ask_to_end(number_, main_process_);
}

void Service::look() noexcept {
  Time now = processes_->now();
  if (hold_until_ && now >= *hold_until_) {
    hold_until_.reset();
    processes_->hold_output(number_, false);
  }
  // An empty group need not wait for its next look.
  bool ending = state_ == State::clearing || state_ == State::stopping;
  if (ending && main_process_ == -1 && processes_->gone(number_)) return settle();
  if (!due_ || now < *due_) return;
  switch (state_) {
    case State::starting:
      return clear("is not ready after " + in_seconds(now - started_));
    case State::stopping:
      return clear("does not end in " + in_seconds(definition_->stop_within) + " and is made to");
    case State::clearing:
      processes_->kill(number_);  // a process that was being made may have missed the first
      return become(State::clearing, now + kClearingStep);
    case State::pausing:
      return become(State::waiting, std::nullopt);
    default:
      return become(state_, std::nullopt);
  }
}

}  // namespace ashlar
