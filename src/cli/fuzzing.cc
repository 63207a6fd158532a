#include "cli/fuzzing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/image_choice.h"

namespace ashlar::cli {
namespace {

constexpr std::string_view kSuffix = "_fuzz.cc";
constexpr int kInterrupted = 72;  // libFuzzer's exit status after Ctrl-C

fs::path sources() { return source_directory() / "tests/fuzz"; }
fs::path build_tree() { return source_directory() / "build/fuzz"; }
fs::path program_of(const std::string& target) { return build_tree() / "tests/fuzz" / ("fuzz_" + target); }

// libFuzzer names what it found after what went wrong.
std::map<fs::path, fs::file_time_type> findings_in(const fs::path& directory) {
  std::map<fs::path, fs::file_time_type> findings;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::string name = entry.path().filename();
    bool found = std::ranges::any_of(std::array{"crash-", "leak-", "timeout-", "oom-"},
                                     [&](const char* kind) { return name.starts_with(kind); });
    if (found) findings[entry.path()] = entry.last_write_time();
  }
  return findings;
}

// From "stat::number_of_executed_units: 12345".
std::string executions_of(std::string_view said) {
  constexpr std::string_view kName = "stat::number_of_executed_units:";
  std::size_t at = said.rfind(kName);
  if (at == std::string_view::npos) return {};
  std::string_view rest = said.substr(at + kName.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return std::string(rest.substr(0, rest.find('\n')));
}

}  // namespace

Result<std::vector<std::string>> fuzz_targets() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sources(), error)) {
    std::string name = entry.path().filename();
    if (name.ends_with(kSuffix)) names.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  if (error) return fail_errno("list " + sources().string(), error.value());
  std::ranges::sort(names);
  return names;
}

Status build_fuzz_targets(const std::string& target) {
  log::Progress progress(target.empty() ? "compile the fuzz targets" : "compile fuzz_" + target, 0);
  std::string what = target.empty() ? "fuzz_targets" : "fuzz_" + target;
  TRY(run_checked({.argv = {sources() / "build.sh", build_tree(), source_directory(), what},
                   .on_line = [&](std::string_view) { progress.advance(); }}));
  return {};
}

Result<FuzzResult> run_fuzz_target(const FuzzRun& run) {
  fs::path kept = build_tree() / "findings" / run.target;
  fs::path corpus = build_tree() / "tests/fuzz/found" / run.target;
  for (const fs::path& directory : {kept, corpus}) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return fail_errno("create " + directory.string(), error.value());
  }
  std::map<fs::path, fs::file_time_type> before = findings_in(kept);
  std::vector<std::string> argv = {program_of(run.target), "-max_total_time=" + std::to_string(run.seconds),
                                   "-timeout=10",          "-rss_limit_mb=1024",
                                   "-print_final_stats=1", "-artifact_prefix=" + kept.string() + "/"};
  if (run.seed != 0) argv.push_back("-seed=" + std::to_string(run.seed));
  argv.insert(argv.end(), {corpus, sources() / "corpus" / run.target});
  CommandOutput ended = TRY(ashlar::run({.argv = argv, .interactive = run.output == FuzzRun::Output::kTerminal}));
  FuzzResult result{.findings = {}, .executions = executions_of(ended.err)};
  for (const auto& [finding, written] : findings_in(kept)) {
    auto known = before.find(finding);
    if (known == before.end() || known->second != written) result.findings.push_back(finding);
  }
  bool ended_well = ended.exit_status == 0 || ended.exit_status == kInterrupted;
  if (!ended_well && result.findings.empty()) {
    std::size_t quoted = std::min<std::size_t>(ended.err.size(), 2000);
    return fail(fmt::format("fuzz_{} ended with status {} and left no input behind\n{}", run.target, ended.exit_status,
                            ended.err.substr(ended.err.size() - quoted)));
  }
  return result;
}

std::string reproduce_command(const std::string& target, const fs::path& finding) {
  return program_of(target).string() + " " + finding.string();
}

}  // namespace ashlar::cli
