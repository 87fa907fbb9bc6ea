//! Train models on one process or many: data loading, data parallelism, checkpoints and metrics, in Rust, over the C
//! library Oarlock. A model is a program that `torch.export` saved once.
//!
//! ```no_run
//! use oarlock::{Accelerator, Dataset, Loader, Model, Optimizer, State, json};
//!
//! fn main() -> oarlock::Result<()> {
//!     let state = State::new()?; // finds its rank and its peers
//!     let images = Dataset::from_safetensors("train.safetensors")?;
//!     let loader = Loader::new(&images, json!({"batch_size": 32, "shuffle": true, "seed": 42}))?;
//!     let model = Model::load(&state, "digits.pt2", ())?;
//!     let optimizer = Optimizer::new(&model, "adamw", json!({"lr": 0.003}))?;
//!     let accelerator = Accelerator::new(&state)?;
//!     accelerator.prepare(&model)?; // data parallel over all ranks
//!     accelerator.prepare(&optimizer)?;
//!     accelerator.prepare(&loader)?; // each rank gets its share
//!     for _epoch in 0..5 {
//!         for batch in &loader {
//!             let loss = model.forward(&batch?)?.tensor("loss")?;
//!             accelerator.backward(&loss)?;
//!             accelerator.step(&optimizer, None)?;
//!         }
//!         accelerator.save(())?;
//!     }
//!     state.close()
//! }
//! ```
//!
//! # Rules
//!
//! * Every failure is an [`Error`]: [`kind`](Error::kind) to match on, a text that names the thing and the way out,
//!   the rank that it is about. Nothing panics but your own closures, and a panic inside one goes on in the call that
//!   ran it.
//! * Objects end when they are dropped, in any order; that never blocks and never communicates. `close`, where there is
//!   one, does it now and tells how it went.
//! * An object takes one call at a time, so none is `Sync` (but [`Remote`]). `Send` are [`Config`], [`State`],
//!   [`Group`], [`Work`], [`Checkpoint`], [`Tracker`] and [`Progress`]. Tensors and all that may hold their memory stay
//!   on the thread that made them, because several of them may share one memory unseen: see [`Tensor`].
//! * Options are `()` for the defaults, [`json!`]`({...})`, or JSON as text. Time-outs are [`std::time::Duration`]s;
//!   `None` takes the group's own.
//! * What has no idiom here is reached through [`sys`].
#![warn(missing_docs)]
#![warn(unsafe_op_in_unsafe_fn)]

mod accelerator;
mod adapter;
mod batch;
mod batch_size;
mod callback;
mod checkpoint;
mod coalesced;
mod collate;
mod collectives;
mod config;
mod csv;
mod dataset;
pub mod dlpack;
mod element;
mod error;
mod foreign;
mod foreign_optimizer;
mod gradients;
mod group;
mod handle;
mod library;
mod loader;
pub mod log;
mod mesh;
mod model;
mod nested;
mod op;
mod optimizer;
mod options;
mod point_to_point;
mod precision;
mod progress;
mod sampler;
mod services;
mod session;
mod state;
mod subgroup;
mod tensor;
mod text;
mod tracker;
mod tree;
mod unit;
mod value;
#[cfg(feature = "ndarray")]
mod view;
mod work;

pub use accelerator::{Accelerator, Backward, IntoGradient, Prepare};
pub use batch::split_rows;
pub use callback::{BoxedError, Outcome};
pub use checkpoint::Checkpoint;
pub use collate::ColumnPadding;
pub use config::{Config, Setting};
pub use csv::CsvColumn;
pub use dataset::Dataset;
pub use dlpack::Dlpack;
pub use element::{Dtype, Element, Plain};
pub use error::{Error, ErrorKind, Result};
pub use foreign::{Forward, Gradients, Scope};
pub use foreign_optimizer::Update;
pub use group::{Group, Reduce};
pub use library::{live_handle_count, torch_version, version};
pub use loader::{Batches, Loader};
pub use mesh::Mesh;
pub use model::Model;
#[cfg(feature = "ndarray")]
pub use ndarray;
pub use nested::Padding;
pub use oarlock_sys as sys;
pub use op::{Argument, load_library, no_grad, op_names, op_signatures};
pub use optimizer::{Optimizer, Scheduler};
pub use options::Options;
pub use progress::Progress;
pub use serde_json;
pub use serde_json::json;
pub use services::{Speakers, memory_report};
pub use session::{Input, Output, SendSession, Session};
pub use state::{Remote, State};
pub use tensor::Tensor;
pub use tracker::Tracker;
pub use tree::Tree;
pub use value::Value;
pub use work::Work;

/// The blocks of the README are tests, and so is what must not compile.
///
/// A tensor stays on its thread:
/// ```compile_fail,E0277
/// let tensor = oarlock::Tensor::zeros(oarlock::Dtype::Float32, &[2]).unwrap();
/// std::thread::spawn(move || tensor.item());
/// ```
/// A state takes one call at a time:
/// ```compile_fail,E0277
/// let state = oarlock::State::new().unwrap();
/// std::thread::scope(|scope| scope.spawn(|| state.rank()).join());
/// ```
/// A view does not outlive its tensor:
/// ```compile_fail,E0505
/// let tensor = oarlock::Tensor::zeros(oarlock::Dtype::Float32, &[2]).unwrap();
/// let cells = tensor.cells::<f32>().unwrap();
/// drop(tensor);
/// cells[0].get();
/// ```
/// What is dropped is not used:
/// ```compile_fail,E0382
/// let config = oarlock::Config::new().unwrap();
/// drop(config);
/// config.get("seed");
/// ```
/// Memory that holds any bytes is no `bool`:
/// ```compile_fail,E0277
/// oarlock::Tensor::zeros(oarlock::Dtype::Bool, &[2]).unwrap().cells::<bool>();
/// ```
/// A closure may be dropped on any thread:
/// ```compile_fail,E0277
/// let here = std::rc::Rc::new(1);
/// oarlock::State::new().unwrap().set_print(move |_| assert_eq!(*here, 1));
/// ```
/// An operation in the background is the caller's to keep apart from everything else:
/// ```compile_fail,E0133
/// # let group = oarlock::State::new().unwrap().group().unwrap();
/// # let tensor = oarlock::Tensor::zeros(oarlock::Dtype::Float32, &[2]).unwrap();
/// group.start_all_reduce(&tensor, oarlock::Reduce::Sum, None);
/// ```
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Tests;
