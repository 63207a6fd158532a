// The Prompter of the unlocking program: a question stands on every console at once, and whoever answers first answers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "data/console.h"

namespace ashlar {

class ConsolePrompter : public Prompter {
 public:
  using Milliseconds = std::chrono::milliseconds;
  // How long a question waits for something to type on to be plugged in.
  static constexpr Milliseconds kWithoutInput{120'000};

  explicit ConsolePrompter(std::vector<std::unique_ptr<Console>> consoles, Milliseconds without_input = kWithoutInput)
      : consoles_(std::move(consoles)), without_input_(without_input) {}

  void show(const Notice& notice) override;
  // Both: an error when nobody can answer, or no longer. A console that fails is left out from then on, its error told
  // when it was the last.
  Result<std::optional<Secret>> ask(const Question& question, Echo echo) override;
  Result<std::optional<std::size_t>> choose(const Question& question, const std::vector<std::string>& options,
                                            std::size_t preselected) override;
  Status use_keyboard_layout(const std::string& name) override;

 private:
  // The console that has the answer, on which alone the question is still open; nullptr when it was left.
  Result<Console*> wait_for_answer(const Asked& asked);
  // Waits until something can have happened.
  Status wait() const;
  // Nobody can type anything: an error when that lasts.
  Status check_input();
  // Leaves out what `step` says has failed.
  Status on_each(const std::function<Status(Console&)>& step);

  std::vector<std::unique_ptr<Console>> consoles_;
  Milliseconds without_input_;
  std::optional<std::chrono::steady_clock::time_point> no_input_since_;
};

}  // namespace ashlar
