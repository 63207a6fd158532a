#include "ctl/boot_timeline.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "ctl/durations.h"

namespace ashlar::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kColumns = 56;  // of the axis

Span span_of(const BootPhase& phase) {
  return {.name = phase.name,
          .kind = Span::Kind::phase,
          .begin = phase.begun,
          .end = phase.ended,
          .failed = false,
          .restarts = 0};
}
Span span_of(const ServiceReport& service) {
  return {.name = service.name,
          .kind = Span::Kind::service,
          .begin = *service.started,
          .end = service.ready,
          .failed = service.state == ServiceState::failed,
          .restarts = service.restarts};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::size_t column_of(BootTime time, BootTime end) {
  if (end <= BootTime{0}) return 0;
  return std::min(static_cast<std::size_t>(time.count()) * kColumns / static_cast<std::size_t>(end.count()), kColumns);
}

}  // namespace

Timeline make_timeline(const Report& report, const std::optional<Firmware>& firmware) {
  Timeline timeline;
  BootTime shift{};
  if (firmware && firmware->kernel_began >= firmware->loader_began) {
    timeline.from_power_on = true;
    shift = firmware->kernel_began;
    timeline.spans.push_back(span_of(BootPhase{"firmware", BootTime{0}, firmware->loader_began}));
    timeline.spans.push_back(span_of(BootPhase{"loader", firmware->loader_began, shift}));
  }
  auto add = [&](Span span) {
    span.begin += shift;
    if (span.end) *span.end += shift;
    timeline.end = std::max(timeline.end, span.end.value_or(span.begin));
    timeline.spans.push_back(std::move(span));
  };
  for (const BootPhase& phase : report.phases) {
    add(span_of(phase));
    if (phase.name == "unlocking") timeline.unlocking = phase.ended.value_or(report.now) - phase.begun;
  }
  for (const ServiceReport& service : report.services) {
    if (service.started) add(span_of(service));
    if (service.kind == ServiceKind::session && service.ready) timeline.session_ready = *service.ready + shift;
  }
  std::ranges::sort(timeline.spans, {}, [](const Span& span) { return std::pair(span.begin, span.name); });
  return timeline;
}

std::string summary_of(const Timeline& timeline) {
  const std::string since = timeline.from_power_on ? " after power-on" : " after the kernel began";
  std::string text = timeline.session_ready
                         ? "The session was ready " + seconds_text(*timeline.session_ready) + since
                         : "No session is ready; the last of the rest was " + seconds_text(timeline.end) + since;
  return text + ". Unlocking took " + seconds_text(timeline.unlocking) + " of it, the person at the prompt included.";
}

std::string timeline_text(const Timeline& timeline) {
  std::size_t widest = 0;
  for (const Span& span : timeline.spans) widest = std::max(widest, span.name.size());
  std::string text = summary_of(timeline) + "\n\n" + padded("", widest) + "  BEGAN     " + padded("TOOK", 12) + "0 s" +
                     std::string(kColumns - 3, ' ') + seconds_text(timeline.end) + "\n";
  for (const Span& span : timeline.spans) {
    const BootTime end = span.end.value_or(timeline.end);
    const std::size_t from = column_of(span.begin, timeline.end);
    const std::size_t to = std::max(column_of(end, timeline.end), from + 1);
    std::string bar(from, ' ');
    bar.append(to - from, span.kind == Span::Kind::phase ? '=' : span.end ? '#' : '?');
    std::string took = span.end ? seconds_text(end - span.begin) : span.failed ? "failed" : "not ready";
    if (span.restarts != 0) bar += " restarted: " + std::to_string(span.restarts);
    text += padded(span.name, widest) + "  " + padded(seconds_text(span.begin), 8) + "  " + padded(took, 10) + "  " +
            bar + "\n";
  }
  return text;
}

std::string timeline_json(const Timeline& timeline) {
  Json spans = Json::array();
  for (const Span& span : timeline.spans) {
    spans.push_back({{"name", span.name},
                     {"kind", span.kind == Span::Kind::phase ? "phase" : "service"},
                     {"begin_ms", span.begin.count()},
                     {"end_ms", span.end ? Json(span.end->count()) : Json()},
                     {"failed", span.failed},
                     {"restarts", span.restarts}});
  }
  Json ready = timeline.session_ready ? Json(timeline.session_ready->count()) : Json();
  return Json({{"from", timeline.from_power_on ? "power-on" : "kernel"},
               {"session_ready_ms", ready},
               {"unlocking_ms", timeline.unlocking.count()},
               {"spans", spans}})
      .dump();
}

}  // namespace ashlar::ctl
