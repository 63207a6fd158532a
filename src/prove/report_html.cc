#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/xml.h"
#include "prove/report.h"

namespace ashlar::prove {
namespace {

constexpr std::string_view kStyle = R"(
body{font:15px/1.5 system-ui,sans-serif;color:#1d232b;background:#fff;max-width:72rem;margin:2rem auto;padding:0 1.5rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin-top:2rem}
code,pre{font:13px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}
pre{background:#f4f6f8;padding:.7rem .9rem;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px;margin:.3rem 0}
details{border-top:1px solid #dfe4ea;padding:.45rem 0}
summary{cursor:pointer;display:grid;grid-template-columns:5rem 14rem 11rem 1fr;gap:.8rem;align-items:baseline}
summary span:last-child{color:#55606e}
.held{color:#1b6e3c;font-weight:600}.broken{color:#b3261e;font-weight:700}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.2rem .8rem;margin:.6rem 0 .8rem 5.8rem}dt{color:#55606e}dd{margin:0}
img{max-width:100%;border:1px solid #dfe4ea}svg{max-width:100%;height:auto;margin:1rem 0}
@media (max-width:50rem){summary{grid-template-columns:4rem 1fr}summary span:nth-child(n+3){grid-column:2}dl{margin-left:0}}
)";

// One box of a picture: who it is, and what it checks before it hands over, or guards.
struct Link {
  std::string_view name;
  std::string_view checks;
  std::string_view layer;   // as CaseReport::denied_by says it
  std::string_view layer2;  // another one that is counted here
};
constexpr std::string_view kDataLayer = "/data";  // every part of what guards it
constexpr std::array<Link, 8> kChain = {{
    {"UEFI firmware", "PK, KEK, db: Authenticode", "firmware"},
    {"systemd-boot", "asks the firmware for each", ""},
    {"systemd-stub", "its own sections alone", "systemd-stub"},
    {"TPM 2.0", "PCR 4, 7, 11, 12, 13", "TPM measurement"},
    {"initramfs", "nothing follows --", "initramfs"},
    {"dm-verity", "each block, signed hash", "dm-verity", "root hash signature"},
    {"IPE", "runs from there alone", "IPE"},
    {"/data", "TPM, password, header", kDataLayer},
}};

// Who denies what is tried from inside, from the kernel outwards.
constexpr std::array<Link, 8> kGuards = {{
    {"Kernel", "not built in, or refuses", "kernel", "lockdown"},
    {"dm-verity, IPE", "the root's code alone", "IPE", "dm-verity"},
    {"SELinux", "the policy", "SELinux"},
    {"Capabilities", "given up at the start", "capabilities", "permissions"},
    {"Mounts", "noexec, read-only, absent", "noexec mount", "mount view"},
    {"Landlock, Yama", "paths, traces", "Landlock", "Yama"},
    {"seccomp, MDWE", "calls, memory", "seccomp", "MDWE"},
    {"Programs", "the shell asks; few there", "shell", "image"},
}};

std::string picture(const Proof& proof) {
  const std::array<Link, 8>& chain = proof.live ? kGuards : kChain;
  constexpr unsigned kWidth = 160;
  constexpr unsigned kGap = 14;
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} 112\" role=\"img\" aria-label=\"Who denied what\">\n",
                                chain.size() * (kWidth + kGap) - kGap);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Link& link = chain[i];
    std::size_t held = 0;
    std::size_t broken = 0;
    for (const CaseReport& each : proof.cases) {
      bool here = each.denied_by == link.layer || (!link.layer2.empty() && each.denied_by == link.layer2) ||
                  (link.layer == kDataLayer && each.id.starts_with("data.") && each.denied_by != "nobody");
      if (here) ++(each.held() ? held : broken);
    }
    std::string count = held + broken == 0 ? "" : fmt::format("{} held, {} not", held, broken);
    std::size_t x = i * (kWidth + kGap);
    svg += fmt::format(
        "<rect x=\"{0}\" y=\"1\" width=\"{1}\" height=\"86\" rx=\"5\" fill=\"{2}\" stroke=\"{3}\"/>"
        "<text x=\"{4}\" y=\"27\" text-anchor=\"middle\" font-weight=\"600\" font-size=\"15\">{5}</text>"
        "<text x=\"{4}\" y=\"49\" text-anchor=\"middle\" font-size=\"11\" fill=\"#55606e\">{6}</text>"
        "<text x=\"{4}\" y=\"72\" text-anchor=\"middle\" font-size=\"12\" fill=\"{3}\">{7}</text>\n",
        x, kWidth - 1, broken == 0 ? "#f2f8f4" : "#fdf1f0", broken == 0 ? "#1b6e3c" : "#b3261e", x + kWidth / 2,
        link.name, link.checks, count);
    if (i + 1 < chain.size() && !proof.live) {
      svg += fmt::format("<path d=\"M{0} 44h{1}m-6 -4l6 4l-6 4\" fill=\"none\" stroke=\"#55606e\"/>\n", x + kWidth + 1,
                         kGap - 4);
    }
  }
  const std::string_view caption = proof.live ? "Each guards alone. The numbers count the attacks each had to deny."
                                              : "Each link starts the next only after it was checked. The numbers "
                                                "count the cases that link had to stop.";
  return svg + fmt::format("<text x=\"0\" y=\"108\" font-size=\"12\" fill=\"#55606e\">{}</text></svg>\n", caption);
}

std::string row(std::string_view term, const std::string& text) {
  if (text.empty()) return {};
  return fmt::format("<dt>{}</dt><dd>{}</dd>", term, escape_xml(text));
}

// Empty for what shared a machine with others.
std::string seconds_of(vm::Milliseconds took) {
  return took.count() == 0 ? "" : fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1000);
}

Result<std::string> entry(const CaseReport& report) {
  std::string html = fmt::format(
      "<details{}><summary><span class=\"{}\">{}</span><code>{}</code><span>{}</span><span>{}</span></summary><dl>",
      report.held() ? "" : " open", report.held() ? "held" : "broken", result_of(report), escape_xml(report.id),
      escape_xml(report.denied_by), escape_xml(report.attack));
  html += row("Why not", report.problem) + row("Expected", report.expected) + row("Seen", report.evidence) +
          row("ashlar verify", report.offline) + row("Control", report.control) + row("Took", seconds_of(report.took)) +
          "</dl>";
  if (!report.console.empty()) html += "<pre>" + escape_xml(report.console) + "</pre>";
  if (!report.screenshot.empty() && fs::exists(report.screenshot)) {
    html += "<img alt=\"Screen of the machine\" src=\"data:image/png;base64," +
            to_base64(TRY(read_file(report.screenshot))) + "\">";
  }
  return html + "</details>\n";
}

}  // namespace

Result<std::string> as_html(const Proof& proof) {
  const std::size_t broken = proof.broken();
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Ashlar: what was attacked, and what held</title><style>{}</style>\n"
      "<h1>What was attacked, and what held</h1>\n"
      "<p><span class=\"{}\">{}.</span> Image <code>{}</code>, root hash <code>{}</code>, seed "
      "{}.</p>\n",
      kStyle, broken == 0 ? "held" : "broken", proof.summary(), escape_xml(proof.image.filename().string()),
      proof.root_hash, proof.seed);
  html += picture(proof) + "<h2>Cases</h2>\n";
  // Broken ones first: they are what the reader came for.
  std::vector<const CaseReport*> cases;
  for (const CaseReport& each : proof.cases) cases.push_back(&each);
  std::ranges::stable_partition(cases, [](const CaseReport* each) { return !each->held(); });
  for (const CaseReport* each : cases) html += TRY(entry(*each));
  return html + "</html>\n";
}

}  // namespace ashlar::prove
