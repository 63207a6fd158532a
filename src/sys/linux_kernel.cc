#include "sys/linux_kernel.h"

#include <dirent.h>
#include <linux/keyctl.h>
#include <linux/xattr.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <memory>
#include <tuple>

#include "sys/capabilities.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr int kWaitStep = 10;                    // milliseconds
constexpr std::size_t kLongestTpmAnswer = 4096;  // bytes
constexpr std::size_t kLongestAnswer = 4096;     // bytes

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::vector<std::string> names_in(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

// Takes over `fd`, a directory on `device` whose name is `path`, with a slash at its end.
Status empty(int fd, dev_t device, const std::string& path) {
  Directory directory(::fdopendir(fd));
  if (!directory) return fail_errno("open " + path);
  for (const std::string& name : names_in(directory.get())) {
    std::string inner_path = path;
    inner_path.append(name);
    struct stat status{};
    if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (status.st_dev != device) continue;  // a mount
    bool is_directory = S_ISDIR(status.st_mode);
    if (is_directory) {
      int inner = ::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (inner < 0) return fail_errno("open " + inner_path);
      TRY(empty(inner, device, inner_path + "/"));
    }
    bool gone = ::unlinkat(fd, name.c_str(), is_directory ? AT_REMOVEDIR : 0) == 0;
    // A directory that something is mounted on stays.
    if (!gone && errno != EBUSY && errno != ENOTEMPTY) return fail_errno("delete " + inner_path);
  }
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<Bytes> LinuxKernel::read_file(const std::string& path, std::uint64_t limit) {
  return ashlar::read_file(path, limit);
}

Result<Bytes> LinuxKernel::read_at(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  Fd fd = TRY(open_file(path, O_RDONLY));
  Bytes bytes(size);
  TRY(in("read " + path, ashlar::read_at(fd, offset, bytes)));
  return bytes;
}

Result<std::vector<std::string>> LinuxKernel::list(const std::string& directory) {
  Directory opened(::opendir(directory.c_str()));
  if (!opened) return fail_errno("open " + directory);
  return names_in(opened.get());
}

bool LinuxKernel::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status LinuxKernel::write_file(const std::string& path, ByteView content) {
  Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0444));
  TRY(in("write " + path, write_all(file, content)));
  return file.close();
}

Status LinuxKernel::set_value(const std::string& path, ByteView value) {
  Fd file = TRY(open_file(path, O_WRONLY));
  ssize_t written = ::write(file.get(), value.data(), value.size());
  if (written < 0) return fail_errno("write " + path);
  if (static_cast<std::size_t>(written) != value.size()) return fail("write " + path + ": only a part was taken");
  return file.close();
}

Result<Bytes> LinuxKernel::transact(const std::string& path, ByteView request) {
  Fd file = TRY(open_file(path, O_RDWR));
  TRY(in("write " + path, write_all(file, request)));
  Bytes answer(kLongestAnswer);
  ssize_t size = ::read(file.get(), answer.data(), answer.size());
  if (size < 0) return fail_errno("read " + path);
  answer.resize(static_cast<std::size_t>(size));
  return answer;
}

Result<FileKind> LinuxKernel::kind(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno("look at " + path);
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return FileKind::directory;
    case S_IFLNK:
      return FileKind::link;
    case S_IFCHR:
      return FileKind::character_device;
    case S_IFBLK:
      return FileKind::block_device;
    case S_IFIFO:
      return FileKind::fifo;
    case S_IFSOCK:
      return FileKind::socket;
    default:
      return FileKind::file;
  }
}

Result<Bytes> LinuxKernel::label(const std::string& path) {
  Bytes label(kLongestAnswer);
  ssize_t size = ::lgetxattr(path.c_str(), XATTR_NAME_SELINUX, label.data(), label.size());
  if (size < 0) return fail_errno("read the label of " + path);
  label.resize(static_cast<std::size_t>(size));
  return label;
}

Status LinuxKernel::set_label(const std::string& path, const std::string& label) {
  if (::lsetxattr(path.c_str(), XATTR_NAME_SELINUX, label.c_str(), label.size() + 1, 0) != 0) {
    return fail_errno("label " + path + " " + label);
  }
  return {};
}

Status LinuxKernel::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make directory " + path);
  return {};
}

Status LinuxKernel::empty_directory(const std::string& directory) {
  int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status{};
  if (fd < 0 || ::fstat(fd, &status) != 0) return fail_errno("open " + directory);
  return empty(fd, status.st_dev, directory.ends_with('/') ? directory : directory + "/");
}

Status LinuxKernel::mount(const Mount& m) {
  if (::mount(m.source.c_str(), m.target.c_str(), m.type.c_str(), m.flags, m.data.c_str()) != 0) {
    return fail_errno("mount " + m.type + " of " + m.source + " on " + m.target);
  }
  return {};
}

Status LinuxKernel::move_mount(const std::string& from, const std::string& to) {
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_MOVE, nullptr) != 0)
    return fail_errno("move " + from + " to " + to);
  return {};
}

Status LinuxKernel::unmount(const std::string& target) {
  if (::umount2(target.c_str(), UMOUNT_NOFOLLOW) != 0) return fail_errno("unmount " + target);
  return {};
}

Status LinuxKernel::change_root(const std::string& directory) {
  if (::chdir(directory.c_str()) != 0) return fail_errno("enter " + directory);
  if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return fail_errno("move " + directory + " to /");
  if (::chroot(".") != 0) return fail_errno("change the root to " + directory);
  if (::chdir("/") != 0) return fail_errno("enter /");
  return {};
}

Status LinuxKernel::device_mapper(unsigned long request, std::span<std::uint8_t> packet) {
  Fd control = TRY(open_file("/dev/mapper/control", O_RDWR));
  if (::ioctl(control.get(), request, packet.data()) != 0) return fail_errno("device mapper");
  return {};
}

Result<std::optional<Bytes>> LinuxKernel::tpm(ByteView command) {
  Result<Fd> device = open_file("/dev/tpmrm0", O_RDWR);
  if (!device && (device.error().code() == ENOENT || device.error().code() == ENODEV)) return std::nullopt;
  Fd opened = TRY(std::move(device));
  TRY(in("TPM", write_all(opened, command)));
  Bytes answer(kLongestTpmAnswer);
  ssize_t size = ::read(opened.get(), answer.data(), answer.size());
  if (size < 0) return fail_errno("read the TPM's answer");
  answer.resize(static_cast<std::size_t>(size));
  return answer;
}

Status LinuxKernel::add_user_key(const std::string& description, ByteView payload) {
  long key =
      ::syscall(SYS_add_key, "user", description.c_str(), payload.data(), payload.size(), KEY_SPEC_THREAD_KEYRING);
  if (key < 0) return fail_errno("add key " + description);
  return {};
}

Status LinuxKernel::bound_capabilities(std::uint64_t lost) { return ashlar::bound_capabilities(lost); }
Status LinuxKernel::drop_capabilities(std::uint64_t lost) { return ashlar::drop_capabilities(lost); }

Status LinuxKernel::set_host_name(const std::string& name) {
  if (::sethostname(name.data(), name.size()) != 0) return fail_errno("set the host name");
  return {};
}

Status LinuxKernel::raise_loopback() {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail_errno("open a socket");
  ifreq request{};
  std::string_view("lo").copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return fail_errno("ask the state of lo");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return fail_errno("set lo up");
  return {};
}

Status LinuxKernel::execute(const std::string& program, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment) {
  if (screen_) screen_->let_inherit();
  ::execve(program.c_str(), pointers(arguments).data(), pointers(environment).data());
  return fail_errno("execute " + program);
}

Result<int> LinuxKernel::start(const std::string& program, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment) {
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> envp = pointers(environment);
  pid_t child = ::fork();
  if (child < 0) return fail_errno("start " + program);
  if (child > 0) return child;
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  ::execve(program.c_str(), argv.data(), envp.data());
  ::_exit(127);
}

void LinuxKernel::signal_all(int signal) { ::kill(-1, signal); }

bool LinuxKernel::wait_for_all(int milliseconds) {
  for (int waited = 0;; waited += kWaitStep) {
    pid_t ended = 0;
    do ended = ::waitpid(-1, nullptr, WNOHANG);
    while (ended > 0 || (ended < 0 && errno == EINTR));
    if (ended < 0) return true;  // ECHILD
    if (waited >= milliseconds) return false;
    sleep(kWaitStep);
  }
}

void LinuxKernel::say(Severity severity, std::string_view line) {
  // Neither level is printed under loglevel=4: the console line below is the only one there.
  std::string record = severity == Severity::failure ? "<4>" : "<6>";
  record += line;
  record += '\n';
  // When a write fails there is nobody left to tell.
  if (Result<Fd> log = open_file("/dev/kmsg", O_WRONLY)) std::ignore = write_all(*log, as_bytes(record));
  if constexpr (kDev) {
    // Not waiting: somebody may have stopped the terminal.
    Result<Fd> console = open_file("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK);
    if (console) std::ignore = write_all(*console, as_bytes(std::string_view(record).substr(3)));
  }
}

void LinuxKernel::show(const Page& page) {
  if (!screen_ || screen_->empty()) screen_ = Screen::open();  // a card may come late
  screen_->show(page);
}

void LinuxKernel::sleep(int milliseconds) {
  timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void LinuxKernel::leave(PowerState state) {
  ::sync();
  ::reboot(state == PowerState::off ? RB_POWER_OFF : RB_AUTOBOOT);
}

}  // namespace ashlar
