#include "image/selinux_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ashlar::image {
namespace {

constexpr unsigned kRevision = 1;
constexpr char kDirectory[] = "os/policy/selinux";
constexpr char kPolicyVersion[] = "33";
constexpr std::string_view kBelow = "/**";

// The macros of domains.cil that make a domain.
constexpr std::string_view kServiceType = "service_type";
constexpr std::array<std::string_view, 3> kDomainTypes = {"domain_type", kServiceType, "inner_type"};

Status add_sources(const fs::path& directory, const std::string& shown, PolicySources& sources) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) found.push_back(entry.path());
  if (error) return fail_errno("read " + directory.string(), error.value());
  std::ranges::sort(found);
  for (const fs::path& path : found) {
    PolicySource source{.file = shown + "/" + path.filename().string(), .text = ""};
    if (path.extension() == ".cil") {
      source.text = TRY(read_text(path));
      sources.cil.push_back(std::move(source));
    } else if (path.filename() == "labels") {
      source.text = TRY(read_text(path));
      sources.labels.push_back(std::move(source));
    }
  }
  return {};
}

// Whether a statement says what a domain may: anything about it but that it is one, or that somebody comes into it.
std::string_view subject_of(const CilNode& statement) {
  if (statement.at(0) == "allow" || statement.at(0) == "typetransition") return statement.at(1);
  bool declares = std::ranges::find(kDomainTypes, statement.at(1)) != kDomainTypes.end();
  if (statement.at(0) != "call" || declares || statement.list.size() < 3) return {};
  return statement.list[2].at(0);
}

std::string escaped(std::string_view path) {
  std::string out;
  for (char c : path) {
    if (std::string_view(".^$?*+|[](){}\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string pattern_of(std::string_view path) {
  if (!path.ends_with(kBelow)) return escaped(path);
  path.remove_suffix(kBelow.size());
  return path.empty() ? "/.*" : escaped(path) + "(/.*)?";
}

struct Label {
  std::string path;
  std::string type;
};

Result<Label> parse_label(std::string_view line, std::string_view where, const PolicyNames& names) {
  constexpr std::string_view kSpace = " \t";
  std::size_t end = std::min(line.find_first_of(kSpace), line.size());
  std::string_view path = line.substr(0, end);
  std::string_view type = line.substr(std::min(line.find_first_not_of(kSpace, end), line.size()));
  if (type.empty()) return fail_misuse(fmt::format("{}: {} has no type", where, path));
  std::string_view plain = path.substr(0, path.ends_with(kBelow) ? path.size() - kBelow.size() : path.size());
  bool is_path = path.starts_with('/') && plain.find_first_of("*\\") == std::string_view::npos &&
                 !plain.ends_with('/') && type.find_first_of(kSpace) == std::string_view::npos;
  if (!is_path) return fail_misuse(fmt::format("{}: a line is a path, or a path and /**, and a type", where));
  if (!names.types.contains(type)) return fail_misuse(fmt::format("{}: the policy has no type '{}'", where, type));
  return Label{.path = std::string(path), .type = std::string(type)};
}

Status compile(const Cache& cache, const Workshop& workshop, const PolicySources& sources, const fs::path& out) {
  const fs::path root = "/run/policy";
  fs::create_directories(out);
  TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
  std::vector<std::string> argv = {"secilc", "-c", kPolicyVersion, "-O", "-o", "policy", "-f", "/dev/null"};
  for (const PolicySource& source : sources.cil) {
    fs::create_directories((work.path() / source.file).parent_path());
    TRY(write_file(work.path() / source.file, as_bytes(source.text)));
    argv.push_back(source.file);
  }
  Result<std::string> said = workshop.run(
      {.binds = {{work.path(), root, Bind::Access::kReadWrite}}, .directory = root, .argv = std::move(argv)});
  if (!said) return fail_misuse(said.error().message());
  return write_file(out / "policy", TRY(read_file(work.path() / "policy")));
}

}  // namespace

Result<PolicySources> read_policy_sources(const fs::path& os, Variant variant) {
  PolicySources sources;
  TRY(add_sources(os / "policy/selinux", kDirectory, sources));
  if (variant == Variant::kDev) TRY(add_sources(os / "policy/selinux/dev", std::string(kDirectory) + "/dev", sources));
  return sources;
}

Result<PolicyNames> policy_names(const std::vector<PolicySource>& cil) {
  PolicyNames names;
  std::map<std::string, std::string> silent;  // a domain, and where it is declared
  std::set<std::string, std::less<>> spoken;
  for (const PolicySource& source : cil) {
    for (const CilNode& statement : TRY(parse_cil(source.text, source.file))) {
      if (statement.at(0) == "type") names.types.emplace(statement.at(1));
      spoken.emplace(subject_of(statement));
      bool declares = std::ranges::find(kDomainTypes, statement.at(1)) != kDomainTypes.end();
      if (statement.at(0) != "call" || !declares || statement.list.size() < 3) continue;
      std::string domain(statement.list[2].at(0));
      names.domains.insert(domain);
      if (statement.at(1) == kServiceType) names.services.insert(domain);
      silent.emplace(domain, fmt::format("{}:{}", source.file, statement.line));
    }
  }
  for (const auto& [domain, where] : silent) {
    if (!spoken.contains(domain)) return fail_misuse(fmt::format("{}: no rule says what {} may do", where, domain));
  }
  return names;
}

Result<std::string> file_contexts(const std::vector<PolicySource>& labels, const PolicyNames& names) {
  std::vector<Label> all;
  std::map<std::string, std::string> seen;
  for (const PolicySource& source : labels) {
    unsigned number = 0;
    for (std::string_view left = source.text; !left.empty();) {
      std::size_t end = std::min(left.find('\n'), left.size());
      std::string_view line = left.substr(0, end);
      left.remove_prefix(std::min(end + 1, left.size()));
      std::string where = fmt::format("{}:{}", source.file, ++number);
      if (line.empty() || line.starts_with('#')) continue;
      Label label = TRY(parse_label(line, where, names));
      auto [before, is_new] = seen.emplace(label.path, where);
      if (!is_new) return fail_misuse(fmt::format("{}: {} has a type at {}", where, label.path, before->second));
      all.push_back(std::move(label));
    }
  }
  // libselinux takes the longest of those that begin alike, or the last: so both are the same.
  std::ranges::stable_sort(all, {}, [](const Label& label) { return label.path.size(); });
  std::string out;
  for (const Label& label : all) out += fmt::format("{} system_u:object_r:{}\n", pattern_of(label.path), label.type);
  return out;
}

Status check_domains(const std::vector<Service>& services, const PolicyNames& names) {
  for (const Service& service : services) {
    if (names.services.contains(service.domain)) continue;
    return fail_misuse(fmt::format("{}: the policy has no domain '{}' for services (os/policy/selinux)",
                                   service.domain_where, service.domain));
  }
  return {};
}

std::string process_context(std::string_view domain) { return fmt::format("system_u:system_r:{}", domain); }

Result<SelinuxPolicy> build_selinux_policy(const Cache& cache, const Workshop& workshop, const PolicySources& sources) {
  SelinuxPolicy policy;
  policy.names = TRY(policy_names(sources.cil));
  std::string contexts = TRY(file_contexts(sources.labels, policy.names));
  InputHash inputs("selinux", kRevision);
  inputs.add("workshop", workshop.key()).add("file contexts", contexts);
  for (const PolicySource& source : sources.cil) inputs.add("file", source.file).add("text", source.text);
  policy.key = inputs.finish();
  Cache::Entry entry = TRY(cache.get("selinux", policy.key, [&](const fs::path& out) -> Status {
    TRY(compile(cache, workshop, sources, out));
    return write_file(out / "file_contexts", as_bytes(contexts));
  }));
  policy.binary = TRY(read_file(entry.path / "policy"));
  policy.file_contexts = entry.path / "file_contexts";
  policy.was_cached = entry.was_cached;
  return policy;
}

}  // namespace ashlar::image
