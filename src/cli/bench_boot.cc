#include "cli/bench_boot.h"

#include "vm/run.h"

namespace ashlar::cli {
namespace {

using vm::Clock;
using vm::Verdict;

class MilestoneDetector : public vm::ReadyDetector {
 public:
  explicit MilestoneDetector(std::vector<Milestone> milestones) : milestones_(std::move(milestones)) {}
  [[nodiscard]] Source source() const override { return Source::serial; }
  Verdict on_line(std::string_view line) override {
    first_boot_.on_line(line);
    return look(line);
  }
  // A login prompt has no end of line; one is typed.
  std::optional<std::string_view> answer(std::string_view unfinished) override {
    if (look(unfinished).state == Verdict::State::ready) return "\r";
    return first_boot_.answer(unfinished);
  }
  [[nodiscard]] const std::map<std::string, Clock::time_point>& reached() const { return reached_; }

 private:
  Verdict look(std::string_view line) {
    for (const Milestone& milestone : milestones_) {
      if (line.find(milestone.sign) != line.npos) reached_.try_emplace(milestone.name, Clock::now());
    }
    if (reached_.size() < milestones_.size()) return {};
    return {Verdict::State::ready, std::string(line)};
  }

  std::vector<Milestone> milestones_;
  std::map<std::string, Clock::time_point> reached_;
  vm::FirstBootQuestion first_boot_;
};

}  // namespace

Result<BootTimes> boot_times(const fs::path& image, const std::vector<Milestone>& milestones) {
  auto detector = std::make_shared<MilestoneDetector>(milestones);
  vm::RunReport report = TRY(vm::run_image(
      {.image = image, .until = vm::Until::ready, .timeout = std::chrono::minutes(10), .detector = detector}));
  // What decided was the last of them.
  Clock::time_point decided;
  for (const auto& [name, at] : detector->reached()) decided = std::max(decided, at);
  const Clock::time_point power_on = decided - report.last_boot_after;
  BootTimes times;
  for (const auto& [name, at] : detector->reached()) {
    times[name] = std::chrono::duration<double>(at - power_on).count();
  }
  return times;
}

}  // namespace ashlar::cli
