//! Finds liboarlock.so: OARLOCK_LIB_DIR names its folder, else pkg-config is asked for an installed `oarlock`.
//!
//! Dependents learn the folder as DEP_OARLOCK_LIBDIR.

use std::env;
use std::path::{Path, PathBuf};
use std::process::exit;

const LIBRARY: &str = "liboarlock.so";
const WAYS_OUT: &str = "Install Oarlock and let PKG_CONFIG_PATH name the folder of its oarlock.pc \
    (<prefix>/lib/pkgconfig), or set OARLOCK_LIB_DIR to the folder that holds liboarlock.so.";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=OARLOCK_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo:rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // documentation is made without the library
    }
    let folder = match env::var_os("OARLOCK_LIB_DIR") {
        Some(folder) => given(Path::new(&folder)),
        None => installed(),
    };
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib=dylib=oarlock");
    println!("cargo:libdir={}", folder.display());
}

/// The folder that OARLOCK_LIB_DIR names, as an absolute path.
fn given(folder: &Path) -> PathBuf {
    if !folder.is_absolute() {
        fail(&format!(
            "OARLOCK_LIB_DIR={} is not an absolute path; cargo runs build scripts in another folder.",
            folder.display()
        ));
    }
    if !folder.join(LIBRARY).exists() {
        fail(&format!("OARLOCK_LIB_DIR={} holds no {LIBRARY}. {WAYS_OUT}", folder.display()));
    }
    folder.to_path_buf()
}

/// The folder of the installed library whose version is that of the bindings.
fn installed() -> PathBuf {
    let (major, minor) = (env::var("CARGO_PKG_VERSION_MAJOR").unwrap(), env::var("CARGO_PKG_VERSION_MINOR").unwrap());
    let next = match major.as_str() {
        "0" => format!("0.{}", minor.parse::<u32>().unwrap() + 1),
        _ => format!("{}", major.parse::<u32>().unwrap() + 1),
    };
    let least = format!("{major}.{minor}");
    let found = pkg_config::Config::new()
        .cargo_metadata(false)
        .env_metadata(false)
        .range_version(least.as_str()..next.as_str())
        .probe("oarlock");
    match found {
        Ok(library) => library.link_paths.iter().find(|folder| folder.join(LIBRARY).exists()).cloned().unwrap_or_else(|| {
            fail(&format!("pkg-config found oarlock, but none of {:?} holds {LIBRARY}. {WAYS_OUT}", library.link_paths))
        }),
        Err(error) => fail(&format!(
            "{LIBRARY} of version >= {least}, < {next} was not found. OARLOCK_LIB_DIR is not set; pkg-config was asked for `oarlock` \
             with PKG_CONFIG_PATH={}. {WAYS_OUT}\n\n{error}",
            env::var("PKG_CONFIG_PATH").unwrap_or_default()
        )),
    }
}

fn fail(text: &str) -> ! {
    eprintln!("oarlock-sys: {text}");
    exit(1);
}
