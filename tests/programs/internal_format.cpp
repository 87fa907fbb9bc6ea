// Shows files as the format room reads them, one JSON line per tensor or record, for tests that compare with other
// readers.
//
//   internal_format safetensors FILE      {"name","dtype","shape","hex"} in the order of their data, then {"metadata"}
//   internal_format zip FILE              {"name","hex"} in the order of the directory
//   internal_format copy FROM TO          writes the tensors and metadata of FROM anew; {"size_bytes","checksum"}
//   internal_format checksum FILE         {"size_bytes","checksum"}
//
// A failure prints {"code","message"} and exits 1.
#include <cstdio>
#include <cstring>

#include "base/json.h"
#include "format/safetensors.h"
#include "format/zip.h"
#include "tensor/dtype.h"

using namespace oarlock;

namespace {

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<int>(byte));
  return text;
}

void print_line(const JsonValue& value) { std::printf("%s\n", value.dump().c_str()); }

JsonValue metadata_json(const std::map<std::string, std::string>& metadata) {
  JsonValue value = JsonValue::object();
  for (const auto& [key, text] : metadata) value.set(key, JsonValue::string(text));
  return value;
}

Status show_safetensors(const std::string& path) {
  OAR_ASSIGN(const auto file, SafetensorsFile::open(path));
  for (const SafetensorsEntry& entry : file->entries()) {
    OAR_ASSIGN(const at::Tensor tensor, file->tensor(entry.name));
    JsonValue shape = JsonValue::array();
    for (const std::int64_t size : tensor.sizes()) shape.append(JsonValue::integer(size));
    JsonValue line = JsonValue::object();
    line.set("name", JsonValue::string(entry.name));
    line.set("dtype", JsonValue::string(std::string(dtype_name(tensor.scalar_type()))));
    line.set("shape", shape);
    const auto* data = static_cast<const std::byte*>(tensor.const_data_ptr());
    line.set("hex", JsonValue::string(hexadecimal({data, tensor.nbytes()})));
    print_line(line);
  }
  JsonValue line = JsonValue::object();
  line.set("metadata", metadata_json(file->metadata()));
  print_line(line);
  return Status::ok();
}

Status show_zip(const std::string& path) {
  OAR_ASSIGN(const auto archive, ZipArchive::open(path));
  for (const std::string& name : archive->names()) {
    OAR_ASSIGN(const ZipRecord record, archive->record(name));
    JsonValue line = JsonValue::object();
    line.set("name", JsonValue::string(name));
    line.set("hex", JsonValue::string(hexadecimal(record.bytes)));
    print_line(line);
  }
  return Status::ok();
}

void print_written(const WrittenFile& written) {
  JsonValue line = JsonValue::object();
  line.set("size_bytes", JsonValue::integer(static_cast<std::int64_t>(written.size_bytes)));
  line.set("checksum", JsonValue::string(written.checksum));
  print_line(line);
}

Status copy_safetensors(const std::string& from, const std::string& to) {
  OAR_ASSIGN(const auto file, SafetensorsFile::open(from));
  NamedTensors tensors;
  for (const SafetensorsEntry& entry : file->entries()) {
    OAR_ASSIGN(at::Tensor tensor, file->tensor(entry.name));
    tensors.push_back({entry.name, std::move(tensor)});
  }
  OAR_ASSIGN(const WrittenFile written, write_safetensors(real_fs(), to, tensors, file->metadata()));
  print_written(written);
  return Status::ok();
}

Status show_checksum(const std::string& path) {
  OAR_ASSIGN(const WrittenFile written, checksum_file(path));
  print_written(written);
  return Status::ok();
}

Status run(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (verb == "safetensors") return show_safetensors(argv[2]);
  if (verb == "zip") return show_zip(argv[2]);
  if (verb == "copy" && argc > 3) return copy_safetensors(argv[2], argv[3]);
  if (verb == "checksum") return show_checksum(argv[2]);
  return invalid_argument("usage: internal_format safetensors|zip|copy|checksum FILE [TO]");
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status.is_ok()) return 0;
  JsonValue line = JsonValue::object();
  line.set("code", JsonValue::integer(status.code()));
  line.set("message", JsonValue::string(status.message()));
  print_line(line);
  return 1;
}
