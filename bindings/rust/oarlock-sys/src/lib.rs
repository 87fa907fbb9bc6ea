//! The C interface of Oarlock, function by function, as bindgen reads it from the headers.
//!
//! Nothing here is safe to call without keeping the rules that stand at the head of `oarlock.h`; the crate `oarlock`
//! keeps them for you. What it has no idiom for is reached through this crate.
//!
//! The library is found when this crate is built: in the folder that `OARLOCK_LIB_DIR` names, else by pkg-config.
//! Crates that depend on this one directly learn its folder as `DEP_OARLOCK_LIBDIR` in their build scripts.
#![no_std]
#![allow(non_camel_case_types)]

pub mod dlpack;

// Included rather than a module of its own, so that rustfmt leaves the generated text as it is.
include!("bindings.rs");
