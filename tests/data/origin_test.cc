// The machine the others copy: set up as a person does it, and what its header and its TPM say to the world's tools.
#include <gtest/gtest.h>

#include "data_machine.h"
#include "outsider.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

TEST(Origin, FirstBootMakesAMachine) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<GptPartition> data = partition_named(made->disk(), "data");
  ASSERT_OK(data);
  EXPECT_EQ(data->type, kLinuxDataType);
  EXPECT_GT(data->sectors(), (std::uint64_t{3} << 30) / kSectorSize);
  Result<Outsider> outsider = Outsider::with(made->disk());
  ASSERT_OK(outsider);
  EXPECT_EQ(outsider->token().user, 1U);
  ASSERT_TRUE(outsider->token().tpm);
  Result<UnlockedVolume> volume = outsider->recover(made->recovery_key);
  ASSERT_OK(volume);
  EXPECT_TRUE(volume->unfinished().empty());
}

}  // namespace
}  // namespace ashlar::test
