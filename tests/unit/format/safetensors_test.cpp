#include "format/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tensor/memory.h"
#include "unit/support/corpus.h"
#include "unit/support/temporary_folder.h"

namespace oarlock {
namespace {

using test::corpus_file;
using test::corpus_path;

std::string scratch_path(const std::string& name) {
  static const test::TemporaryFolder folder;  // goes at exit
  return folder / name;
}

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<SafetensorsHeader> header_of(const std::string& bytes) {
  return read_safetensors_header(std::as_bytes(std::span(bytes)));
}

// A file with this JSON and so many zero bytes of data.
std::string file_with(const std::string& json, std::size_t data_bytes) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(json.size() >> (8 * i)));
  return bytes + json + std::string(data_bytes, '\0');
}

NamedTensors three_tensors() {
  return {{"c", at::scalar_tensor(7, at::kLong)}, {"a", at::tensor({1.0F, 2.0F})}, {"b", at::ones({1}, at::kBFloat16)}};
}

TEST(Safetensors, ReadsWhatTheReferencePackageWrote) {
  const auto file = SafetensorsFile::open(corpus_path("safetensors", "three.safetensors"));
  ASSERT_TRUE(file.is_ok()) << file.status().message();
  EXPECT_EQ(file.value()->metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
  for (const auto& [name, tensor] : three_tensors()) {
    const at::Tensor read = file.value()->tensor(name).value();
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
  }
}

// The bytes of spec B 5.11, which the package wrote: order c, a, b; header padded to 200; 226 in all.
TEST(Safetensors, WritesTheBytesOfTheReferencePackage) {
  const std::string path = scratch_path("golden");
  const auto written = write_safetensors(real_fs(), path, three_tensors(), {{"format", "pt"}});
  ASSERT_TRUE(written.is_ok()) << written.status().message();
  EXPECT_EQ(written.value().size_bytes, 226U);
  EXPECT_EQ(file_bytes(path), corpus_file("safetensors", "three.safetensors"));
}

TEST(Safetensors, EveryDtypeAndShapeComesBack) {
  NamedTensors tensors;
  for (const at::ScalarType dtype :
       {at::kBool, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16, at::kFloat,
        at::kDouble, at::kUInt16, at::kUInt32, at::kUInt64, at::kComplexFloat, at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
    const at::Tensor values = at::arange(6, at::kFloat).reshape({2, 3}).remainder(2);
    tensors.push_back({std::string(c10::toString(dtype)), values.to(dtype)});
  }
  tensors.push_back({"scalar", at::scalar_tensor(3.5)});
  tensors.push_back({"empty", at::empty({0, 4})});
  tensors.push_back({"transposed", at::arange(6, at::kFloat).reshape({2, 3}).t()});
  const std::string path = scratch_path("dtypes");
  ASSERT_TRUE(write_safetensors(real_fs(), path, tensors, {}).is_ok());
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.is_ok()) << file.status().message();
  ASSERT_EQ(file.value()->entries().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor read = file.value()->tensor(name).value();
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(read.sizes() == tensor.sizes()) << name;
    EXPECT_TRUE(at::equal(read.to(at::kComplexDouble), tensor.to(at::kComplexDouble))) << name;
  }
}

TEST(Safetensors, ATensorIsAReadOnlyViewThatOutlivesTheFile) {
  at::Tensor tensor;
  {
    const auto file = SafetensorsFile::open(corpus_path("safetensors", "three.safetensors"));
    tensor = file.value()->tensor("a").value();
  }
  EXPECT_TRUE(is_read_only(tensor));
  EXPECT_TRUE(is_read_only(tensor.slice(0, 1)));
  EXPECT_EQ(tensor[1].item<float>(), 2.0F);
  EXPECT_EQ(copy_tensor(tensor, at::zeros({2})).code(), OAR_E_ARGUMENT);
  EXPECT_FALSE(is_read_only(tensor.clone()));
}

TEST(Safetensors, UnalignedDataIsCopied) {
  const std::string path = scratch_path("unaligned");
  const NamedTensors tensors = {{"flag", at::ones({1}, at::kBool)}, {"x", at::tensor({1.5F, -2.5F})}};
  ASSERT_TRUE(write_safetensors(real_fs(), path, tensors, {}).is_ok());
  const at::Tensor read = SafetensorsFile::open(path).value()->tensor("x").value();
  EXPECT_TRUE(at::equal(read, tensors[1].tensor));
  EXPECT_FALSE(is_read_only(read));
}

struct BadHeader {
  const char* name;
  const char* json;
  std::size_t data_bytes;
  const char* text;  // of the error
};

class SafetensorsBadHeader : public testing::TestWithParam<BadHeader> {};

TEST_P(SafetensorsBadHeader, IsCorrupt) {
  const auto header = header_of(file_with(GetParam().json, GetParam().data_bytes));
  ASSERT_FALSE(header.is_ok());
  EXPECT_EQ(header.status().code(), OAR_E_CORRUPT) << header.status().message();
  EXPECT_NE(header.status().message().find(GetParam().text), std::string::npos) << header.status().message();
}

#define TENSOR(dtype, shape, begin, end) \
  "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

INSTANTIATE_TEST_SUITE_P(
    Table, SafetensorsBadHeader,
    testing::Values(
        BadHeader{"Gap", "{\"a\":" TENSOR("U8", "[2]", "1", "3") "}", 3, "leaving a gap"},
        BadHeader{"Overlap", "{\"a\":" TENSOR("U8", "[2]", "0", "2") ",\"b\":" TENSOR("U8", "[2]", "1", "3") "}", 3,
                  "overlapping the one before"},
        BadHeader{"TrailingData", "{\"a\":" TENSOR("U8", "[2]", "0", "2") "}", 3, "the header describes 2"},
        BadHeader{"MissingData", "{\"a\":" TENSOR("U8", "[2]", "0", "2") "}", 1, "the header describes 2"},
        BadHeader{"Backwards", "{\"a\":" TENSOR("U8", "[2]", "2", "0") "}", 2, "go backwards"},
        BadHeader{"SizeAndShape", "{\"a\":" TENSOR("F32", "[2]", "0", "4") "}", 4, "need 8 bytes"},
        BadHeader{"UnknownDtype", "{\"a\":" TENSOR("F33", "[1]", "0", "4") "}", 4, "'F33'"},
        BadHeader{"Overflow", "{\"a\":" TENSOR("U8", "[4294967296,4294967296,4]", "0", "0") "}", 0, "2^63"},
        BadHeader{"ZeroHidesHuge", "{\"a\":" TENSOR("U8", "[0,4294967296,4294967296]", "0", "0") "}", 0, "2^63"},
        BadHeader{"NegativeSize", "{\"a\":" TENSOR("U8", "[-1]", "0", "1") "}", 1, "whole number"},
        BadHeader{"FractionalOffset", "{\"a\":" TENSOR("U8", "[1]", "0", "1.0") "}", 1, "whole number"},
        BadHeader{"ExponentOffset", "{\"a\":" TENSOR("U8", "[1]", "0", "1e0") "}", 1, "whole number"},
        BadHeader{"HugeOffset", "{\"a\":" TENSOR("U8", "[1]", "0", "18446744073709551616") "}", 1, "whole number"},
        BadHeader{"DuplicateName", "{\"a\":" TENSOR("U8", "[1]", "0", "1") ",\"a\":" TENSOR("U8", "[1]", "0", "1") "}",
                  1, "the key 'a' stands twice"},
        BadHeader{"ExtraKey", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, "exactly"},
        BadHeader{"MissingKey", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"offsets\":[0,1]}}", 1, "data_offsets"},
        BadHeader{"OneOffset", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "not a pair"},
        BadHeader{"MetadataNumber", "{\"__metadata__\":{\"format\":1}}", 0, "maps text to text"},
        BadHeader{"MetadataList", "{\"__metadata__\":[]}", 0, "not an object"},
        BadHeader{"NotAnObject", "[]", 0, "does not begin with '{'"},
        BadHeader{"LeadingSpace", " {}", 0, "does not begin with '{'"}, BadHeader{"NoJson", "{", 0, "byte"}),
    [](const auto& info) { return info.param.name; });

TEST(Safetensors, ADeepHeaderIsRefused) {
  const std::string deep = "{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_EQ(header_of(file_with(deep, 0)).status().code(), OAR_E_CORRUPT);
}

TEST(Safetensors, ATypeOfFourBitsIsUnsupported) {
  const auto header = header_of(file_with("{\"a\":" TENSOR("F4", "[2]", "0", "1") "}", 1));
  EXPECT_EQ(header.status().code(), OAR_E_UNSUPPORTED);
}

TEST(Safetensors, AHugeHeaderLengthIsRefusedWithoutReadingIt) {
  for (const std::uint64_t length : {std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{99'999'999}}) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(length >> (8 * i)));
    const auto header = header_of(bytes + "{}");
    ASSERT_FALSE(header.is_ok());
    EXPECT_EQ(header.status().code(), OAR_E_CORRUPT) << length;
  }
}

TEST(Safetensors, EveryTruncationIsCorrupt) {
  for (const char* name : {"three.safetensors", "odd.safetensors", "empty.safetensors"}) {
    const std::string good = corpus_file("safetensors", name);
    for (std::size_t size = 0; size < good.size(); ++size) {
      ASSERT_EQ(header_of(good.substr(0, size)).status().code(), OAR_E_CORRUPT) << name << " " << size;
    }
  }
}

TEST(Safetensors, AFlippedBitNeverBreaksTheTiling) {
  const std::string good = corpus_file("safetensors", "three.safetensors");
  for (std::size_t bit = 0; bit < 208 * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto header = header_of(bad);
    if (!header.is_ok()) {
      ASSERT_TRUE(header.status().code() == OAR_E_CORRUPT || header.status().code() == OAR_E_UNSUPPORTED) << bit / 8;
      continue;
    }
    std::uint64_t end = 0;
    for (const SafetensorsEntry& entry : header.value().entries) {
      ASSERT_EQ(entry.begin, end) << bit / 8;
      end = entry.end;
    }
    ASSERT_EQ(header.value().data_begin + end, good.size()) << bit / 8;
  }
}

TEST(Safetensors, ABoolOfTwoIsCorrupt) {
  std::string bytes = file_with("{\"a\":" TENSOR("BOOL", "[2]", "0", "2") "}", 2);
  bytes.back() = 2;
  const std::string path = scratch_path("bool");
  std::ofstream(path, std::ios::binary) << bytes;
  const auto tensor = SafetensorsFile::open(path).value()->tensor("a");
  ASSERT_FALSE(tensor.is_ok());
  EXPECT_EQ(tensor.status().code(), OAR_E_CORRUPT);
}

TEST(Safetensors, AMissingFileAndAMissingTensorAreNotFound) {
  EXPECT_EQ(SafetensorsFile::open("/nonexistent/x").status().code(), OAR_E_NOT_FOUND);
  const auto file = SafetensorsFile::open(corpus_path("safetensors", "three.safetensors"));
  EXPECT_EQ(file.value()->tensor("z").status().code(), OAR_E_NOT_FOUND);
}

TEST(Safetensors, TheWriterRefusesWhatTheFormatCannotHold) {
  const std::string path = scratch_path("refused");
  const at::Tensor one = at::ones({1});
  const auto code = [&](const NamedTensors& tensors) {
    return write_safetensors(real_fs(), path, tensors, {}).status().code();
  };
  EXPECT_EQ(code({{"a", one}, {"a", one}}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({{"__metadata__", one}}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({{"\xff", one}}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({{"undefined", at::Tensor()}}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({{"z", one.to(at::kComplexDouble)}}), OAR_E_UNSUPPORTED);
  EXPECT_FALSE(std::filesystem::exists(path));  // refused before the file was made
}

// A disk that is full after `room` bytes.
class FullDisk : public Fs {
 public:
  explicit FullDisk(std::size_t room) : room_(room) {}
  Result<std::unique_ptr<WritableFile>> create(const std::string&) override {
    return std::unique_ptr<WritableFile>(std::make_unique<File>(&room_));
  }
  Status rename(const std::string&, const std::string&) override { return Status::ok(); }
  Status make_directories(const std::string&) override { return Status::ok(); }
  Status sync_directory(const std::string&) override { return Status::ok(); }
  Status remove_all(const std::string&) override { return Status::ok(); }
  Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>(); }
  bool exists(const std::string&) override { return false; }

 private:
  struct File : WritableFile {
    explicit File(std::size_t* room) : room(room) {}
    Status append(std::span<const std::byte> bytes) override {
      if (bytes.size() > *room) return no_space("full");
      *room -= bytes.size();
      return Status::ok();
    }
    Status sync() override { return Status::ok(); }
    Status close() override { return Status::ok(); }
    std::size_t* room;
  };
  std::size_t room_;
};

TEST(Safetensors, AFullDiskIsReportedWhereverItFills) {
  for (std::size_t room = 0; room < 226; ++room) {
    FullDisk disk(room);
    ASSERT_EQ(write_safetensors(disk, "x", three_tensors(), {{"format", "pt"}}).status().code(), OAR_E_NO_SPACE)
        << room;
  }
  FullDisk disk(226);
  EXPECT_TRUE(write_safetensors(disk, "x", three_tensors(), {{"format", "pt"}}).is_ok());
}

TEST(Checksum, OfWhatWasWrittenIsThatOfTheFile) {
  const std::string path = scratch_path("sum");
  const NamedTensors tensors = {{"big", at::arange(3'000'000, at::kFloat)}, {"small", at::ones({3})}};
  const WrittenFile written = write_safetensors(real_fs(), path, tensors, {}).value();
  const WrittenFile read = checksum_file(path).value();
  EXPECT_EQ(written.checksum, read.checksum);
  EXPECT_EQ(written.size_bytes, std::filesystem::file_size(path));
}

// The published XXH3-128 of no bytes, seed 0.
TEST(Checksum, OfAnEmptyFileIsThePublishedOne) {
  const std::string path = scratch_path("none");
  std::ofstream(path, std::ios::binary).flush();
  EXPECT_EQ(checksum_file(path).value().checksum, "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(checksum_file("/nonexistent/x").status().code(), OAR_E_NOT_FOUND);
}

}  // namespace
}  // namespace oarlock
