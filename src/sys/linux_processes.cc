#include "sys/linux_processes.h"

#include <linux/sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <tuple>

#include "base/monotonic.h"
#include "format/notify_message.h"
#include "sys/control_group.h"
#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr std::size_t kReadAtOnce = 16 * 1024;  // bytes
constexpr int kReadyDescriptor = 3;
constexpr int kRefused = 127;  // exit status

struct Pipe {
  Fd read;
  Fd write;

  static Result<Pipe> create() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe");
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    // Only our end: the other is the service's, and who writes expects to wait.
    if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("set up a pipe");
    // Not where the service's ready descriptor is put.
    pipe.write = Fd(::fcntl(pipe.write.get(), F_DUPFD_CLOEXEC, kReadyDescriptor + 1));
    if (!pipe.write.valid()) return fail_errno("copy a descriptor");
    return pipe;
  }
};

// Only the service's user can send to it, so nobody else can say that the service is ready.
Result<Fd> make_notify_socket(const ServiceDefinition& service) {
  std::string path = notify_socket(service.name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("the name of the service is too long");
  path.copy(address.sun_path, path.size());
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return fail_errno("make the notify socket");
  ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 ||
      ::chown(path.c_str(), service.sandbox.user.number, service.sandbox.group.number) != 0) {
    return fail_errno("make " + path);
  }
  return socket;
}

// What a session is told besides its environment: whether it is to begin locked.
std::vector<const char*> environment_of(const ServiceDefinition& service, Occasion occasion) {
  std::vector<const char*> environment(service.environment.begin(), service.environment.end());
  if (service.kind == ServiceKind::session) {
    environment.insert(environment.begin(), occasion == Occasion::first ? kFirstSession : kSessionAgain);
  }
  return environment;
}

// What the exec that follows enters. Before everything that could forbid to write there; where no policy is loaded the
// kernel takes it and nothing comes of it.
Status choose_context(const char* context) {
  Fd file = TRY(open_file("/proc/self/attr/exec", O_WRONLY));
  return in("enter " + std::string(context), write_all(file, as_bytes(std::string_view(context))));
}

Status become(const ServiceDefinition& service, Occasion occasion, int output, int ready) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::setsid() < 0) return fail_errno("begin a session");
  if (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0) return fail_errno("connect its output");
  TRY(choose_context(service.context));
  if (occasion == Occasion::again && service.sandbox.home != nullptr) TRY(close_home(service.sandbox.home));
  TRY(enter_sandbox(service));
  if (ready >= 0 && ::dup2(ready, kReadyDescriptor) < 0) return fail_errno("connect descriptor 3");
  std::vector<const char*> environment = environment_of(service, occasion);
  ::execve(service.program, const_cast<char* const*>(service.arguments.data()),
           const_cast<char* const*>(environment.data()));
  return fail_errno("execute " + std::string(service.program));
}

}  // namespace

Result<LinuxProcesses> LinuxProcesses::create(std::span<const ServiceDefinition> table) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("epoll_create");
  if (!table.empty()) {
    TRY(enable_control_groups());
    ::mkdir("/run/ashlar", 0755);  // binding a socket says what is wrong
    ::mkdir(std::string(kNotifyDirectory).c_str(), 0755);
  }
  return LinuxProcesses(table, std::move(epoll));
}

Processes::Time LinuxProcesses::now() { return monotonic_now(); }

Status LinuxProcesses::watch(const Fd& fd, ServiceNumber service, Source source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = static_cast<std::uint32_t>(source) << 16 | service;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return fail_errno("epoll_ctl");
  return {};
}

// Closing alone would not do: while another service is being started its process has copies of all that is open here.
void LinuxProcesses::unwatch(Fd& fd) {
  if (fd.valid()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  fd = {};
}

void LinuxProcesses::clear(Slot& slot) {
  for (Fd* fd : {&slot.status, &slot.ready, &slot.notify, &slot.output}) unwatch(*fd);
  slot.refusal.clear();
}

void LinuxProcesses::belong_to(const SessionOwner& owner) {
  personal_.clear();
  for (ServiceDefinition& service : table_) {
    if (service.kind != ServiceKind::session) continue;
    service = personal_.emplace_back(service, owner).definition();
  }
}

Result<int> LinuxProcesses::start(ServiceNumber number, Occasion occasion) {
  const ServiceDefinition& service = table_[number];
  Slot& slot = slots_[number];
  clear(slot);
  Fd group = TRY(make_control_group(service));
  Pipe status = TRY(Pipe::create());
  Pipe output = TRY(Pipe::create());
  Pipe ready;
  if (service.readiness == Readiness::descriptor) ready = TRY(Pipe::create());
  if (service.readiness == Readiness::notify) slot.notify = TRY(make_notify_socket(service));

  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(group.get());
  auto child = static_cast<int>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (child < 0) return fail_errno("start " + std::string(service.program));
  if (child == 0) {
    Status begun = become(service, occasion, output.write.get(), ready.write.get());
    std::ignore = write_all(status.write, as_bytes(begun.error().message()));
    ::_exit(kRefused);
  }
  slot.status = std::move(status.read);
  slot.output = std::move(output.read);
  slot.ready = std::move(ready.read);
  // What cannot be watched is not heard: the service is not ready in time then, and that is said.
  std::ignore = watch(slot.status, number, Source::status);
  std::ignore = watch(slot.output, number, Source::output);
  if (slot.ready.valid()) std::ignore = watch(slot.ready, number, Source::ready);
  if (slot.notify.valid()) std::ignore = watch(slot.notify, number, Source::notify);
  return child;
}

void LinuxProcesses::read_status(Slot& slot) {
  std::array<char, 512> text{};
  ssize_t size = 0;
  while (slot.status.valid() && (size = ::read(slot.status.get(), text.data(), text.size())) > 0) {
    slot.refusal.append(text.data(), static_cast<std::size_t>(size));
  }
  if (size == 0) unwatch(slot.status);
}

std::optional<std::string> LinuxProcesses::refusal(ServiceNumber service) {
  Slot& slot = slots_[service];
  read_status(slot);
  if (slot.refusal.empty()) return std::nullopt;
  return std::exchange(slot.refusal, {});
}

void LinuxProcesses::ask_to_end(ServiceNumber number, int main_process) {
  const ServiceDefinition& service = table_[number];
  std::vector<int> asked = {main_process};
  if (service.kind == ServiceKind::session) asked = processes_in(service);
  for (int process : asked) {
    ::kill(process, SIGTERM);
    ::kill(process, SIGCONT);  // what is stopped hears nothing
  }
}

void LinuxProcesses::kill(ServiceNumber service) { kill_control_group(table_[service]); }

bool LinuxProcesses::gone(ServiceNumber service) {
  if (!remove_control_group(table_[service])) return false;
  clear(slots_[service]);
  return true;
}

std::string LinuxProcesses::read_output(ServiceNumber service) {
  Slot& slot = slots_[service];
  if (!slot.output.valid()) return {};
  std::string text(kReadAtOnce, '\0');
  ssize_t size = ::read(slot.output.get(), text.data(), text.size());
  if (size == 0) unwatch(slot.output);  // nobody is left who could write
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

void LinuxProcesses::hold_output(ServiceNumber service, bool held) {
  const Fd& output = slots_[service].output;
  if (!output.valid()) return;
  // Taken out, not masked: a pipe nobody writes to any more would be reported all the same.
  if (held) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, output.get(), nullptr);
  if (!held) std::ignore = watch(output, service, Source::output);
}

std::optional<ServiceEvent> LinuxProcesses::next_event() {
  epoll_event event{};
  while (::epoll_wait(epoll_.get(), &event, 1, 0) == 1) {
    auto service = static_cast<ServiceNumber>(event.data.u32);
    if (std::optional<ServiceEvent> taken = take(service, static_cast<Source>(event.data.u32 >> 16))) return taken;
  }
  return std::nullopt;
}

std::optional<ServiceEvent> LinuxProcesses::take(ServiceNumber service, Source source) {
  Slot& slot = slots_[service];
  switch (source) {
    case Source::status:
      read_status(slot);
      if (slot.status.valid() || !slot.refusal.empty()) return std::nullopt;
      return ServiceEvent{ServiceEvent::Kind::executed, service, {}};
    case Source::ready: {
      char byte = 0;
      ssize_t size = ::read(slot.ready.get(), &byte, 1);
      if (size < 0 || (size == 1 && byte != '\n')) return std::nullopt;
      unwatch(slot.ready);
      if (size == 0) return std::nullopt;
      return ServiceEvent{ServiceEvent::Kind::ready, service, {}};
    }
    case Source::notify: {
      std::string text(kLongestNotifyMessage, '\0');
      ssize_t size = ::recv(slot.notify.get(), text.data(), text.size(), MSG_DONTWAIT);
      text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
      return ServiceEvent{ServiceEvent::Kind::notified, service, std::move(text)};
    }
    case Source::output:
      return ServiceEvent{ServiceEvent::Kind::output, service, {}};
  }
  return std::nullopt;
}

}  // namespace ashlar
