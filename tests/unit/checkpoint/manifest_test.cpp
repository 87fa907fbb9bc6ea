#include "checkpoint/manifest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace oarlock {
namespace {

constexpr const char* kChecksum = "0123456789abcdef0123456789abcdef";

Manifest sample() {
  Manifest manifest;
  manifest.world_size = 2;
  manifest.files.push_back({"model.safetensors", "model", kSharedFile, 1234, kChecksum});
  manifest.files.push_back({"random_state-1.safetensors", "random_state", 1, std::uint64_t{1} << 52, kChecksum});
  manifest.values = JsonValue::object();
  manifest.values.set("lr", JsonValue::number(0.1));
  manifest.values.set("loss", JsonValue::number(std::numeric_limits<double>::quiet_NaN()));
  manifest.user = JsonValue::string("n\xc3\xa4he\n\"quoted\"");
  return manifest;
}

std::string sample_bytes() { return encode_manifest(sample(), "2026-01-31T23:59:59Z"); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

// The bytes with the closing checksum made right again: what a hostile or another writer could make.
std::string resealed(const Manifest& manifest) { return encode_manifest(manifest, "2026-01-31T23:59:59Z"); }

TEST(Manifest, ReadsWhatItWrote) {
  const auto read = decode_manifest(sample_bytes());
  ASSERT_TRUE(read.is_ok()) << read.status().message();
  const Manifest& manifest = read.value();
  EXPECT_EQ(manifest.world_size, 2);
  ASSERT_EQ(manifest.files.size(), 2u);
  EXPECT_EQ(manifest.files[0].path, "model.safetensors");
  EXPECT_EQ(manifest.files[0].rank, kSharedFile);
  EXPECT_EQ(manifest.files[0].size_bytes, 1234u);
  EXPECT_EQ(manifest.files[0].checksum, kChecksum);
  EXPECT_EQ(manifest.files[1].rank, 1);
  EXPECT_EQ(manifest.files[1].size_bytes, std::uint64_t{1} << 52);
  EXPECT_EQ(manifest.values.find("lr")->as_double().value(), 0.1);
  EXPECT_TRUE(std::isnan(manifest.values.find("loss")->as_double().value()));
  EXPECT_EQ(manifest.user.text(), "n\xc3\xa4he\n\"quoted\"");
}

TEST(Manifest, IsTheSameTextEveryTime) { EXPECT_EQ(sample_bytes(), sample_bytes()); }

TEST(Manifest, HasTheFormOfTheDocument) {
  const std::string bytes = sample_bytes();
  EXPECT_TRUE(bytes.starts_with("{\n  \"format\": \"oarlock.checkpoint\",\n  \"major\": 1,\n  \"minor\": 0,\n"))
      << bytes;
  EXPECT_NE(
      bytes.find(
          "\n  \"files\": [\n    {\"path\":\"model.safetensors\",\"name\":\"model\",\"size_bytes\":1234,\"xxh3_128\":"),
      bytes.npos)
      << bytes;
  EXPECT_TRUE(bytes.ends_with("\"\n}\n"));
  EXPECT_EQ(bytes.substr(bytes.size() - 51, 15), "  \"checksum\": \"");
}

TEST(Manifest, TellsEveryFlippedBit) {
  const std::string bytes = sample_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ASSERT_EQ(decode_manifest(damaged).status().code(), OAR_E_CORRUPT) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Manifest, TellsEveryTruncation) {
  const std::string bytes = sample_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = decode_manifest(std::string_view(bytes).substr(0, size));
    ASSERT_EQ(read.status().code(), OAR_E_CORRUPT) << "first " << size << " bytes";
    ASSERT_NE(read.status().message().find("byte"), std::string::npos) << read.status().message();
  }
}

TEST(Manifest, RefusesANewerMajorByName) {
  // A newer major may end differently: without our tail it must still be told by its version.
  const std::string newer =
      "{\"format\":\"oarlock.checkpoint\",\"major\":2,\"oarlock_version\":\"9.1.0\",\"something\":\"new\"}";
  const auto read = decode_manifest(newer);
  EXPECT_EQ(read.status().code(), OAR_E_VERSION);
  EXPECT_NE(read.status().message().find("major 2"), std::string::npos) << read.status().message();
  EXPECT_NE(read.status().message().find("9.1.0"), std::string::npos) << read.status().message();
}

TEST(Manifest, KeepsKeysThatItDoesNotKnow) {
  Manifest manifest = sample();
  manifest.values.set("mesh_of_a_later_minor", JsonValue::array({JsonValue::integer(2)}));
  const auto read = decode_manifest(resealed(manifest));
  ASSERT_TRUE(read.is_ok()) << read.status().message();
  EXPECT_NE(read.value().json.dump().find("mesh_of_a_later_minor"), std::string::npos);
}

TEST(Manifest, RefusesPathsThatLeaveTheDirectory) {
  for (const char* path : {"../model.safetensors", "/etc/passwd", "a/b", "", ".", "..", ".hidden"}) {
    Manifest manifest = sample();
    manifest.files[0].path = path;
    const auto read = decode_manifest(resealed(manifest));
    EXPECT_EQ(read.status().code(), OAR_E_CORRUPT) << path;
    EXPECT_NE(read.status().message().find("leave"), std::string::npos) << read.status().message();
  }
}

TEST(Manifest, RefusesFilesThatContradictEachOther) {
  Manifest twice = sample();
  twice.files[1].path = twice.files[0].path;
  EXPECT_EQ(decode_manifest(resealed(twice)).status().code(), OAR_E_CORRUPT);
  Manifest beyond = sample();
  beyond.files[1].rank = 2;
  EXPECT_EQ(decode_manifest(resealed(beyond)).status().code(), OAR_E_CORRUPT);
  Manifest no_ranks = sample();
  no_ranks.world_size = 0;
  EXPECT_EQ(decode_manifest(resealed(no_ranks)).status().code(), OAR_E_CORRUPT);
  Manifest no_checksum = sample();
  no_checksum.files[0].checksum = "0123";
  EXPECT_EQ(decode_manifest(resealed(no_checksum)).status().code(), OAR_E_CORRUPT);
}

TEST(Manifest, RefusesAnotherFormat) {
  const auto read = decode_manifest(replaced(sample_bytes(), "oarlock.checkpoint", "oarlock.checkpoinT"));
  EXPECT_EQ(read.status().code(), OAR_E_CORRUPT);
  EXPECT_EQ(decode_manifest("[1,2]").status().code(), OAR_E_CORRUPT);
  EXPECT_EQ(decode_manifest("{}").status().code(), OAR_E_CORRUPT);
}

}  // namespace
}  // namespace oarlock
