#include "image/recipe.h"

#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

std::string error_of(std::string_view text) {
  Result<Recipe> recipe = parse_recipe(text, "os/profiles/core.toml");
  if (recipe) return "accepted";
  EXPECT_TRUE(recipe.error().is_misuse());
  return recipe.error().message();
}

constexpr std::string_view kGood = R"(
description = "Small"
extends = ["base"]
packages = ["dash", "sed"]
programs = ["data"]
services = ["seatd"]
[[omit]]
package = "mawk"
reason = "not used"
[[omit-files]]
package = "*"
files = ["/usr/share/doc/**"]
keep = ["/usr/share/doc/*/copyright"]
reason = "not read"
[[backport]]
package = "linux-source-7.3"
reason = "newer"
)";

TEST(Recipe, ReadsEveryKey) {
  Recipe recipe = parse_recipe(kGood, "os/profiles/core.toml").value();
  EXPECT_EQ(recipe.name, "core");
  EXPECT_EQ(recipe.description, "Small");
  EXPECT_EQ(recipe.extends, std::vector<std::string>{"base"});
  EXPECT_EQ(recipe.packages, (std::vector<std::string>{"dash", "sed"}));
  EXPECT_EQ(recipe.programs, std::vector<std::string>{"data"});
  ASSERT_EQ(recipe.omit.size(), 1U);
  EXPECT_EQ(recipe.omit[0].package, "mawk");
  ASSERT_EQ(recipe.omit_files.size(), 1U);
  EXPECT_EQ(recipe.omit_files[0].keep.size(), 1U);
  ASSERT_EQ(recipe.backports.size(), 1U);
  EXPECT_EQ(recipe.services, std::vector<std::string>{"seatd"});
}

TEST(Recipe, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\npakages = []\n"),
            "os/profiles/core.toml:3: 'pakages' is not a key known here");
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\n[[omit]]\npackage = \"dash\"\nreson = \"y\"\n"),
            "os/profiles/core.toml:5: 'reson' is not a key known here");
  EXPECT_EQ(error_of("packages = [\"sed\"]\n"), "os/profiles/core.toml:1: 'description' is missing");
  EXPECT_EQ(error_of("description = 1\npackages = []\n"),
            "os/profiles/core.toml:1: 'description' wants a text that is not empty");
  EXPECT_EQ(error_of("description = \"x\"\npackages = \"sed\"\n"),
            "os/profiles/core.toml:2: 'packages' wants a list of texts");
  EXPECT_EQ(error_of("description = \"x\"\npackages = [1]\n"),
            "os/profiles/core.toml:2: 'packages' wants texts that are not empty");
}

TEST(Recipe, ProgramsAreOurs) {
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\nprograms = [\n  \"data\",\n  \"date\",\n]\n"),
            "os/profiles/core.toml:5: 'programs' has 'date', which is none of: ashlarctl, attack, backlight, bar, "
            "data, heap-faults, logger, login, pam-module");
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\nprograms = [\"init\"]\n"),
            "os/profiles/core.toml:3: 'programs' has 'init', which is none of: ashlarctl, attack, backlight, bar, "
            "data, heap-faults, logger, login, pam-module");
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\nprograms = [\"data\", \"data\"]\n"),
            "os/profiles/core.toml:3: 'programs' names 'data' twice");
  EXPECT_EQ(error_of("description = \"x\"\npackages = [\"sed\"]\nprograms = \"data\"\n"),
            "os/profiles/core.toml:3: 'programs' wants a list of texts");
}

TEST(Recipe, RefusesWhatCannotBeMeant) {
  EXPECT_NE(error_of("description = \"x\"\npackages = [\"sed\", \"sed\"]\n").find("named twice"), std::string::npos);
  EXPECT_NE(error_of("description = \"x\"\npackages = [\"Sed\"]\n").find("not a package name"), std::string::npos);
  EXPECT_NE(error_of("description = \"x\"\npackages = [\"sed\"]\nomit = [\"dash\"]\n").find("[[omit]]"),
            std::string::npos);
  EXPECT_NE(error_of("description = \"x\"\npackages = [\"sed\"]\n[[omit]]\npackage = \"sed\"\nreason = \"y\"\n")
                .find("both wanted and omitted"),
            std::string::npos);
  EXPECT_NE(
      error_of("description = \"x\"\npackages = [\"sed\"]\n[[omit]]\npackage = \"dash\"\n").find("'reason' is missing"),
      std::string::npos);
  EXPECT_NE(error_of("description = \"x\"\npackages = [\"sed\"]\n[[omit-files]]\npackage = \"sed\"\nfiles = "
                     "[\"usr\"]\nreason = \"y\"\n")
                .find("not an absolute path"),
            std::string::npos);
  EXPECT_NE(error_of("description = \"x\npackages = []").find("os/profiles/core.toml:1"), std::string::npos);
}

Recipe simple(std::string name, std::vector<std::string> extends, std::vector<std::string> packages) {
  Recipe recipe;
  recipe.name = std::move(name);
  recipe.extends = std::move(extends);
  recipe.packages = std::move(packages);
  return recipe;
}

TEST(Fold, GathersWhatIsExtended) {
  Recipes recipes = {{"a", simple("a", {}, {"sed", "dash"})},
                     {"b", simple("b", {"a"}, {"foot"})},
                     {"c", simple("c", {"a", "b"}, {"sed", "grep"})}};
  recipes["a"].programs = {"data"};
  recipes["c"].programs = {"ashlarctl", "data"};
  recipes["a"].omit = {{"grep", "small"}, {"mawk", "unused"}};
  Recipe folded = fold(recipes, "c").value();
  EXPECT_EQ(folded.packages, (std::vector<std::string>{"dash", "foot", "grep", "sed"}));
  EXPECT_EQ(folded.programs, (std::vector<std::string>{"ashlarctl", "data"}));
  EXPECT_EQ(fold(recipes, "b").value().programs, std::vector<std::string>{"data"});
  // Wanted by name further up: no longer left out.
  ASSERT_EQ(folded.omit.size(), 1U);
  EXPECT_EQ(folded.omit[0].package, "mawk");
}

TEST(Fold, RefusesCirclesAndStrangers) {
  Recipes circle = {{"a", simple("a", {"b"}, {})}, {"b", simple("b", {"a"}, {})}};
  EXPECT_EQ(fold(circle, "a").error().message(), "profile 'a' extends itself");
  Recipes stranger = {{"a", simple("a", {"z"}, {})}};
  EXPECT_EQ(fold(stranger, "a").error().message(), "profile 'a' extends 'z', which does not exist");
}

TEST(ReadRecipes, TakesADirectory) {
  TemporaryDirectory work = TemporaryDirectory::below(::testing::TempDir()).value();
  EXPECT_FALSE(read_recipes(work.path()));
  EXPECT_FALSE(read_recipes(work.path() / "absent"));
  ASSERT_TRUE(write_file(work.path() / "core.toml", as_bytes("description = \"x\"\npackages = [\"sed\"]\n")));
  ASSERT_TRUE(write_file(work.path() / "desktop.toml",
                         as_bytes("description = \"y\"\nextends = [\"core\"]\npackages = [\"foot\"]\n")));
  Recipes recipes = read_recipes(work.path()).value();
  EXPECT_EQ(recipes.at("desktop").packages, (std::vector<std::string>{"foot", "sed"}));
}

TEST(ResolutionInputs, ChangeWithWhatDecidesThePackages) {
  Recipe recipe = simple("a", {}, {"sed"});
  Sha256Digest before = resolution_inputs(recipe);
  Sha256Digest files_before = omission_inputs(recipe);
  recipe.description = "other";
  recipe.omit_files = {{"sed", {"/x"}, {}, "y"}};
  EXPECT_EQ(resolution_inputs(recipe), before);
  EXPECT_NE(omission_inputs(recipe), files_before);
  recipe.omit = {{"dash", "y"}};
  EXPECT_NE(resolution_inputs(recipe), before);
}

TEST(PathMatches, StarsStayInTheirComponent) {
  EXPECT_TRUE(path_matches("/usr/share/doc/*", "/usr/share/doc/sed"));
  EXPECT_FALSE(path_matches("/usr/share/doc/*", "/usr/share/doc/sed/copyright"));
  EXPECT_TRUE(path_matches("/usr/share/doc/**", "/usr/share/doc/sed/copyright"));
  EXPECT_TRUE(path_matches("/usr/lib/**/gbm/*.so", "/usr/lib/x86_64-linux-gnu/gbm/dri_gbm.so"));
  EXPECT_TRUE(path_matches("/a?c", "/abc"));
  EXPECT_FALSE(path_matches("/a?c", "/a/c"));
  EXPECT_FALSE(path_matches("/usr", "/usr/bin"));
  EXPECT_FALSE(path_matches("/usr/bin", "/usr"));
}

TEST(FileOmissions, KeepWinsAndUnusedPatternsAreNamed) {
  Recipe recipe = simple("a", {}, {});
  recipe.omit_files = {{"*", {"/usr/share/doc/**"}, {"/usr/share/doc/*/copyright"}, "r"},
                       {"foot", {"/etc/x"}, {}, "r"}};
  FileOmissions omissions(recipe);
  EXPECT_TRUE(omissions.omits("sed", "/usr/share/doc/sed/README"));
  EXPECT_FALSE(omissions.omits("sed", "/usr/share/doc/sed/copyright"));
  EXPECT_FALSE(omissions.omits("sed", "/etc/x"));
  EXPECT_EQ(omissions.unused(), std::vector<std::string>{"foot: /etc/x"});
  EXPECT_TRUE(omissions.omits("foot", "/etc/x"));
  EXPECT_TRUE(omissions.unused().empty());
}

}  // namespace
}  // namespace ashlar::image
