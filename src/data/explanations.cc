#include "data/explanations.h"

#include "data/asking.h"
#include "data/volume.h"

namespace ashlar {
namespace {

constexpr char kClosed[] = "/data does not open";
constexpr char kTpmOwned[] = "This TPM belongs to another system.";
constexpr char kTpmFull[] = "The TPM has no room left for what /data needs.";
constexpr char kClearing[] =
    "Clearing the TPM in the firmware's setup makes room, and loses what other systems keep in it.";

Notice notice_of(std::vector<std::string> sentences) {
  Notice notice{.heading = kClosed, .tone = Tone::notice};
  for (std::string& sentence : sentences) notice.lines.push_back({"", {std::move(sentence)}});
  return notice;
}

// The enrolled registers that differ.
std::vector<unsigned> changed_pcrs(const TpmFacts& facts) {
  std::vector<unsigned> changed;
  for (const auto& [pcr, value] : facts.enrolled) {
    auto present = facts.present.find(pcr);
    if (present != facts.present.end() && present->second != value) changed.push_back(pcr);
  }
  return changed;
}

Notice explain_firmware(const TpmFacts& facts) {
  Notice notice = notice_of({"This machine has changed since /data was tied to it. Different is:"});
  for (unsigned pcr : changed_pcrs(facts)) {
    notice.lines.push_back({"PCR " + std::to_string(pcr), {std::string(words_of_pcr(pcr))}, Tone::notice});
  }
  notice.lines.push_back(
      {"", {"After an update or a change in its setup that is as it should be: the recovery key opens /data."}});
  notice.lines.push_back({"", {"If nobody changed anything, do not type it: turn the machine off and find out."}});
  return notice;
}

Notice explain_lockout(const TpmFacts& facts) {
  std::string wait = "Leave the machine on and wait: tries come back one by one.";
  if (facts.lockout && facts.lockout->recovery.count() > 0) {
    wait = "Leave the machine on: it gives one try back every " + words_of_time(facts.lockout->recovery) + ".";
  }
  return notice_of(
      {"The TPM is locked after too many wrong passwords.", wait, "The recovery key opens /data at once."});
}

std::string sentence_of(const Error& error) { return as_sentence(error.message()); }

}  // namespace

Notice explain_refusal(const Error& refusal, const TpmFacts& facts) {
  const std::string recovery = "The recovery key opens /data.";
  std::optional<TpmFailure> failure = refusal.kind<TpmFailure>();
  if (!failure) return notice_of({sentence_of(refusal), recovery});
  switch (*failure) {
    case TpmFailure::firmware_changed:
      return explain_firmware(facts);
    case TpmFailure::locked_out:
      return explain_lockout(facts);
    case TpmFailure::absent:
      return notice_of({"This machine shows no TPM, and /data was sealed to one.",
                        "It may be switched off in the firmware's setup, or this disk is in another machine.",
                        recovery});
    case TpmFailure::cleared:
      return notice_of(
          {"The TPM does not know this disk: it was cleared, or the disk is in another machine.", recovery});
    case TpmFailure::image_retired:
      return notice_of({"This version of the system was retired: a newer one has been in use on this machine.",
                        "Start the newer one. The recovery key opens /data all the same."});
    case TpmFailure::image_not_signed:
      return notice_of({"What started is not what the owner signed: PCR 11, 12 or 13 differs.",
                        "Type nothing here unless you know why. Turn the machine off and start the right image."});
    case TpmFailure::rollback_index_wrong:
      return notice_of({"The TPM's record of retired versions is gone, or is another one.",
                        "Clearing the TPM does that, and so does somebody who tries to start an old version.",
                        recovery});
    case TpmFailure::already_unlocked:
      return notice_of(
          {"The TPM is closed until the next start: /data was unlocked before in this one.", "Restart the machine."});
    case TpmFailure::interrupted:
      return notice_of(
          {"The TPM stopped answering in the middle.", "Nothing is lost. Try again, or restart the machine."});
    case TpmFailure::owned:
      return notice_of({kTpmOwned, kClearing});
    case TpmFailure::damaged:
    case TpmFailure::policy:
      return notice_of(
          {"What the TPM keeps for /data does not fit this disk: it was altered, or is of another time.", recovery});
    case TpmFailure::nv_full:
      return notice_of({kTpmFull, kClearing});
    case TpmFailure::wrong_auth:
    case TpmFailure::other:
      break;
  }
  return notice_of({sentence_of(refusal), recovery});
}

Notice explain_failure(const Error& error) {
  Notice notice = notice_of({});
  notice.tone = Tone::failure;
  auto add = [&](std::string sentence) { notice.lines.push_back({"", {std::move(sentence)}}); };
  if (std::optional<VolumeFailure> failure = error.kind<VolumeFailure>()) {
    switch (*failure) {
      case VolumeFailure::not_luks2:
        add("The data partition has no LUKS2 header, or a damaged one. It is not touched.");
        add("A copy of the header, if you have one, can be put back with cryptsetup from another system.");
        break;
      case VolumeFailure::foreign:
        add("The data partition was not made by this system, or was altered. It is not opened, and not touched.");
        break;
      case VolumeFailure::altered:
        add("The key is right, but the header was altered by somebody who did not have it. /data is not opened.");
        break;
      case VolumeFailure::unfinished:
        add("The data partition was never finished. It is not touched.");
        break;
      case VolumeFailure::wrong_key:
        break;
    }
  } else if (std::optional<TpmFailure> tpm = error.kind<TpmFailure>()) {
    if (tpm == TpmFailure::interrupted) add("The TPM stopped answering in the middle. Nothing is lost.");
    if (tpm == TpmFailure::owned) add(kTpmOwned);
    if (tpm == TpmFailure::nv_full) add(kTpmFull);
    if (tpm == TpmFailure::owned || tpm == TpmFailure::nv_full) add(kClearing);
  }
  notice.lines.push_back({"", {sentence_of(error)}, notice.lines.empty() ? Tone::plain : Tone::faint});
  return notice;
}

std::string wrong_password_remark(const std::optional<LockoutState>& lockout) {
  if (!lockout) return "Wrong password.";
  std::uint32_t left = lockout->left();
  return "Wrong password. " + (left == 1 ? "1 try" : std::to_string(left) + " tries") + " left.";
}

std::vector<PageLine> words_without_tpm() {
  return {{"", {"Without one the password alone protects /data: who copies the disk can guess at it for years."}},
          {"", {"So the password must be a longer one, and nothing notices a changed firmware or an old system."}}};
}

std::string words_of_time(std::chrono::seconds time) {
  auto words = [](std::int64_t count, const std::string& unit) {
    return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
  };
  std::int64_t minutes = std::chrono::ceil<std::chrono::minutes>(time).count();
  if (minutes < 120 && minutes != 60) return words(std::max<std::int64_t>(minutes, 1), "minute");
  std::int64_t hours = (minutes + 59) / 60;
  return hours < 48 ? words(hours, "hour") : words((hours + 23) / 24, "day");
}

std::string_view words_of_pcr(unsigned pcr) {
  switch (pcr) {
    case 0:
      return "the firmware itself (an update changes it)";
    case 2:
      return "the firmware of cards that are plugged in";
    case 7:
      return "Secure Boot: its keys, or whether it is on";
    case 11:
      return "the image that was started";
    default:
      return "something that was measured at the start";
  }
}

}  // namespace ashlar
