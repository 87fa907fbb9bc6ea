//! The Rust runner of tests/bindings/scenarios.json: scenarios FOLDER NAME... prints `ok NAME` or `not ok NAME: TEXT`.
//!
//! A scenario asserts, or gives an error; either is told with its text. What each is about stands in the JSON file.

use std::error::Error;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[path = "rust/arrays.rs"]
mod arrays;
#[path = "rust/callbacks.rs"]
mod callbacks;
#[path = "rust/data.rs"]
mod data;
#[path = "rust/lives.rs"]
mod lives;
#[path = "rust/operators.rs"]
mod operators;
#[path = "rust/options.rs"]
mod options;
#[path = "rust/programs.rs"]
mod programs;
#[path = "rust/ranks.rs"]
mod ranks;
#[path = "rust/training.rs"]
mod training;
#[path = "rust/units.rs"]
mod units;

pub type Outcome = Result<(), Box<dyn Error>>;
type Scenario = fn(&Path) -> Outcome;

const SCENARIOS: [(&str, Scenario); 42] = [
    ("create_use_close", lives::create_use_close),
    ("error_text", lives::error_text),
    ("wrong_handle", lives::wrong_handle),
    ("release_any_order", lives::release_any_order),
    ("use_after_close", lives::use_after_close),
    ("config_unknown_key", options::config_unknown_key),
    ("config_values", options::config_values),
    ("array_to_tensor", arrays::array_to_tensor),
    ("tensor_to_array", arrays::tensor_to_array),
    ("column_major", arrays::column_major),
    ("array_refused", arrays::array_refused),
    ("dlpack_import", arrays::dlpack_import),
    ("dlpack_export", arrays::dlpack_export),
    ("tree_values", data::tree_values),
    ("loader_loop", data::loader_loop),
    ("loader_seek", data::loader_seek),
    ("training_step", training::training_step),
    ("foreign_model", training::foreign_model),
    ("own_optimizer", training::own_optimizer),
    ("operator_call", operators::operator_call),
    ("operator_refused", operators::operator_refused),
    ("operator_no_grad", operators::operator_no_grad),
    ("forward_callback", operators::forward_callback),
    ("backward_callback", operators::backward_callback),
    ("traced_model", operators::traced_model),
    ("session_run", programs::session_run),
    ("recompute_same_gradients", units::recompute_same_gradients),
    ("intermediate_values", units::intermediate_values),
    ("profile_table", units::profile_table),
    ("lora_round_trip", programs::lora_round_trip),
    ("save_load", training::save_load),
    ("callback_called", callbacks::callback_called),
    ("callback_error", callbacks::callback_error),
    ("log_messages", callbacks::log_messages),
    ("time_out_refused", options::time_out_refused),
    ("all_reduce", ranks::all_reduce),
    ("parts_and_pairs", ranks::parts_and_pairs),
    ("gather_bytes", ranks::gather_bytes),
    ("nested_trees", ranks::nested_trees),
    ("exchange_callback", ranks::exchange_callback),
    ("mismatch_named", ranks::mismatch_named),
    ("lost_rank_named", ranks::lost_rank_named),
];

/// A file of examples/digits.
pub fn digits_file(name: &str) -> PathBuf {
    Path::new(&std::env::var_os("OARLOCK_SOURCE").expect("OARLOCK_SOURCE, the source tree")).join("examples/digits").join(name)
}

/// The call is refused with an error of this kind, whose text holds `part`.
pub fn refused<T>(kind: oarlock::ErrorKind, part: &str, result: oarlock::Result<T>) {
    let Err(error) = result else { panic!("a call was not refused with {}: {part}", kind.name()) };
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(part), "no `{part}` in: {error}");
}

/// The scenario itself, and that it leaves no handle.
fn run_whole(scenario: Scenario, folder: &Path) -> Outcome {
    let before = oarlock::live_handle_count()?;
    scenario(folder)?;
    match oarlock::live_handle_count()? - before {
        0 => Ok(()),
        left => Err(format!("{left} handles are left").into()),
    }
}

fn run(scenario: Scenario, folder: &Path) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| run_whole(scenario, folder))) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(payload) => Err(payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap_or_else(|| "a panic without a text".into())),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, names @ ..] = arguments.as_slice() else {
        eprintln!("usage: scenarios FOLDER NAME...");
        std::process::exit(2)
    };
    let mut all_ok = true;
    for name in names {
        let result = match SCENARIOS.iter().find(|(known, _)| known == name) {
            Some((_, scenario)) => run(*scenario, Path::new(folder)),
            None => Err("there is no such scenario".into()),
        };
        match &result {
            Ok(()) => println!("ok {name}"),
            Err(text) => println!("not ok {name}: {}", text.replace('\n', " | ")),
        }
        std::io::stdout().flush().expect("standard output");
        all_ok &= result.is_ok();
    }
    std::process::exit(if all_ok { 0 } else { 1 })
}
