// What the subcommands do. Each returns its error for main to print; results go to standard output.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::cli {

// Which image a command is about.
struct ImageChoice {
  std::string profile = "desktop";
  std::string variant = "dev";
  std::string keys;
  std::string mirror;
  std::string lock;
  std::string output;
};

// Writes to standard output, where results go.
Status print(std::string_view text);

struct KeysNewOptions {
  std::string directory;
  std::string variant;
};
Status keys_new_command(const KeysNewOptions& options);

struct LockCommandOptions {
  std::string mirror;
  std::string export_directory;
};
Status lock_command(const LockCommandOptions& options);

struct BuildCommandOptions {
  ImageChoice choice;
  bool json = false;
};
Status build_command(const BuildCommandOptions& options);

struct RunCommandOptions {
  ImageChoice choice;
  std::string image;
  bool headless = false;
  bool keep = false;
  std::string until;
  std::string screenshot;
  std::string serial;
  unsigned timeout_seconds = 300;
  bool json = false;
};
Status run_command(const RunCommandOptions& options);

struct InspectCommandOptions {
  std::string image;
  bool hardening = false;
  bool json = false;
};
Status inspect_command(const InspectCommandOptions& options);

struct AuditCommandOptions {
  std::string of;  // a profile or an image
  ImageChoice choice;
  bool json = false;
};
Status audit_command(const AuditCommandOptions& options);

struct VerifyCommandOptions {
  std::string image;
  std::string keys;
  bool json = false;
};
Status verify_command(const VerifyCommandOptions& options);

struct PredictCommandOptions {
  std::string image;
  bool json = false;
};
Status predict_command(const PredictCommandOptions& options);

struct ProveCommandOptions {
  ImageChoice choice;
  std::string image;
  std::string work;
  std::string report;
  std::vector<std::string> only;
  std::uint64_t seed = 1;
  unsigned flips_offline = 1000;
  unsigned flips_booted = 20;
  bool list = false;
  bool live = false;
  bool sample = false;
  bool json = false;
};
Status prove_command(const ProveCommandOptions& options);

struct TestCommandOptions {
  enum class Tier { kQuick, kEverything, kSoak };
  Tier tier = Tier::kEverything;
  std::string label;
  unsigned seed = 0;  // of the soak run; 0: drawn
  std::string mirror;
};
Status test_command(const TestCommandOptions& options);

struct RebuildCheckOptions {
  ImageChoice choice;
  std::string against;  // an image somebody else built, instead of a first build
  bool with_kernel = false;
  bool json = false;
};
Status rebuild_check_command(const RebuildCheckOptions& options);

struct FuzzCommandOptions {
  std::string target;    // empty: lists them
  unsigned seconds = 0;  // 0: until something is found or Ctrl-C
};
Status fuzz_command(const FuzzCommandOptions& options);

struct BenchCommandOptions {
  enum class Part { everything, boot, memory, layers, unlocking };
  ImageChoice choice;
  Part part = Part::everything;
  unsigned boots = 3;  // of each machine
  std::string mkosi;   // where mkosi's files are kept, and an image of an earlier run is taken from for Part::boot
};
Status bench_command(const BenchCommandOptions& options);

}  // namespace ashlar::cli
