#include "oarlock/unit.h"

#include "base/fs.h"
#include "base/json.h"
#include "guard.h"
#include "model/model.h"
#include "model/providers/graph.h"
#include "own_handle.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

oar_tree* wrap_tree(Tree tree) { return wrap<oar_tree>(std::make_shared<Tree>(std::move(tree))); }
}  // namespace

oar_status oar_model_set_units(oar_model* model, const char* policy) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(policy, "policy"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_set_units"));
    OAR_ASSIGN(const UnitPolicy parsed, parse_unit_policy(policy));
    return program->set_units(parsed);
  });
}

oar_status oar_model_num_units(const oar_model* model, int64_t* out_num_units) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out_num_units, "out_num_units"));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_num_units"));
    *out_num_units = static_cast<int64_t>(program->units().size());
    return Status::ok();
  });
}

oar_status oar_model_unit_name(const oar_model* model, int64_t index, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_unit_name"));
    OAR_ASSIGN(const std::string name, program->unit_name(index));
    return copy_text(name, buf, len);
  });
}

oar_status oar_model_set_recompute(oar_model* model, const char* unit_pattern, int32_t enabled) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(unit_pattern, "unit_pattern"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_set_recompute"));
    return program->set_recompute(unit_pattern, enabled != 0);
  });
}

oar_status oar_model_forward_unit(oar_model* model, const char* unit, const oar_tree* inputs,
                                  oar_tree** out_outputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(unit, "unit"));
    OAR_ASSIGN(const Tree& given, unwrap(inputs));
    OAR_TRY(require_out(out_outputs, "out_outputs"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_forward_unit"));
    OAR_ASSIGN(Tree outputs, program->forward_unit(unit, given));
    *out_outputs = wrap_tree(std::move(outputs));
    return Status::ok();
  });
}

oar_status oar_model_forward_with_values(oar_model* model, const oar_tree* inputs, const char* const* names,
                                         size_t count, oar_tree** out_outputs, oar_tree** out_values) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(const Tree& given, unwrap(inputs));
    OAR_TRY(require_argument(names, "names"));
    OAR_TRY(require_out(out_outputs, "out_outputs"));
    OAR_TRY(require_out(out_values, "out_values"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_forward_with_values"));
    std::vector<std::string> wanted;
    for (size_t i = 0; i < count; ++i) {
      OAR_TRY(require_argument(names[i], "a name in names"));
      wanted.emplace_back(names[i]);
    }
    OAR_ASSIGN(GraphModel::Forward forward, program->forward_with_values(given, wanted));
    OwnHandle<oar_tree> values(wrap_tree(std::move(forward.values)));  // the next line may fail
    *out_outputs = wrap_tree(std::move(forward.outputs));
    *out_values = values.take();
    return Status::ok();
  });
}

oar_status oar_model_describe(const oar_model* model, oar_bytes** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_describe"));
    *out = wrap_text(program->describe().dump());
    return Status::ok();
  });
}

oar_status oar_model_profile_start(oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_profile_start"));
    program->start_profile();
    return Status::ok();
  });
}

oar_status oar_model_profile_stop(oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_profile_stop"));
    OAR_TRY(program->profile().status());
    program->stop_profile();
    return Status::ok();
  });
}

oar_status oar_model_profile_table(const oar_model* model, oar_bytes** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_profile_table"));
    OAR_ASSIGN(const Profiler* profile, program->profile());
    *out = wrap_text(profile->table());
    return Status::ok();
  });
}

oar_status oar_model_profile_save_trace(const oar_model* model, const char* path) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_argument(path, "path"));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_profile_save_trace"));
    OAR_ASSIGN(const Profiler* profile, program->profile());
    return write_file_atomically(real_fs(), path, profile->trace());
  });
}
