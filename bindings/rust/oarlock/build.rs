//! Lets the tests and examples of this crate find liboarlock.so when they run, and tells dependents where it lies.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(folder) = std::env::var("DEP_OARLOCK_LIBDIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        println!("cargo:libdir={folder}");
    }
}
