#include "logger/log_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "format/words.h"

namespace ashlar {
namespace {

constexpr char kBootFile[] = "boot";
constexpr char kOld[] = ".old";
constexpr std::size_t kDigits = 8;  // of a directory's name
constexpr unsigned long kMostStarts = 99'999'999;

bool is_start(std::string_view name) {
  return name.size() == kDigits && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

std::string name_of_start(unsigned long number) {
  std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

Result<std::vector<std::string>> list(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return fail_errno("list " + directory.string(), error.value());
  std::ranges::sort(names);
  return names;
}

std::uint64_t size_of(const fs::path& directory) {
  std::uint64_t size = 0;
  for (const std::string& name : list(directory).value_or(std::vector<std::string>{})) {
    std::error_code error;
    std::uintmax_t one = fs::file_size(directory / name, error);
    if (!error) size += one;
  }
  return size;
}

// "session.1001" and "session.1001.old": of which service, and whose.
std::optional<std::uint32_t> user_in(std::string_view name, std::string_view service) {
  if (name.ends_with(kOld)) name.remove_suffix(std::string_view(kOld).size());
  if (!name.starts_with(service) || name.size() <= service.size() || name[service.size()] != '.') return std::nullopt;
  Result<std::uint32_t> user = parse_number<std::uint32_t>(name.substr(service.size() + 1));
  return user ? std::optional(*user) : std::nullopt;
}

}  // namespace

Result<LogStore> LogStore::open(const fs::path& directory, const std::string& boot_id, const LogBounds& bounds) {
  LogStore store(directory, bounds);
  store.starts_ = TRY(list(directory));
  std::erase_if(store.starts_, [](const std::string& name) { return !is_start(name); });
  if (store.starts_.empty() || read_text(store.current() / kBootFile).value_or("") != boot_id) {
    TRY(store.begin_start(boot_id));
  }
  std::uint64_t size = 0;
  for (const std::string& name : store.starts_) size += size_of(directory / name);
  // What this start may still come to is counted as there already.
  const std::uint64_t own = 2 * bounds.file * bounds.files;
  size += own - std::min(own, size_of(store.current()));
  while (store.starts_.size() > 1 && (store.starts_.size() > bounds.starts || size > bounds.total)) {
    size -= std::min(size, size_of(directory / store.starts_.front()));
    TRY(store.delete_oldest());
  }
  return store;
}

Status LogStore::begin_start(const std::string& boot_id) {
  unsigned long number = starts_.empty() ? 0 : std::stoul(starts_.back());
  if (number >= kMostStarts) return fail(directory_.string() + " has no name left for a start");
  const std::string name = name_of_start(number + 1);
  const fs::path path = directory_ / name;
  for (;;) {
    Status made = [&]() -> Status {
      if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make " + path.string());
      Fd file = TRY(open_file(path / kBootFile, O_WRONLY | O_CREAT | O_TRUNC, 0600));
      TRY(in("write " + path.string(), write_all(file, as_bytes(boot_id))));
      return file.close();
    }();
    if (made) break;
    if (made.error().code() != ENOSPC || starts_.empty()) return made;
    TRY(delete_oldest());
  }
  starts_.push_back(name);
  is_new_ = true;
  return {};
}

Status LogStore::delete_oldest() {
  std::error_code error;
  fs::remove_all(directory_ / starts_.front(), error);
  if (error) return fail_errno("delete " + (directory_ / starts_.front()).string(), error.value());
  starts_.erase(starts_.begin());
  return {};
}

Result<LogStore::File*> LogStore::file_for(const std::string& name, std::size_t growth) {
  const fs::path path = current() / name;
  auto found = files_.find(name);
  if (found == files_.end()) {
    if (files_.size() >= bounds_.files) return fail("there are too many services");
    File file;
    file.fd = TRY(open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
    struct stat status{};
    if (::fstat(file.fd.get(), &status) != 0) return fail_errno("look at " + path.string());
    file.size = static_cast<std::uint64_t>(status.st_size);
    found = files_.emplace(name, std::move(file)).first;
  }
  File& file = found->second;
  if (file.size == 0 || file.size + growth <= bounds_.file) return &file;
  if (::rename(path.c_str(), (path.string() + kOld).c_str()) != 0) return fail_errno("rename " + path.string());
  files_.erase(found);
  return file_for(name, growth);
}

Result<std::size_t> LogStore::write_some(const std::string& name, std::string_view text) {
  File* file = TRY(file_for(name, text.size()));
  ssize_t written = ::write(file->fd.get(), text.data(), text.size());
  if (written < 0) return fail_errno("write " + (current() / name).string());
  file->size += static_cast<std::uint64_t>(written);
  return static_cast<std::size_t>(written);
}

Status LogStore::write(const std::string& name, std::string_view text) {
  while (!text.empty()) {
    Result<std::size_t> written = write_some(name, text);
    if (!written && written.error().code() == ENOSPC && starts_.size() > 1) {
      TRY(delete_oldest());
      continue;
    }
    text.remove_prefix(TRY(std::move(written)));
  }
  return {};
}

Status LogStore::append(const std::string& service, std::uint32_t user, std::string_view text) {
  const std::string name = service + "." + std::to_string(user);
  std::string missing;
  if (lost_ != 0) missing = "ashlar: " + std::to_string(lost_) + " bytes could not be written to the disk\n";
  Status written = write(name, missing + std::string(text.substr(0, bounds_.file / 2)));
  const bool is_first = lost_ == 0;
  lost_ = written ? 0 : lost_ + text.size();
  if (!written && is_first) return written;
  return {};
}

Result<std::string> LogStore::read(const LogRequest& request) const {
  if (request.boots_ago >= starts_.size()) {
    return fail("of " + std::to_string(starts_.size()) +
                " starts of this machine the services' output is kept, this one "
                "included");
  }
  const fs::path directory = directory_ / starts_[starts_.size() - 1 - request.boots_ago];
  std::string text;
  // "x.0.old" is sorted behind "x.0" and is older.
  std::vector<std::string> names = TRY(list(directory));
  std::ranges::stable_partition(names, [](const std::string& name) { return name.ends_with(kOld); });
  for (const std::string& name : names) {
    std::optional<std::uint32_t> user = user_in(name, request.service);
    if (!user || (request.user && *request.user != *user)) continue;
    text += TRY(read_text(directory / name, 2 * bounds_.file));
  }
  if (text.empty()) {
    return fail("nothing" + std::string(request.user ? " of yours" : "") + " is kept of " + request.service +
                " from that start of the machine");
  }
  return text;
}

}  // namespace ashlar
