// A software TPM that belongs to one test, and tpm2-tools talking to it.
#pragma once

#include <optional>

#include "format/pcr_values.h"
#include "oracle.h"

namespace ashlar::oracle {

class OracleTpm {
 public:
  OracleTpm();
  // The TPM of a machine that is switched off: a copy of what swtpm keeps of it.
  explicit OracleTpm(const fs::path& state);
  ~OracleTpm();
  OracleTpm(const OracleTpm&) = delete;
  OracleTpm& operator=(const OracleTpm&) = delete;

  // Files for the tools, and what they write.
  [[nodiscard]] const TempDir& files() const { return files_; }
  [[nodiscard]] std::string file(std::string_view name) const { return files_.path(name).string(); }
  [[nodiscard]] std::string put(std::string_view name, ByteView content) const {
    return files_.put(name, content).string();
  }

  // The machine is switched off in order and on again: PCRs start anew, what is stored stays.
  void power_cycle();
  // For tools that are told which TPM to use by an argument of their own.
  [[nodiscard]] std::string tcti() const;
  // TPM2_PCR_Extend.
  void extend(unsigned pcr, const Sha256Digest& digest) const;

 private:
  void power_on();

  TempDir files_;
  std::optional<Process> process_;
};

// Tools that load objects leave them in the TPM, which has room for three: nothing manages its memory here. These run a
// tool and then take all objects out; what lies in context files stays good until a power cycle.
CommandOutput with_objects(const std::vector<std::string>& argv);
std::string succeed_with_objects(const std::vector<std::string>& argv);

// What a session is for: computing a digest, or satisfying an authPolicy.
enum class SessionKind { kTrial, kPolicy };

// A session of the TPM and the policy commands put to it. The tools check that each succeeds, unless said otherwise.
class TpmSession {
 public:
  TpmSession(const OracleTpm& tpm, SessionKind kind);
  ~TpmSession();
  TpmSession(const TpmSession&) = delete;
  TpmSession& operator=(const TpmSession&) = delete;

  // tpm2_<command> in this session.
  void run(const std::string& command, std::vector<std::string> arguments) const;
  [[nodiscard]] CommandOutput try_to(const std::string& command, std::vector<std::string> arguments) const;
  [[nodiscard]] Sha256Digest digest() const;
  // As tools take it that authorize with the session; `auth_value` behind it.
  [[nodiscard]] std::string authorization(const std::string& auth_value = {}) const;

 private:
  const OracleTpm& tpm_;
  std::string context_;
};

// "0x01804153".
std::string handle_text(std::uint32_t handle);

}  // namespace ashlar::oracle
