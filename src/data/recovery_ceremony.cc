#include "data/recovery_ceremony.h"

#include "data/asking.h"
#include "data/qr_code.h"

namespace ashlar {

Status recovery_ceremony(Prompter& prompter, const Secret& recovery_key) {
  Secret text = TRY(recovery_text(recovery_key));
  QrCode code = TRY(QrCode::of(text));
  Notice shown{.heading = "Write down the recovery key",
               // Short: beside the QR code there is room for three rows on a screen of 1280 by 800.
               .lines = {{"", {"It opens /data when the password or the TPM cannot. It is shown this once."}},
                         {"", {"Keep it away from the machine."}}},
               .written_down = as_text(text.bytes()),
               .qr_code = code.modules()};
  for (;;) {
    TRY(menu(prompter, shown, {"I have written it down"}));
    Question question{.notice = {.heading = "Type the recovery key from what you wrote down",
                                 .lines = {{"", {"Small letters and blanks will do."}}}},
                      .label = kRecoveryKeyLabel,
                      .cancel = "see it again",
                      .expected_characters = kRecoveryTextSize};
    for (;;) {
      std::optional<Secret> typed = TRY(prompter.ask(question, Echo::text));
      if (!typed) break;
      Result<Secret> key = parse_recovery_text(*typed);
      if (key && key->equals(recovery_key)) return {};
      question.remark = key ? "That is another recovery key." : as_sentence(key.error().message());
    }
  }
}

}  // namespace ashlar
