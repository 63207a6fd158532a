#include "format/log_message.h"

#include "format/words.h"

namespace ashlar {
namespace {

constexpr std::string_view kOutput = "output";
constexpr std::string_view kRead = "read";

Result<OutputPart> parse_output(Words& words, std::string_view bytes) {
  OutputPart part;
  part.service = TRY(words.name());
  part.user = TRY(words.integer<std::uint32_t>());
  part.begin = TRY(words.integer<std::uint64_t>());
  TRY(words.end());
  part.bytes = bytes;
  return part;
}

Result<LogRequest> parse_request(Words& words, std::string_view rest) {
  LogRequest request;
  request.service = TRY(words.name());
  request.boots_ago = TRY(words.integer<std::uint32_t>());
  request.user = TRY(words.integer_or_none<std::uint32_t>());
  TRY(words.end());
  if (!rest.empty()) return fail("more than a line");
  return request;
}

Result<LogMessage> parse(std::string_view packet) {
  Words words(TRY(take_line(packet)));
  std::string_view what = TRY(words.word());
  if (what == kOutput) return TRY(parse_output(words, packet));
  if (what == kRead) return TRY(parse_request(words, packet));
  return fail("an unknown line");
}

}  // namespace

std::string build_output_part(const OutputPart& part) {
  return std::string(kOutput) + " " + part.service + " " + std::to_string(part.user) + " " +
         std::to_string(part.begin) + "\n" + part.bytes;
}

std::string build_log_request(const LogRequest& request) {
  return std::string(kRead) + " " + request.service + " " + std::to_string(request.boots_ago) + " " +
         (request.user ? std::to_string(*request.user) : std::string(kNoWord)) + "\n";
}

Result<LogMessage> parse_log_message(std::string_view packet) { return in("a message for the logger", parse(packet)); }

Result<OutputPart> parse_output_part(std::string_view text) {
  LogMessage message = TRY(in("a service's output", parse(text)));
  if (OutputPart* part = std::get_if<OutputPart>(&message)) return std::move(*part);
  return fail("a service's output: something else");
}

}  // namespace ashlar
