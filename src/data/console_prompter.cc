#include "data/console_prompter.h"

#include <algorithm>

namespace ashlar {

using Clock = std::chrono::steady_clock;

void ConsolePrompter::show(const Notice& notice) {
  for (const auto& console : consoles_) console->show(notice);
}

Result<std::optional<Secret>> ConsolePrompter::ask(const Question& question, Echo echo) {
  Console* console = TRY(wait_for_answer({question, echo}));
  if (console == nullptr) return std::nullopt;
  Result<Secret> text = console->take_text();
  console->end(false);
  return TRY(std::move(text));
}

Result<std::optional<std::size_t>> ConsolePrompter::choose(const Question& question,
                                                           const std::vector<std::string>& options,
                                                           std::size_t preselected) {
  if (options.empty()) return fail("there is nothing to choose from");
  Console* console = TRY(wait_for_answer({question, Echo::text, options, std::min(preselected, options.size() - 1)}));
  if (console == nullptr) return std::nullopt;
  std::size_t selected = console->selected();
  console->end(false);
  return selected;
}

Status ConsolePrompter::use_keyboard_layout(const std::string& name) {
  KeyboardLayout layout = TRY(KeyboardLayout::load(name));
  for (const auto& console : consoles_) TRY(console->use_keyboard_layout(layout));
  return {};
}

Result<Console*> ConsolePrompter::wait_for_answer(const Asked& asked) {
  Console* answered = nullptr;
  Status over = [&]() -> Status {
    TRY(on_each([&](Console& console) { return console.begin(asked); }));
    no_input_since_.reset();
    bool cancelled = false;
    while (answered == nullptr && !cancelled) {
      TRY(check_input());
      TRY(wait());
      TRY(on_each([&](Console& console) -> Status {
        if (answered != nullptr || cancelled) return {};
        Answered progress = TRY(console.advance());
        if (progress == Answered::entered) answered = &console;
        cancelled = progress == Answered::cancelled;
        return {};
      }));
    }
    return {};
  }();
  for (const auto& console : consoles_) {
    if (console.get() != answered) console->end(answered != nullptr);
  }
  TRY(std::move(over));
  return answered;
}

Status ConsolePrompter::wait() const {
  std::vector<pollfd> descriptors;
  int timeout = -1;
  for (const auto& console : consoles_) {
    console->add_descriptors(descriptors);
    int patience = console->patience();
    if (patience >= 0) timeout = timeout < 0 ? patience : std::min(timeout, patience);
  }
  if (::poll(descriptors.data(), descriptors.size(), timeout) < 0 && errno != EINTR) return fail_errno("wait for keys");
  return {};
}

Status ConsolePrompter::check_input() {
  if (std::ranges::any_of(consoles_, [](const auto& console) { return console->has_input(); })) {
    no_input_since_.reset();
    return {};
  }
  if (!no_input_since_) no_input_since_ = Clock::now();
  if (Clock::now() - *no_input_since_ < without_input_) return {};
  return fail("no keyboard is connected, so nobody can answer");
}

Status ConsolePrompter::on_each(const std::function<Status(Console&)>& step) {
  std::string lost = "there is no console";
  for (auto it = consoles_.begin(); it != consoles_.end();) {
    Status done = step(**it);
    if (done) {
      ++it;
      continue;
    }
    lost = done.error().message();
    it = consoles_.erase(it);
  }
  if (consoles_.empty()) return fail("nobody can answer any more: " + lost);
  return {};
}

}  // namespace ashlar
