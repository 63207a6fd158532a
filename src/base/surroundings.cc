#include "base/surroundings.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/interrupt.h"

namespace ashlar {
namespace {

// How the work ended: the first byte of what the child sends; the rest is its result or its error.
constexpr char kDone = '+';
constexpr char kFailed = '-';
constexpr char kMisused = '?';

Status use_one_processor() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return fail_errno("ask for processors");
  std::size_t first = 0;
  while (first < CPU_SETSIZE && !CPU_ISSET(first, &allowed)) ++first;
  CPU_ZERO(&allowed);
  CPU_SET(first, &allowed);
  if (::sched_setaffinity(0, sizeof allowed, &allowed) != 0) return fail_errno("keep to one processor");
  return {};
}

Status enter(const Surroundings& surroundings) {
  if (surroundings.processors == Surroundings::Processors::kOne) TRY(use_one_processor());
  if (surroundings.user) {
    auto id = *surroundings.user;
    if (::setgroups(0, nullptr) != 0 || ::setgid(id) != 0 || ::setuid(id) != 0) return fail_errno("change the user");
  }
  for (const auto& [name, value] : surroundings.environment) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) return fail_errno("set " + name);
  }
  ::tzset();
  ::umask(surroundings.umask);
  if (!surroundings.directory.empty() && ::chdir(surroundings.directory.c_str()) != 0) {
    return fail_errno("change to " + surroundings.directory.string());
  }
  return {};
}

// Everything the child does. It leaves without cleaning up what is the parent's.
[[noreturn]] void be_child(const Surroundings& surroundings, const std::function<Result<std::string>()>& work,
                           const Fd& output) {
  Result<std::string> result = in("enter other surroundings", [&]() -> Result<std::string> {
    TRY(enter(surroundings));
    return std::string();
  }());
  if (result) result = work();
  std::string message;
  if (result) message = kDone + *result;
  if (!result) message = (result.error().is_misuse() ? kMisused : kFailed) + result.error().message();
  Status sent = write_all(output, as_bytes(message));
  ::_exit(sent ? 0 : 1);
}

Result<std::string> read_answer(const Fd& input, pid_t child) {
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 1; got != 0;) {
    got = ::read(input.get(), buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) return fail_errno("read from the child");
    if (got > 0) answer.append(buffer.data(), static_cast<std::size_t>(got));
    // A terminal's Ctrl-C reaches the child as well; another process's SIGTERM does not.
    if (got < 0 && !check_interrupted()) ::kill(child, SIGTERM);
  }
  return answer;
}

}  // namespace

Result<std::string> run_in(const Surroundings& surroundings, const std::function<Result<std::string>()>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  Fd input(ends[0]);
  Fd output(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) be_child(surroundings, work, output);
  output = Fd();
  Result<std::string> answer = read_answer(input, child);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("wait");
  }
  TRY(check_interrupted());
  std::string said = TRY(std::move(answer));
  if (status != 0 || said.empty()) return fail("the child ended before its work was done");
  std::string rest = said.substr(1);
  if (said.front() == kDone) return rest;
  return said.front() == kMisused ? fail_misuse(rest) : fail(rest);
}

}  // namespace ashlar
