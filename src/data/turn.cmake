# What the unlocking program does with it. Included by CMakeLists.txt.
find_library(ZXCVBN zxcvbn REQUIRED)

ashlar_library(turn
  SOURCES asking.cc carry_out.cc data_header.cc enrolment.cc expected_change.cc explanations.cc finish.cc first_boot.cc
    open_data.cc password_quality.cc program.cc recovery.cc recovery_ceremony.cc tpm_preparation.cc turn.cc
    unlock_dialogue.cc
  LINK ashlar_data ashlar_prompt ${ZXCVBN})

ashlar_test(turn
  SOURCES explanations_test.cc password_quality_test.cc turn_interrupted_test.cc turn_refused_test.cc
    turn_requests_test.cc turn_test.cc turn_testing.cc
  LINK ashlar_turn ashlar_test_tpm)

# What it does when it is called with a verb.
ashlar_library(verbs
  SOURCES apply_verb.cc boot_good.cc data_status.cc home_verbs.cc queue_verb.cc status_gathering.cc verbs.cc
  LINK ashlar_turn)

ashlar_test(verbs
  SOURCES data_status_test.cc verbs_test.cc
  LINK ashlar_verbs ashlar_test_tpm)
