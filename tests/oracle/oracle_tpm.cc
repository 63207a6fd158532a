#include "oracle_tpm.h"

#include <cstdlib>
#include <thread>

namespace ashlar::oracle {
namespace {

std::vector<std::string> command_line(const std::string& tool, const std::string& context,
                                      std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {tool, "-S", context});
  return arguments;
}

}  // namespace

OracleTpm::OracleTpm() {
  fs::create_directory(files_.path("state"));
  ::setenv("TPM2TOOLS_TCTI", tcti().c_str(), 1);
  power_on();
}

OracleTpm::OracleTpm(const fs::path& state) {
  fs::copy(state, files_.path("state"));
  ::setenv("TPM2TOOLS_TCTI", tcti().c_str(), 1);
  power_on();
}

OracleTpm::~OracleTpm() { ::unsetenv("TPM2TOOLS_TCTI"); }

std::string OracleTpm::tcti() const { return "swtpm:path=" + file("tpm"); }

void OracleTpm::power_on() {
  Result<Fd> log = open_file(files_.path("swtpm.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ASSERT_TRUE(log) << testing::error_of(log);
  for (const char* socket : {"tpm", "tpm.ctrl"}) fs::remove(files_.path(socket));
  // The TCTI of tpm2-tss looks for the control channel at the same path with ".ctrl".
  Result<Process> process = Process::start(
      {"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + file("state"), "--server", "type=unixio,path=" + file("tpm"),
       "--ctrl", "type=unixio,path=" + file("tpm.ctrl"), "--flags", "not-need-init,startup-clear"},
      *log, {.lifetime = ProcessOptions::Lifetime::bound});
  ASSERT_TRUE(process) << "package swtpm: " << testing::error_of(process);
  process_ = std::move(*process);
  for (int tries = 0; tries < 200 && !fs::exists(files_.path("tpm.ctrl")); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  succeed({"tpm2_getrandom", "1", "-o", file("random")});
}

void OracleTpm::power_cycle() {
  succeed({"tpm2_shutdown", "--clear"});
  process_.reset();
  power_on();
}

void OracleTpm::extend(unsigned pcr, const Sha256Digest& digest) const {
  succeed({"tpm2_pcrextend", std::to_string(pcr) + ":sha256=" + digest.hex()});
}

CommandOutput with_objects(const std::vector<std::string>& argv) {
  CommandOutput output = tool(argv);
  succeed({"tpm2_flushcontext", "--transient-object"});
  return output;
}

std::string succeed_with_objects(const std::vector<std::string>& argv) {
  CommandOutput output = with_objects(argv);
  EXPECT_EQ(output.exit_status, 0) << argv.front() << "\n" << output.out << output.err;
  return output.out;
}

TpmSession::TpmSession(const OracleTpm& tpm, SessionKind kind) : tpm_(tpm) {
  static int number = 0;
  context_ = tpm.file("session" + std::to_string(number++));
  std::vector<std::string> argv = {"tpm2_startauthsession", "-S", context_};
  if (kind == SessionKind::kPolicy) argv.emplace_back("--policy-session");
  succeed(argv);
}

TpmSession::~TpmSession() { succeed({"tpm2_flushcontext", context_}); }

void TpmSession::run(const std::string& command, std::vector<std::string> arguments) const {
  succeed(command_line("tpm2_" + command, context_, std::move(arguments)));
}

CommandOutput TpmSession::try_to(const std::string& command, std::vector<std::string> arguments) const {
  return tool(command_line("tpm2_" + command, context_, std::move(arguments)));
}

Sha256Digest TpmSession::digest() const {
  std::string out = tpm_.file("digest");
  run("getpolicydigest", {"-o", out});
  Bytes bytes = content_of(out);
  Sha256Digest digest;
  EXPECT_EQ(bytes.size(), digest.bytes.size());
  if (bytes.size() == digest.bytes.size()) std::ranges::copy(bytes, digest.bytes.begin());
  return digest;
}

std::string TpmSession::authorization(const std::string& auth_value) const {
  return "session:" + context_ + (auth_value.empty() ? "" : "+" + auth_value);
}

std::string handle_text(std::uint32_t handle) { return "0x" + to_hex(bytes_of(Be32(handle))); }

}  // namespace ashlar::oracle
