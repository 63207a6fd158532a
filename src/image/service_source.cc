#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "image/selinux_policy.h"
#include "image/services.h"

namespace ashlar::image {
namespace {

// A C++ string literal. Three digits end an octal escape whatever follows.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?';
    out += plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  }
  return out + "\"";
}

// The arrays of one service, each defined before the table that refers to it.
class Arrays {
 public:
  explicit Arrays(std::size_t service) : service_(service) {}

  std::string texts(std::string_view name, const std::vector<std::string>& values, bool ended = false) {
    std::vector<std::string> elements;
    for (const std::string& value : values) elements.push_back(literal(value));
    if (ended) elements.emplace_back("nullptr");
    return add("const char* const", name, elements);
  }
  std::string numbers(std::string_view type, std::string_view name, const std::vector<std::string>& values) {
    return add(type, name, values);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string add(std::string_view type, std::string_view name, const std::vector<std::string>& elements) {
    if (elements.empty()) return "{}";
    std::string full = fmt::format("k{}{}", name, service_);
    text_ += fmt::format("constexpr {} {}[] = {{{}}};\n", type, full, fmt::join(elements, ", "));
    return full;
  }

  std::size_t service_;
  std::string text_;
};

std::string name_of(ServiceKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"oneshot", "daemon", "session", "logger"};
  return fmt::format("ServiceKind::{}", kNames[static_cast<std::size_t>(kind)]);
}
std::string name_of(Readiness readiness) {
  constexpr std::array<std::string_view, 4> kNames = {"started", "notify", "descriptor", "exit"};
  return fmt::format("Readiness::{}", kNames[static_cast<std::size_t>(readiness)]);
}
std::string name_of(RestartPolicy policy) {
  constexpr std::array<std::string_view, 3> kNames = {"never", "failure", "always"};
  return fmt::format("RestartPolicy::{}", kNames[static_cast<std::size_t>(policy)]);
}

std::vector<std::string> numbers_of(const std::vector<std::string>& names, const std::vector<Service>& services) {
  std::vector<std::string> numbers;
  for (const std::string& name : names) {
    auto found = std::ranges::find(services, name, &Service::name);
    numbers.push_back(std::to_string(found - services.begin()));
  }
  return numbers;
}

std::vector<std::string> steps_of(const std::vector<sock_filter>& program) {
  std::vector<std::string> steps;
  for (const sock_filter& step : program) {
    steps.push_back(fmt::format("{{{:#x}, {}, {}, {:#x}}}", step.code, step.jt, step.jf, step.k));
  }
  return steps;
}

}  // namespace

std::string service_source(const std::vector<Service>& services) {
  std::string arrays;
  std::string table;
  for (const Service& service : services) {
    Arrays own(static_cast<std::size_t>(&service - services.data()));
    std::vector<std::string> groups;
    for (std::uint32_t group : service.groups) groups.push_back(fmt::format("GroupId{{{}}}", group));
    table += fmt::format(
        "    {{.name = {},\n     .kind = {},\n     .program = {},\n     .context = {},\n     .arguments = {},\n     "
        ".environment = {},\n"
        "     .needs = {},\n     .after = {},\n     .readiness = {},\n     .ready_within = {}s,\n     .restart = {},\n"
        "     .restart_limit = {},\n     .stop_within = {}s,\n",
        literal(service.name), name_of(service.kind), literal(service.program),
        literal(process_context(service.domain)), own.texts("Arguments", service.arguments, /*ended=*/true),
        own.texts("Environment", service.environment, /*ended=*/true),
        own.numbers("ServiceNumber", "Needs", numbers_of(service.needs, services)),
        own.numbers("ServiceNumber", "After", numbers_of(service.after, services)), name_of(service.readiness),
        service.ready_within.count(), name_of(service.restart), service.restart_limit, service.stop_within.count());
    table += fmt::format(
        "     .sandbox = {{.user = UserId{{{}}},\n                 .group = GroupId{{{}}},\n"
        "                 .groups = {},\n                 .capabilities = {:#x},\n                 .shares = {:#x},\n"
        "                 .directories = {},\n                 .writable = {},\n                 .home = nullptr,\n"
        "                 .state = {},\n"
        "                 .devices = {},\n                 .system_calls = {},\n"
        "                 .memory_bytes = {},\n                 .processes = {},\n                 .open_files = "
        "{}}}}},\n",
        service.user, service.group, own.numbers("GroupId", "Groups", groups), service.capabilities, service.shares,
        own.texts("Directories", service.directories), own.texts("Writable", service.writable),
        service.state.empty() ? "nullptr" : literal(service.state), own.texts("Devices", service.devices),
        own.numbers("sock_filter", "SystemCalls", steps_of(service.system_calls)), service.memory_mib << 20,
        service.processes, service.open_files);
    arrays += own.text();
  }
  return fmt::format(
      "// Made from os/services by the builder (src/image/service_source.cc).\n#include \"format/service_table.h\"\n\n"
      "namespace ashlar {{\nnamespace {{\n\nusing namespace std::chrono_literals;\n\n{}\n"
      "constexpr ServiceDefinition kServices[] = {{\n{}}};\n\n}}  // namespace\n\n"
      "std::span<const ServiceDefinition> service_table() {{ return kServices; }}\n\n}}  // namespace ashlar\n",
      arrays, table);
}

}  // namespace ashlar::image
