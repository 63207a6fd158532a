#include "data/machine_token.h"

#include "data/luks2_metadata.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestName = 32;
constexpr std::string_view kInNames = "abcdefghijklmnopqrstuvwxyz0123456789_()";

Json json_of(const MachineSettings& settings) {
  return {{"type", kMachineToken}, {"keyslots", Json::array()}, {"version", 1}, {"keyboard", settings.keyboard}};
}

Result<MachineSettings> parse(ByteView bytes) {
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"type", "keyslots", "version", "keyboard"}, "it"));
  MachineSettings settings{TRY(text_at(json, "keyboard"))};
  const std::string& name = settings.keyboard;
  if (name.empty() || name.size() > kLongestName || name.find_first_not_of(kInNames) != std::string::npos) {
    return fail("a keyboard layout that is none");
  }
  if (json_of(settings).dump() != json.dump()) return fail("in another form than ours");
  return settings;
}

}  // namespace

std::string build_machine_token(const MachineSettings& settings) { return json_of(settings).dump(); }

Result<MachineSettings> parse_machine_token(ByteView json) { return in("the machine's token", parse(json)); }

}  // namespace ashlar
