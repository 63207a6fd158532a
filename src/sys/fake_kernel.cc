#include "sys/fake_kernel.h"

#include <sys/ioctl.h>
// uses _IOWR from above without including it
#include <linux/dm-ioctl.h>

#include <algorithm>
#include <tuple>

namespace ashlar {
namespace {

constexpr std::uint64_t kMappedDevice = 253 << 8;  // 253:0

}  // namespace

void FakeKernel::put(const std::string& path, std::string_view content, int appears_at) {
  ByteView bytes = as_bytes(content);
  files_[path] = {{bytes.begin(), bytes.end()}, appears_at};
}

bool FakeKernel::did(std::string_view prefix) const {
  return std::ranges::any_of(calls, [&](const std::string& call) { return call.starts_with(prefix); });
}

Status FakeKernel::ask(const std::string& request) {
  calls.push_back(request);
  for (const auto& [prefix, code] : refused_) {
    if (request.starts_with(prefix)) return fail_errno(request, code);
  }
  return {};
}

Result<Bytes> FakeKernel::read_file(const std::string& path, std::uint64_t limit) {
  TRY(ask("read " + path));
  if (!exists(path)) return fail_errno("open " + path, ENOENT);
  if (files_[path].content.size() > limit) return fail(path + " is too large");
  return files_[path].content;
}

Result<Bytes> FakeKernel::read_at(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  TRY(ask("read " + path));
  if (!exists(path)) return fail_errno("open " + path, ENOENT);
  ByteView part = TRY(slice(files_[path].content, offset, size, path));
  return Bytes(part.begin(), part.end());
}

Result<std::vector<std::string>> FakeKernel::list(const std::string& directory) {
  TRY(ask("list " + directory));
  std::vector<std::string> names;
  for (const auto& [path, file] : files_) {
    if (file.appears_at > slept || !path.starts_with(directory)) continue;
    std::string name = path.substr(directory.size(), path.find('/', directory.size()) - directory.size());
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

bool FakeKernel::exists(const std::string& path) {
  auto file = files_.lower_bound(path);
  return file != files_.end() && file->second.appears_at <= slept &&
         (file->first == path || file->first.starts_with(path + "/"));
}

Status FakeKernel::write_file(const std::string& path, ByteView content) {
  TRY(ask("write " + path));
  put(path, as_text(content));
  return {};
}

Status FakeKernel::set_value(const std::string& path, ByteView value) {
  return ask("set " + path + " " + std::string(as_text(value)));
}

Result<Bytes> FakeKernel::transact(const std::string& path, ByteView request) {
  TRY(ask("transact " + path + " " + std::string(as_text(request))));
  ByteView text = as_bytes(answers[std::string(as_text(request))]);
  return Bytes(text.begin(), text.end());
}

Result<FileKind> FakeKernel::kind(const std::string& path) {
  if (!exists(path)) return fail_errno("look at " + path, ENOENT);
  return files_.contains(path) ? FileKind::character_device : FileKind::directory;
}

Result<Bytes> FakeKernel::label(const std::string& path) {
  ByteView text = as_bytes(labels[path]);
  return Bytes(text.begin(), text.end());
}

Status FakeKernel::set_label(const std::string& path, const std::string& label) {
  TRY(ask("label " + path + " " + label));
  labels[path] = label;
  return {};
}

Status FakeKernel::make_directory(const std::string& path) { return ask("mkdir " + path); }
Status FakeKernel::empty_directory(const std::string& directory) { return ask("empty " + directory); }
Status FakeKernel::mount(const Mount& m) { return ask("mount " + m.type + " " + m.source + " " + m.target); }
Status FakeKernel::move_mount(const std::string& from, const std::string& to) { return ask("move " + from + " " + to); }
Status FakeKernel::unmount(const std::string& target) { return ask("unmount " + target); }
Status FakeKernel::change_root(const std::string& directory) { return ask("chroot " + directory); }

Status FakeKernel::device_mapper(unsigned long request, std::span<std::uint8_t> packet) {
  dm_ioctl header{};
  std::memcpy(&header, packet.data(), sizeof header);
  if (header.data_size != packet.size() || header.data_start < sizeof header || header.version[0] != 4) {
    return fail_errno("device mapper", EINVAL);
  }
  std::span<std::uint8_t> payload = packet.subspan(header.data_start);
  dm_target_spec spec{};
  switch (request) {
    case DM_DEV_CREATE:
      TRY(ask(std::string("create ") + header.name + " " + header.uuid));
      header.dev = kMappedDevice;
      break;
    case DM_TABLE_LOAD: {
      std::memcpy(&spec, payload.data(), sizeof spec);
      MappedTarget target{spec.target_type, reinterpret_cast<const char*>(payload.data() + sizeof spec)};
      TRY(ask("load " + target.type + " " + target.parameters));
      if ((header.flags & DM_READONLY_FLAG) == 0) return fail_errno("load writable", EINVAL);
      loaded_ = target;
      break;
    }
    case DM_DEV_SUSPEND:
      TRY(ask(std::string("resume ") + header.name));
      active = loaded_;
      put("/dev/dm-0", "", slept + 20);
      break;
    case DM_DEV_REMOVE:
      TRY(ask(std::string("remove ") + header.name));
      break;
    case DM_TABLE_STATUS: {
      TRY(ask("table"));
      if (!active || header.dev != kMappedDevice) return fail_errno("table", ENXIO);
      header.target_count = 1;
      active->type.copy(spec.target_type, sizeof spec.target_type - 1);
      spec.next = static_cast<std::uint32_t>(sizeof spec + active->parameters.size() + 8);
      header.data_size = static_cast<std::uint32_t>(header.data_start + sizeof spec + active->parameters.size() + 1);
      std::memcpy(payload.data(), &spec, sizeof spec);
      std::memcpy(payload.data() + sizeof spec, active->parameters.c_str(), active->parameters.size() + 1);
      break;
    }
    default:
      return fail_errno("device mapper", ENOTTY);
  }
  std::memcpy(packet.data(), &header, sizeof header);
  return {};
}

Result<std::optional<Bytes>> FakeKernel::tpm(ByteView command) {
  TRY(ask("tpm " + to_hex(command)));
  return tpm_answer;
}

Status FakeKernel::add_user_key(const std::string& description, ByteView payload) {
  return ask("key " + description + " " + std::string(as_text(payload)));
}
Status FakeKernel::bound_capabilities(std::uint64_t lost) { return ask("bound " + std::to_string(lost)); }
Status FakeKernel::drop_capabilities(std::uint64_t lost) { return ask("drop " + std::to_string(lost)); }
Status FakeKernel::set_host_name(const std::string& name) { return ask("hostname " + name); }
Status FakeKernel::raise_loopback() { return ask("loopback"); }

Status FakeKernel::execute(const std::string& program, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment) {
  std::string request = "execute " + program;
  for (const std::string& argument : arguments) request += " " + argument;
  for (const std::string& variable : environment) request += " " + variable;
  return ask(request);
}

Result<int> FakeKernel::start(const std::string& program, const std::vector<std::string>& arguments,
                              const std::vector<std::string>& environment) {
  std::string request = "start " + program;
  for (const std::string& argument : arguments) request += " " + argument;
  for (const std::string& variable : environment) request += " " + variable;
  TRY(ask(request));
  return kStarted;
}

void FakeKernel::signal_all(int signal) { std::ignore = ask("signal " + std::to_string(signal)); }

bool FakeKernel::wait_for_all(int milliseconds) {
  std::ignore = ask("wait");
  slept += std::min(milliseconds, processes_end_after);
  processes_end_after -= std::min(milliseconds, processes_end_after);
  return processes_end_after == 0;
}

void FakeKernel::say(Severity, std::string_view line) { log.emplace_back(line); }
void FakeKernel::show(const Page& page) { pages.push_back(page); }
void FakeKernel::sleep(int milliseconds) { slept += milliseconds; }
void FakeKernel::leave(PowerState state) {
  std::ignore = ask(state == PowerState::restart ? "leave restart" : "leave off");
}

}  // namespace ashlar
