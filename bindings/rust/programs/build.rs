//! Tells the programs where liboarlock.so lies, so that they start without LD_LIBRARY_PATH.
fn main() {
    println!("cargo:rustc-link-arg-bins=-Wl,-rpath,{}", std::env::var("DEP_OARLOCK_RUST_LIBDIR").unwrap());
}
