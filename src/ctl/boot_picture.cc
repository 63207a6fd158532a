// The timeline as SVG 1.1, without scripts and without anything from elsewhere.
#include <algorithm>
#include <array>

#include "base/xml.h"
#include "ctl/boot_timeline.h"
#include "ctl/durations.h"

namespace ashlar::ctl {
namespace {

// Pixels.
constexpr long kNames = 150;  // where the axis begins
constexpr long kAxis = 760;   // its length
constexpr long kAfter = 110;  // room for what is written behind the last bar
constexpr long kHead = 92;    // above the first row
constexpr long kRow = 24;
constexpr long kBar = 14;
constexpr long kFoot = 56;
constexpr long kWidth = kNames + kAxis + kAfter;

constexpr std::string_view kPhaseColour = "#2f5058";
constexpr std::string_view kServiceColour = "#5aa9a3";
constexpr std::string_view kFailedColour = "#b4524f";
constexpr std::string_view kReadyColour = "#b4824f";
constexpr std::string_view kPending = "#c9d4d8";

std::string number(long value) { return std::to_string(value); }

std::string text_at(long x, long y, std::string_view style, std::string_view text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + std::string(style) + "\">" +
         escape_xml(text) + "</text>\n";
}
std::string box_at(long x, long y, long width, long height, std::string_view colour) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" +
         number(height) + "\" rx=\"2\" fill=\"" + std::string(colour) + "\"/>\n";
}

// Of 1, 2 and 5 times powers of ten: the smallest step that gives no more than twelve lines.
long step_of(BootTime end) {
  constexpr long kMostLines = 12;
  for (long decade = 100;; decade *= 10) {
    for (long factor : {1L, 2L, 5L}) {
      if (end.count() / (factor * decade) <= kMostLines) return factor * decade;
    }
  }
}

class Axis {
 public:
  explicit Axis(BootTime end) : end_(std::max<long>(end.count(), 1)) {}
  [[nodiscard]] long place(BootTime time) const { return kNames + time.count() * kAxis / end_; }

 private:
  long end_;
};

std::string grid(const Timeline& timeline, const Axis& axis, long bottom) {
  std::string out;
  const long step = step_of(timeline.end);
  for (long time = 0; time <= timeline.end.count(); time += step) {
    const std::string x = number(axis.place(BootTime(time)));
    out += "<line x1=\"" + x + "\" y1=\"" + number(kHead - 8) + "\" x2=\"" + x + "\" y2=\"" + number(bottom) +
           "\" stroke=\"#e3e9eb\"/>\n";
    std::string label = number(time / 1000);
    if (step < 1000) label += "." + number(time % 1000 / 100);
    out += text_at(axis.place(BootTime(time)), kHead - 14, "tick", label + " s");
  }
  return out;
}

std::string row(const Span& span, const Timeline& timeline, const Axis& axis, long y) {
  const BootTime end = span.end.value_or(timeline.end);
  const long from = axis.place(span.begin);
  const long width = std::max(axis.place(end) - from, 2L);
  std::string_view colour = span.kind == Span::Kind::phase ? kPhaseColour : kServiceColour;
  if (!span.end) colour = kPending;
  if (span.failed) colour = kFailedColour;
  std::string took = span.end ? seconds_text(end - span.begin) : span.failed ? "failed" : "not ready";
  if (span.restarts != 0) took += ", restarted " + std::to_string(span.restarts) + " times";
  // Behind the bar, or before one that ends at the edge.
  const bool behind = from + width < kNames + kAxis - kAfter / 2 || from < kNames + kAfter;
  return text_at(kNames - 12, y + kBar - 3, "name", span.name) + box_at(from, y, width, kBar, colour) +
         text_at(behind ? from + width + 6 : from - 6, y + kBar - 3, behind ? "took" : "took before", took);
}

std::string legend(const Timeline& timeline, long y) {
  std::string out;
  long x = kNames;
  auto entry = [&](std::string_view colour, std::string_view text, long width) {
    out += box_at(x, y, kBar, kBar, colour) + text_at(x + kBar + 6, y + kBar - 3, "took", text);
    x += width;
  };
  entry(kPhaseColour, "before the services", 160);
  entry(kServiceColour, "a service, from its start until it was ready", 290);
  if (timeline.session_ready) entry(kReadyColour, "the session is ready", 160);
  if (std::ranges::any_of(timeline.spans, &Span::failed)) entry(kFailedColour, "failed", 80);
  return out;
}

}  // namespace

std::string timeline_svg(const Timeline& timeline, std::string_view title) {
  const Axis axis(timeline.end);
  const long bottom = kHead + static_cast<long>(timeline.spans.size()) * kRow;
  const long height = bottom + kFoot;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) + "\" height=\"" +
                    number(height) + "\" viewBox=\"0 0 " + number(kWidth) + " " + number(height) + "\">\n";
  out +=
      "<style>text{font-family:'DejaVu Sans',sans-serif;font-size:12px;fill:#1f2d36}.title{font-size:17px;"
      "font-weight:bold}.name{text-anchor:end}.tick{text-anchor:middle;font-size:11px;fill:#6b7d86}.took{fill:#4a5c65;"
      "font-size:11px}.before{text-anchor:end}</style>\n";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  out += text_at(24, 30, "title", title) + text_at(24, 52, "", summary_of(timeline));
  out += grid(timeline, axis, bottom);
  long y = kHead;
  for (const Span& span : timeline.spans) {
    out += row(span, timeline, axis, y + (kRow - kBar) / 2);
    y += kRow;
  }
  if (timeline.session_ready) {
    const std::string x = number(axis.place(*timeline.session_ready));
    out += "<line x1=\"" + x + "\" y1=\"" + number(kHead - 8) + "\" x2=\"" + x + "\" y2=\"" + number(bottom) +
           "\" stroke=\"" + std::string(kReadyColour) + "\" stroke-dasharray=\"4 3\"/>\n";
  }
  out += legend(timeline, bottom + 24);
  return out + "</svg>\n";
}

}  // namespace ashlar::ctl
