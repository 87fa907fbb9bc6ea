//! Writes `oarlock-sys/src/bindings.rs` from the C headers: generate HEADERS OUTPUT [clang arguments].

use bindgen::callbacks::ParseCallbacks;
use std::path::Path;

/// What stands at the head of the file. Attributes are in `lib.rs`, which includes it.
const HEAD: &str = "// Written by bindings/rust/generate from capi/include/oarlock; not edited by hand.";

#[derive(Debug)]
struct Comments;

impl ParseCallbacks for Comments {
    fn process_comment(&self, comment: &str) -> Option<String> {
        Some(to_markdown(comment))
    }
}

/// A block of the headers in the form that rustdoc shows: tags become list entries, columns of text go.
fn to_markdown(comment: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut in_tags = false;
    for line in comment.lines() {
        let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match tag(&text) {
            Some(entry) => {
                if !in_tags && lines.last().is_some_and(|last| !last.is_empty()) {
                    lines.push(String::new());
                }
                in_tags = true;
                lines.push(entry);
            }
            None if in_tags && !text.is_empty() => lines.push(format!("  {}", escape(&text))),
            None if line.starts_with("     ") => lines.push(line.to_string()),
            None => {
                if text.is_empty() {
                    in_tags = false;
                }
                lines.push(escape(&text));
            }
        }
    }
    lines.join("\n")
}

fn tag(text: &str) -> Option<String> {
    let (word, rest) = text.strip_prefix('@')?.split_once(' ').unwrap_or((text, ""));
    Some(match word.split_once('[') {
        Some((_, direction)) => {
            let (name, meaning) = rest.split_once(' ').unwrap_or((rest, ""));
            format!("* `{name}` ({}) {}", direction.trim_end_matches(']'), escape(meaning))
        }
        None => format!("* **{word}** {}", escape(rest)),
    })
}

/// Text without what Markdown would take for its own; code between backticks stays as it is.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut in_code = false;
    for character in text.chars() {
        in_code ^= character == '`';
        if !in_code && "[]*_<>".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [headers, output, clang @ ..] = arguments.as_slice() else {
        eprintln!("usage: generate HEADERS OUTPUT [clang arguments]");
        std::process::exit(2);
    };
    let bindings = bindgen::Builder::default()
        .header(Path::new(headers).join("oarlock/oarlock.h").display().to_string())
        .clang_args(["-x", "c", "-std=c99", "-fparse-all-comments", &format!("-I{headers}")])
        .clang_args(clang)
        .allowlist_function("oar_.*")
        .allowlist_type("oar_.*")
        .allowlist_var("OAR_.*")
        .blocklist_type("DLManagedTensorVersioned")
        .raw_line(HEAD)
        .raw_line("use crate::dlpack::DLManagedTensorVersioned;")
        .default_macro_constant_type(bindgen::MacroTypeVariation::Signed)
        .formatter(bindgen::Formatter::Prettyplease) // in the crate, unlike rustfmt, which looks for settings where it runs
        .generate_cstr(true)
        .use_core()
        .merge_extern_blocks(true)
        .rust_target(bindgen::RustTarget::stable(85, 0).expect("a version that bindgen knows"))
        .rust_edition(bindgen::RustEdition::Edition2024)
        .disable_header_comment()
        .parse_callbacks(Box::new(Comments))
        .generate()
        .unwrap_or_else(|error| fail(&format!("the headers in {headers} were not understood: {error}")));
    bindings.write_to_file(output).unwrap_or_else(|error| fail(&format!("{output} cannot be written: {error}")));
}

fn fail(text: &str) -> ! {
    eprintln!("generate: {text}");
    std::process::exit(1);
}
