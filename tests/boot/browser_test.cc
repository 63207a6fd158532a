// The browser in a real machine, driven by DevTools as the session runs it: its sandbox is on, every policy of the
// image is in force, and what a page may not have it does not get, whatever flags its user adds (docs/CHROMIUM.md).
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

#include "guest.h"
#include "test_image.h"
#include "vm/run.h"

namespace ashlar::test {
namespace {

constexpr auto kAnswerLimit = std::chrono::minutes(15);
constexpr char kHome[] = "/run/home/u1";
constexpr char kPage[] = "file:///usr/share/ashlar/welcome/index.html";

// NAME=STATUS of every policy that is set, as chrome://policy has them in its rows.
constexpr char kPolicies[] = R"(new Promise(async done => {
  const rows = [];
  const look = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.localName == 'policy-row') rows.push(e);
      if (e.shadowRoot) look(e.shadowRoot);
    }
  };
  const said = (row, what) => { const e = (row.shadowRoot || row).querySelector(what); return e ? e.textContent.trim() : ''; };
  while (!rows.length) { look(document); await new Promise(later => setTimeout(later, 500)); }
  done(rows.map(row => said(row, '.name') + '=' + said(row, '.messages')).filter(line => !line.endsWith('=Not set.')).join(' '));
}))";

constexpr char kAbilities[] = R"((async () => {
  const found = [];
  const tell = (what, value) => found.push(what + '=' + value);
  tell('WebAssembly', typeof WebAssembly);
  tell('XSLTProcessor', typeof XSLTProcessor);
  for (const kind of ['webgl', 'webgl2']) tell(kind, document.createElement('canvas').getContext(kind));
  tell('WebGPU', navigator.gpu ? await navigator.gpu.requestAdapter() : null);
  tell('USB', await navigator.usb.requestDevice({filters: []}).catch(e => e.name));
  tell('bluetooth', typeof navigator.bluetooth);
  for (const name of ['geolocation', 'notifications', 'accelerometer', 'local-fonts', 'idle-detection', 'camera'])
    tell(name, (await navigator.permissions.query({name})).state);
  return found.join(' ');
})())";
constexpr char kAllowed[] =
    "WebAssembly=undefined XSLTProcessor=undefined webgl=null webgl2=null WebGPU=null USB=NotFoundError "
    "bluetooth=undefined geolocation=denied notifications=denied accelerometer=denied local-fonts=denied "
    "idle-detection=denied camera=prompt";

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// Starts a browser as the person does, at a terminal that has the keyboard, and has devtools.sh ask it.
Status ask_browser(vm::Console& console, Guest& guest, const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& questions, const std::string& flags) {
  std::string directory = std::string(kHome) + "/" + name;
  TRY(console.run("mkdir " + directory));
  std::string text;
  for (const auto& [address, expression] : questions) text += address + "\n" + one_line(expression) + "\n";
  TRY(console.write_file(directory + "/questions", as_bytes(text)));
  TRY(console.run("(prepare " + directory + ")"));
  guest.type("cd ~/" + name + "\n/usr/lib/chromium/chromium $(cat flags) --headless --user-data-dir=$PWD/profile " +
             "--remote-debugging-pipe " + flags + " about:blank 3<in 4>out 2>log &\n");
  TRY(console.run("{ (drive " + directory + ") > /dev/null 2>&1 & }"));
  return {};
}

// Of each question, what the expression is.
std::vector<std::string> values_in(const std::string& said) {
  std::vector<std::string> values;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{\"id\":")) continue;
    values.push_back(nlohmann::json::parse(line).at("result").at("result").value("value", line));
  }
  return values;
}

TEST(Browser, IsKeptInAndCannotBeLoosened) {
  Result<vm::MachineConfig> config = desktop_with_keys("browser", 3072);
  ASSERT_OK(config);
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "browser");
  vm::Console console(*machine);
  ASSERT_OK(start_without_data(console));
  ASSERT_OK(machine->wait_for_line("ashlar: service session: says: the first page is there", kBootLimit));

  const fs::path source = ASHLAR_SOURCE_DIR;
  Result<Bytes> script = read_file(source / "tests/boot/devtools.sh");
  ASSERT_OK(script);
  ASSERT_OK(machine->type_serial(as_text(*script)));
  Guest guest(*machine);
  guest.keys({"meta_l", "ret"});
  ASSERT_TRUE(guest.comes_to_run("foot"));
  std::this_thread::sleep_for(std::chrono::seconds(5));
  ASSERT_OK(ask_browser(console, guest, "usual",
                        {{"chrome://sandbox", "document.body.innerText"},
                         {"chrome://version", "document.body.innerText"},
                         {"chrome://policy", kPolicies},
                         {kPage, kAbilities}},
                        ""));
  Result<std::string> said =
      console.run("cd " + std::string(kHome) + "/usual; until cat answers sandboxes 2>/dev/null; " + "do sleep 1; done",
                  kAnswerLimit);
  ASSERT_OK(said);
  std::vector<std::string> values = values_in(*said);
  ASSERT_EQ(values.size(), 4U) << *said;
  EXPECT_NE(values[0].find("You are adequately sandboxed"), std::string::npos) << values[0];
  EXPECT_NE(values[1].find("--js-flags=--jitless"), std::string::npos) << values[1];
  EXPECT_NE(said->find("service-sandbox-type=network"), std::string::npos) << *said;
  EXPECT_EQ(said->find("service-sandbox-type=none"), std::string::npos) << *said;

  Result<Bytes> file = read_file(source / "os/root/etc/chromium/policies/managed/ashlar.json");
  ASSERT_OK(file);
  const nlohmann::json policies = nlohmann::json::parse(as_text(*file));
  EXPECT_GT(policies.size(), 100U);
  std::map<std::string, std::string> in_force = vm::facts_in(values[2]);
  for (const auto& [name, value] : policies.items()) {
    EXPECT_TRUE(in_force[name] == "OK" || in_force[name] == "Deprecated") << name << ": " << in_force[name];
  }
  EXPECT_EQ(values[3], kAllowed);

  // V8 with a compiler cannot even start: the process of the page is ended.
  ASSERT_OK(ask_browser(console, guest, "loosened", {{kPage, kAbilities}}, "--js-flags=--no-jitless"));
  said = console.run("cd " + std::string(kHome) + "/loosened; until cat answers 2>/dev/null || " +
                         "grep -a -o Inspector.targetCrashed said; do sleep 1; done",
                     kAnswerLimit);
  ASSERT_OK(said);
  EXPECT_NE(said->find("\nInspector.targetCrashed"), std::string::npos) << *said;
}

}  // namespace
}  // namespace ashlar::test
