#include "boot/selinux.h"

#include <sys/mount.h>

#include <array>
#include <string>

namespace ashlar {
namespace {

constexpr char kSelinuxfs[] = "/sys/fs/selinux";
constexpr std::uint64_t kLongestContext = 256;  // bytes
constexpr int kDeepest = 8;

// Without the NUL and the newline the kernel may put at the end.
std::string text_of(const Bytes& answer) {
  std::string text(as_text(answer));
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.pop_back();
  return text;
}

// The file classes' numbers in this policy.
class Classes {
 public:
  static Result<Classes> read(Kernel& kernel) {
    Classes classes;
    for (auto& [kind, name, number] : classes.all_) {
      const std::string path = std::string(kSelinuxfs) + "/class/" + name + "/index";
      number = text_of(TRY(kernel.read_file(path, kLongestContext)));
    }
    return classes;
  }
  [[nodiscard]] const std::string& number_of(FileKind kind) const {
    return all_[static_cast<std::size_t>(kind)].number;
  }

 private:
  struct Class {
    FileKind kind;
    const char* name;
    std::string number;
  };
  std::array<Class, 7> all_ = {{{FileKind::file, "file", ""},
                                {FileKind::directory, "dir", ""},
                                {FileKind::link, "lnk_file", ""},
                                {FileKind::character_device, "chr_file", ""},
                                {FileKind::block_device, "blk_file", ""},
                                {FileKind::fifo, "fifo_file", ""},
                                {FileKind::socket, "sock_file", ""}}};
};

// Gives everything in `directory`, whose own label is right, the label it would have if `self` made it now.
Status label_below(Kernel& kernel, const Classes& classes, const std::string& self, const std::string& directory,
                   int depth) {
  if (depth > kDeepest) return fail(directory + ": directories in directories without end");
  const std::string parent = text_of(TRY(kernel.label(directory)));
  for (const std::string& name : TRY(kernel.list(directory + "/"))) {
    const std::string path = directory + "/" + name;
    FileKind kind = TRY(kernel.kind(path));
    std::string request = self + " " + parent + " " + classes.number_of(kind) + " " + name;
    std::string wanted =
        text_of(TRY(in("label " + path, kernel.transact(std::string(kSelinuxfs) + "/create", as_bytes(request)))));
    if (text_of(TRY(kernel.label(path))) != wanted) TRY(kernel.set_label(path, wanted));
    if (kind == FileKind::directory) TRY(label_below(kernel, classes, self, path, depth + 1));
  }
  return {};
}

}  // namespace

Status load_selinux_policy(Kernel& kernel, ByteView policy) {
  TRY(kernel.mount({"selinuxfs", kSelinuxfs, "selinuxfs", MS_NOSUID | MS_NOEXEC, ""}));
  TRY(kernel.set_value(std::string(kSelinuxfs) + "/load", policy));
  Classes classes = TRY(Classes::read(kernel));
  std::string self = text_of(TRY(kernel.read_file("/proc/self/attr/current", kLongestContext)));
  for (const char* directory : {"/dev", "/run"}) TRY(label_below(kernel, classes, self, directory, 0));
  return {};
}

}  // namespace ashlar
