#include "image/lock.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace ashlar::image {
namespace {

constexpr std::string_view kFirstLine =
    "# Ashlar package lock, format 1. Written by `ashlar lock` from os/profiles; not edited by hand.";
constexpr std::string_view kColumns = "# name version architecture size sha256 suite path profiles";
constexpr std::uint64_t kLargestPackage = std::uint64_t{1} << 36;

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter_or_digit(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

// Debian Policy 5.6.1; profiles and suites are named alike.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return lower_or_digit(c) || c == '+' || c == '-' || c == '.'; });
}

// Debian Policy 5.6.12.
bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= 256 && digit(text.front()) && std::ranges::all_of(text, [](char c) {
    return letter_or_digit(c) || c == '.' || c == '+' || c == '-' || c == '~' || c == ':';
  });
}

bool is_file_of(std::string_view architecture, std::string_view path) {
  if (architecture != kSource) return path.ends_with(".deb");
  return std::ranges::any_of(std::array{".tar.gz", ".tar.xz", ".tar.bz2"},
                             [&](std::string_view end) { return path.ends_with(end); });
}

bool is_pool_path(std::string_view text) {
  if (!text.starts_with("pool/") || text.size() > 1024) return false;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part.front() == '.') return false;
    if (!std::ranges::all_of(part,
                             [](char c) { return letter_or_digit(c) || std::string_view("+-._~:%").contains(c); }))
      return false;
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return true;
}

// "2026-11-21T09:15:44Z"
bool is_date(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  return std::ranges::equal(text, kShape, [](char c, char shape) { return shape == 'd' ? digit(c) : c == shape; });
}

// Fields separated by exactly one space.
std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    std::size_t space = line.find(' ');
    fields.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return fields;
    line.remove_prefix(space + 1);
  }
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  bool canonical = !text.empty() && text.front() != '0';
  if (error != std::errc() || end != text.data() + text.size() || !canonical || size > kLargestPackage)
    return fail(fmt::format("'{}' is not a package size", text));
  return size;
}

std::unexpected<Error> not_a(std::string_view what, std::string_view text) {
  return fail(fmt::format("'{}' is not a {}", text, what));
}

Result<Sha256Digest> parse_hash(std::string_view text) {
  bool lower = std::ranges::all_of(text, [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); });
  if (text.size() != 64 || !lower) return not_a("SHA-256", text);
  return parse_sha256(text);
}

template <typename T>
bool has_name(const std::vector<T>& entries, std::string_view name) {
  return std::ranges::any_of(entries, [&](const T& entry) { return entry.name == name; });
}

// Entries come in strictly ascending order: each name once, and one way to write a lock.
template <typename T>
Status push_sorted(std::vector<T>& entries, T entry) {
  if (!entries.empty() && entries.back().name >= entry.name)
    return fail(fmt::format("'{}' does not sort after '{}'", entry.name, entries.back().name));
  entries.push_back(std::move(entry));
  return {};
}

Result<std::vector<std::string>> parse_profiles(std::string_view text, const Lock& lock) {
  std::vector<std::string> profiles;
  for (;;) {
    std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    if (!has_name(lock.profiles, name)) return not_a("profile of this lock", name);
    if (!profiles.empty() && profiles.back() >= name) return fail("the profiles are not sorted");
    profiles.emplace_back(name);
    if (comma == std::string_view::npos) return profiles;
    text.remove_prefix(comma + 1);
  }
}

Result<LockedPackage> parse_package(std::string_view line, const Lock& lock) {
  std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() != 8) return fail(fmt::format("a package has 8 fields, this line {}", fields.size()));
  if (!is_name(fields[0])) return not_a("package name", fields[0]);
  if (!is_version(fields[1])) return not_a("version", fields[1]);
  if (fields[2] != "amd64" && fields[2] != "all" && fields[2] != kSource)
    return not_a("architecture known here", fields[2]);
  std::uint64_t size = TRY(parse_size(fields[3]));
  Sha256Digest hash = TRY(parse_hash(fields[4]));
  std::vector<std::string> profiles = TRY(parse_profiles(fields[7], lock));
  if (!has_name(lock.suites, fields[5])) return not_a("suite of this lock", fields[5]);
  if (!is_pool_path(fields[6]) || !is_file_of(fields[2], fields[6])) {
    return not_a(fields[2] == kSource ? "path of an archive in the pool" : "path of a .deb in the pool", fields[6]);
  }
  return LockedPackage{.name = std::string(fields[0]),
                       .version = std::string(fields[1]),
                       .architecture = std::string(fields[2]),
                       .size = size,
                       .sha256 = hash,
                       .suite = std::string(fields[5]),
                       .path = std::string(fields[6]),
                       .profiles = std::move(profiles)};
}

Status parse_header(std::string_view line, Lock& lock) {
  std::vector<std::string_view> fields = fields_of(line);
  if (fields[0] != "#") return not_a("line of a lock's head", line);
  if (fields.size() == 5 && fields[1] == "suite" && lock.profiles.empty()) {
    if (!is_name(fields[2])) return not_a("suite name", fields[2]);
    if (!is_date(fields[3])) return not_a("date", fields[3]);
    Sha256Digest hash = TRY(parse_hash(fields[4]));
    return push_sorted(lock.suites, LockedSuite{std::string(fields[2]), std::string(fields[3]), hash});
  }
  if (fields.size() == 4 && fields[1] == "profile") {
    if (!is_name(fields[2])) return not_a("profile name", fields[2]);
    Sha256Digest hash = TRY(parse_hash(fields[3]));
    return push_sorted(lock.profiles, LockedProfile{std::string(fields[2]), hash});
  }
  return not_a("line of a lock's head", line);
}

}  // namespace

Result<Lock> parse_lock(ByteView text) {
  Lock lock;
  std::string_view rest = as_text(text);
  bool in_header = true;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return fail(fmt::format("line {}: the lock ends within it", number));
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    Status status = [&]() -> Status {
      if (number == 1) {
        if (line != kFirstLine) return fail("this is not a lock of format 1");
      } else if (in_header && line == kColumns) {
        in_header = false;
      } else if (in_header) {
        TRY(parse_header(line, lock));
      } else {
        TRY(push_sorted(lock.packages, TRY(parse_package(line, lock))));
      }
      return {};
    }();
    if (!status) return std::unexpected(std::move(status).error().in(fmt::format("line {}", number)));
  }
  if (in_header) return fail("the lock ends before its packages");
  return lock;
}

std::string write_lock(Lock lock) {
  std::ranges::sort(lock.suites, {}, &LockedSuite::name);
  std::ranges::sort(lock.profiles, {}, &LockedProfile::name);
  std::ranges::sort(lock.packages, {}, &LockedPackage::name);
  std::string text = fmt::format("{}\n", kFirstLine);
  for (const LockedSuite& suite : lock.suites)
    text += fmt::format("# suite {} {} {}\n", suite.name, suite.date, suite.in_release.hex());
  for (const LockedProfile& profile : lock.profiles)
    text += fmt::format("# profile {} {}\n", profile.name, profile.inputs.hex());
  text += fmt::format("{}\n", kColumns);
  for (LockedPackage& package : lock.packages) {
    std::ranges::sort(package.profiles);
    text += fmt::format("{} {} {} {} {} {} {} {}\n", package.name, package.version, package.architecture, package.size,
                        package.sha256.hex(), package.suite, package.path, fmt::join(package.profiles, ","));
  }
  return text;
}

Result<std::vector<LockedPackage>> packages_of(const Lock& lock, const std::vector<std::string>& profiles) {
  for (const std::string& profile : profiles) {
    if (!has_name(lock.profiles, profile))
      return fail_misuse(fmt::format("the lock has no profile '{}': run `ashlar lock`", profile));
  }
  std::vector<LockedPackage> result;
  for (const LockedPackage& package : lock.packages) {
    if (std::ranges::find_first_of(package.profiles, profiles) != package.profiles.end()) result.push_back(package);
  }
  return result;
}

std::vector<std::string> diff_locks(const Lock& before, const Lock& after) {
  std::map<std::string, std::pair<const LockedPackage*, const LockedPackage*>> both;
  for (const LockedPackage& package : before.packages) both[package.name].first = &package;
  for (const LockedPackage& package : after.packages) both[package.name].second = &package;
  std::vector<std::string> lines;
  for (const auto& [name, pair] : both) {
    auto [old_one, new_one] = pair;
    if (old_one == nullptr) {
      lines.push_back(fmt::format("{} {} is new ({})", name, new_one->version, fmt::join(new_one->profiles, ", ")));
    } else if (new_one == nullptr) {
      lines.push_back(fmt::format("{} {} is gone ({})", name, old_one->version, fmt::join(old_one->profiles, ", ")));
    } else if (old_one->version != new_one->version) {
      lines.push_back(fmt::format("{} {} -> {} ({})", name, old_one->version, new_one->version,
                                  fmt::join(new_one->profiles, ", ")));
    } else if (old_one->sha256 != new_one->sha256) {
      lines.push_back(fmt::format("{} {} has other content under the same version", name, new_one->version));
    } else if (old_one->profiles != new_one->profiles) {
      lines.push_back(fmt::format("{} {} moved from {} to {}", name, new_one->version,
                                  fmt::join(old_one->profiles, ", "), fmt::join(new_one->profiles, ", ")));
    }
  }
  return lines;
}

}  // namespace ashlar::image
