#include "format/zip.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "unit/support/corpus.h"

namespace oarlock {
namespace {

using test::corpus_file;
using Contents = std::map<std::string, std::string>;

Result<std::shared_ptr<ZipArchive>> open_copy(const std::string& bytes) {
  auto owner = std::make_shared<std::string>(bytes);
  return ZipArchive::from_bytes(std::as_bytes(std::span(*owner)), owner);
}

// Every record's text by name; `code` is the last failure.
Contents read_all(const ZipArchive& archive, oar_status* code) {
  Contents contents;
  *code = OAR_OK;
  for (const std::string& name : archive.names()) {
    const Result<ZipRecord> record = archive.record(name);
    if (!record.is_ok()) {
      *code = record.status().code();
      continue;
    }
    const auto bytes = record.value().bytes;
    contents[name].assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return contents;
}

// What tests/fuzz/make_corpus.py puts in.
Contents corpus_contents() {
  Contents contents = {{"root/a.txt", ""}, {"root/b.bin", ""}, {"root/empty", ""}};
  for (int i = 0; i < 20; ++i) contents["root/a.txt"] += "hello ";
  for (int i = 0; i < 64; ++i) contents["root/b.bin"].push_back(static_cast<char>(i));
  return contents;
}

class ZipCorpus : public testing::TestWithParam<const char*> {};

TEST_P(ZipCorpus, HasTheRecordsThatPythonWrote) {
  const auto archive = open_copy(corpus_file("zip", GetParam()));
  ASSERT_TRUE(archive.is_ok()) << archive.status().message();
  oar_status code = OAR_OK;
  EXPECT_EQ(read_all(*archive.value(), &code), corpus_contents());
  EXPECT_EQ(code, OAR_OK);
}
INSTANTIATE_TEST_SUITE_P(Python, ZipCorpus,
                         testing::Values("stored.zip", "deflated.zip", "comment.zip", "zip64_fields.zip"));

class ZipDamage : public testing::TestWithParam<const char*> {};

TEST_P(ZipDamage, AFlippedBitIsRefusedOrHarmless) {
  const std::string good = corpus_file("zip", GetParam());
  oar_status code = OAR_OK;
  const Contents expected = read_all(*open_copy(good).value(), &code);
  std::size_t num_refused = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto archive = open_copy(bad);
    Contents contents;
    if (archive.is_ok()) contents = read_all(*archive.value(), &code);
    if (!archive.is_ok()) code = archive.status().code();
    if (code == OAR_OK) {
      ASSERT_EQ(contents, expected) << "byte " << bit / 8 << " bit " << bit % 8;
    } else {
      ASSERT_TRUE(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED) << "byte " << bit / 8 << " code " << code;
      ++num_refused;
    }
  }
  EXPECT_GT(num_refused, good.size() * 4);  // most of an archive is names, sizes, sums and data
}

TEST_P(ZipDamage, EveryTruncationIsCorrupt) {
  const std::string good = corpus_file("zip", GetParam());
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto archive = open_copy(good.substr(0, size));
    ASSERT_FALSE(archive.is_ok()) << size;
    ASSERT_EQ(archive.status().code(), OAR_E_CORRUPT) << size;
  }
}
INSTANTIATE_TEST_SUITE_P(Corpus, ZipDamage,
                         testing::Values("stored.zip", "deflated.zip", "comment.zip", "zip64_fields.zip", "torch.zip"));

// Stored records of "abc", written by hand: what no honest writer makes.
struct HandMade {
  std::string bytes;
  std::vector<std::size_t> local_begins;
  std::size_t directory_begin = 0;
};

void put(std::string* bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes->push_back(static_cast<char>(value >> (8 * i)));
}

constexpr std::uint32_t kCrcOfAbc = 0x352441c2;  // Python: zlib.crc32(b"abc")

void put_common(std::string* bytes, std::size_t name_bytes) {
  put(bytes, 0, 8);  // flags, method stored, time, date
  put(bytes, kCrcOfAbc, 4);
  put(bytes, 3, 4);
  put(bytes, 3, 4);
  put(bytes, name_bytes, 2);
  put(bytes, 0, 2);  // extra
}

HandMade make_archive(const std::vector<std::string>& names) {
  HandMade made;
  for (const std::string& name : names) {
    made.local_begins.push_back(made.bytes.size());
    made.bytes += "PK\x03\x04";
    put(&made.bytes, 20, 2);
    put_common(&made.bytes, name.size());
    made.bytes += name + "abc";
  }
  made.directory_begin = made.bytes.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    made.bytes += "PK\x01\x02";
    put(&made.bytes, 20, 2);
    put(&made.bytes, 20, 2);
    put_common(&made.bytes, names[i].size());
    made.bytes.append(10, '\0');  // comment, disk, attributes
    put(&made.bytes, made.local_begins[i], 4);
    made.bytes += names[i];
  }
  const std::size_t directory_bytes = made.bytes.size() - made.directory_begin;
  made.bytes += "PK\x05\x06";
  put(&made.bytes, 0, 4);
  put(&made.bytes, names.size(), 2);
  put(&made.bytes, names.size(), 2);
  put(&made.bytes, directory_bytes, 4);
  put(&made.bytes, made.directory_begin, 4);
  put(&made.bytes, 0, 2);
  return made;
}

std::string refusal(const std::string& bytes) {
  const auto archive = open_copy(bytes);
  if (archive.is_ok()) return "accepted";
  EXPECT_EQ(archive.status().code(), OAR_E_CORRUPT);
  return archive.status().message();
}

TEST(Zip, ReadsAHandMadeArchive) {
  const auto archive = open_copy(make_archive({"x", "y"}).bytes);
  ASSERT_TRUE(archive.is_ok()) << archive.status().message();
  oar_status code = OAR_OK;
  EXPECT_EQ(read_all(*archive.value(), &code), (Contents{{"x", "abc"}, {"y", "abc"}}));
}

TEST(Zip, AnEmptyArchiveHasNoRecords) {
  const auto archive = open_copy(make_archive({}).bytes);
  ASSERT_TRUE(archive.is_ok()) << archive.status().message();
  EXPECT_TRUE(archive.value()->names().empty());
}

TEST(Zip, RefusesTwoRecordsOfOneName) {
  EXPECT_NE(refusal(make_archive({"x", "x"}).bytes).find("two records have the name 'x'"), std::string::npos);
}

TEST(Zip, RefusesRecordsThatOverlap) {
  // The data of "a" is a whole local header of "b", and the directory lists both.
  std::string bytes = make_archive({"a", "b"}).bytes;
  const std::size_t directory = make_archive({"a", "b"}).directory_begin;
  const std::size_t inner = 3 + 30 + 1 + 3;  // "abc", the header of "b", its name, "abc"
  for (const std::size_t field : {std::size_t{18}, std::size_t{22}, directory + 20, directory + 24}) {
    bytes[field] = static_cast<char>(inner);
  }
  EXPECT_NE(refusal(bytes).find("record 'b' at byte 34 overlaps 'a'"), std::string::npos) << refusal(bytes);
}

TEST(Zip, RefusesALocalHeaderOfAnotherName) {
  std::string bytes = make_archive({"x"}).bytes;
  bytes[30] = 'q';
  EXPECT_NE(refusal(bytes).find("local header at byte 0 contradicts"), std::string::npos);
}

TEST(Zip, RefusesBytesBetweenDirectoryAndEndRecord) {
  std::string bytes = make_archive({"x"}).bytes;
  bytes.insert(bytes.size() - 22, "junk");
  EXPECT_NE(refusal(bytes).find("does not end at its end record"), std::string::npos);
}

TEST(Zip, RefusesAnEndRecordInsideAComment) {
  std::string bytes = make_archive({"x"}).bytes;
  bytes[bytes.size() - 2] = 22;
  bytes += std::string("PK\x05\x06", 4) + std::string(18, '\0');
  EXPECT_NE(refusal(bytes).find("does not end at its end record"), std::string::npos);
}

TEST(Zip, RefusesADeflatedRecordThatCannotGrowSo) {
  std::string bytes = corpus_file("zip", "deflated.zip");
  const std::size_t entry = bytes.find("PK\x01\x02");
  std::memcpy(&bytes[entry + 24], "\xff\xff\xff\x7f", 4);
  EXPECT_NE(refusal(bytes).find("more than deflate can"), std::string::npos);
}

TEST(Zip, RefusesAnEncryptedRecordByName) {
  std::string bytes = make_archive({"x"}).bytes;
  bytes[make_archive({"x"}).directory_begin + 8] = 1;
  const auto archive = open_copy(bytes);
  ASSERT_FALSE(archive.is_ok());
  EXPECT_EQ(archive.status().code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(archive.status().message().find("encrypted"), std::string::npos);
}

TEST(Zip, NamesTheRecordThatIsMissing) {
  const auto archive = open_copy(make_archive({"x"}).bytes);
  const auto record = archive.value()->record("nothing");
  EXPECT_EQ(record.status().code(), OAR_E_NOT_FOUND);
  EXPECT_NE(record.status().message().find("'nothing'"), std::string::npos);
}

TEST(Zip, ARecordLargerThanTheCallerTakesIsNotRead) {
  const auto archive = open_copy(make_archive({"x"}).bytes);
  EXPECT_TRUE(archive.value()->record("x", 3).is_ok());
  const Status refused = archive.value()->record("x", 2).status();
  EXPECT_EQ(refused.code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(refused.message().find("record 'x'"), std::string::npos) << refused.message();
  EXPECT_NE(refused.message().find("may have 2 bytes here, the directory says 3"), std::string::npos);
}

TEST(Zip, ARecordOutlivesTheArchive) {
  ZipRecord record;
  {
    const auto archive = open_copy(make_archive({"x"}).bytes);
    record = archive.value()->record("x").value();
  }
  EXPECT_EQ(std::memcmp(record.bytes.data(), "abc", 3), 0);
}

TEST(Zip, AMissingFileIsNotFound) {
  EXPECT_EQ(ZipArchive::open("/nonexistent/file.zip").status().code(), OAR_E_NOT_FOUND);
}

}  // namespace
}  // namespace oarlock
