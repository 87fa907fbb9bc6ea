#!/usr/bin/env python3
"""Read <oarlock/oarlock.h> with libclang and write what generators need.

    tools/extract_api.py               writes capi/api.json and capi/generated/exports.map
    tools/extract_api.py --check       fails, and shows the difference, if they are not what the headers say
    tools/extract_api.py --check-docs  fails for functions whose block or tags are not complete

The header is the source of truth: types come from the compiler's view of it, ownership tags (OAR_OUT ...) and blocks from its
text. Needs the Python package libclang and a C compiler, for the folder of stddef.h.
"""
import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys

import clang.cindex
from clang.cindex import CursorKind, TypeKind

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "capi" / "include"
API_JSON = ROOT / "capi" / "api.json"
EXPORTS_MAP = ROOT / "capi" / "generated" / "exports.map"
NODE = "OAR_0"  # one symbol-version node per minor version from 1.0 on
TAGS = ("OAR_OUT", "OAR_OWNED", "OAR_BORROWED", "OAR_NULLABLE", "OAR_MAYBE_NULL")
THREAD_WORDS = ("any", "serial", "collective")
CALLBACK_THREAD_WORDS = ("any", "inside")  # inside f: on the thread that is inside the call f


def parse_headers():
    """The translation unit of the umbrella header, as C99."""
    compiler_include = subprocess.run(["cc", "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()
    arguments = ["-x", "c", "-std=c99", f"-I{INCLUDE}", "-isystem", compiler_include]
    unit = clang.cindex.Index.create().parse(
        str(INCLUDE / "oarlock" / "oarlock.h"), arguments,
        options=clang.cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    errors = [str(d) for d in unit.diagnostics if d.severity >= clang.cindex.Diagnostic.Error]
    if errors:
        sys.exit("the headers do not compile as C99:\n" + "\n".join(errors))
    return unit


def is_ours(cursor):
    return cursor.location.file is not None and pathlib.Path(cursor.location.file.name).is_relative_to(INCLUDE)


def header_of(cursor):
    return pathlib.Path(cursor.location.file.name).name


def source_without_comments(header):
    text = (INCLUDE / "oarlock" / header).read_text()
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def split_parameters(text):
    """Splits at the commas outside of parentheses: a callback may be written out in place."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return parts


def tags_in(text):
    return [tag[4:].lower() for tag in TAGS if re.search(rf"\b{tag}\b", text)]


def declared_tags(name, header):
    """What stands in front of the function and of each parameter: (since, [tags of the result], [[tags] per parameter])."""
    match = re.search(r"OAR_API\s+OAR_SINCE\((\d+),\s*(\d+)\)([^;(]*?)\b" + name + r"\s*\((.*?)\)\s*OAR_NOEXCEPT\s*;",
                      source_without_comments(header), flags=re.S)
    if match is None:
        sys.exit(f"{header}: {name} is not declared as OAR_API OAR_SINCE(x, y) type {name}(...) OAR_NOEXCEPT;")
    return f"{match[1]}.{match[2]}", tags_in(match[3]), [tags_in(text) for text in split_parameters(match[4])]


def parse_block(comment):
    """A documentation block as {brief, details, params, returns, threads, since, source}."""
    block = {"brief": "", "details": "", "params": {}, "returns": [], "threads": "", "since": "", "source": ""}
    if not comment or not comment.startswith("/**"):
        return block
    lines = [re.sub(r"^\s*\*?\s?", "", line).rstrip() for line in comment[3:-2].split("\n")]
    entries = [["text", ""]]
    for line in lines:
        match = re.match(r"@(param\[[a-z,]+\]|return|threads|since|source)\s+(.*)", line)
        if match:
            entries.append([match[1], match[2]])
        else:
            entries[-1][1] += "\n" + line.strip()
    brief, _, details = entries[0][1].strip().partition("\n\n")
    block["brief"], block["details"] = " ".join(brief.split()), details.strip()
    for kind, text in entries[1:]:
        text = " ".join(text.split())
        text = text.rstrip(".") if kind == "threads" else text
        if kind.startswith("param"):
            name, _, meaning = text.partition(" ")
            block["params"][name] = {"direction": kind[6:-1], "text": meaning.strip()}
        elif kind == "return":
            block["returns"].append(text)
        else:
            block[kind] = text
    return block


def role_of(spelling, name, next_name, handles, structs):
    """What a parameter is to a generator: the same shape has the same role everywhere."""
    base, stars = re.sub(r"\b(const|struct)\b|[\s*]", "", spelling), spelling.count("*")
    is_array = "*const *" in spelling
    is_input = spelling.startswith("const ")
    if spelling.endswith("_fn"):
        return "callback"
    if stars == 0:
        return "scalar"
    if base in handles:
        if stars == 2 and next_name == "count" and not is_array:
            return "handle_array_out"  # room for *count handles
        return "handle" if stars == 1 else "handle_array" if is_array else "handle_out"
    if base in structs:
        return "struct_array"
    if base == "char" and stars == 1:
        return "text" if is_input else "text_buffer"
    if base == "char":
        return "text_array" if is_array else "text_out"
    if stars == 2:
        return "pointer_out"
    if base == "size_t" and name in ("len", "count"):
        return "length"
    if base == "void" or spelling.startswith("struct "):
        return "pointer"
    if is_input:
        return "array"
    return "array_out" if next_name == "count" else "scalar_out"  # array_out: room for *count elements


def read_function(cursor, handles, structs):
    header = header_of(cursor)
    since, result_tags, tags = declared_tags(cursor.spelling, header)
    block = parse_block(cursor.raw_comment)
    parameters = []
    arguments = list(cursor.get_arguments())
    next_names = [argument.spelling for argument in arguments[1:]] + [None]
    for argument, next_name, argument_tags in zip(arguments, next_names, tags):
        role = role_of(argument.type.spelling, argument.spelling, next_name, handles, structs)
        is_out = "out" in argument_tags or role.endswith("_out") or role == "text_buffer"
        direction = "in,out" if role == "length" else "out" if is_out else "in"
        parameters.append({
            "name": argument.spelling, "type": argument.type.spelling, "role": role, "direction": direction,
            "tags": argument_tags,
            "text": block["params"].get(argument.spelling, {}).get("text", ""),
        })
    return {
        "name": cursor.spelling, "header": header, "returns": cursor.result_type.spelling,
        "return_tags": result_tags, "since": since,
        "threads": block["threads"], "brief": block["brief"], "details": block["details"], "params": parameters,
        "statuses": block["returns"], "source": block["source"],
        "documented": {name: entry["direction"] for name, entry in block["params"].items()},
        "documented_since": block["since"],
    }


def is_inline(cursor):
    """Code of the header, which the library does not export."""
    return cursor.storage_class == clang.cindex.StorageClass.STATIC


def fields_of(cursor):
    return list(cursor.underlying_typedef_type.get_canonical().get_fields())


def read_struct(cursor):
    """A struct with its layout, so that a binding can be checked against it. Offsets and sizes in bytes."""
    record = cursor.underlying_typedef_type.get_canonical()
    source = (INCLUDE / "oarlock" / header_of(cursor)).read_text()
    text = re.search(rf"(/\*\*(?:(?!\*/).)*\*/)\s*typedef struct {cursor.spelling} \{{", source, flags=re.S)
    body = re.search(rf"typedef struct {cursor.spelling} \{{(.*?)\}} {cursor.spelling};", source, flags=re.S)[1]
    fields = []
    for field in fields_of(cursor):
        behind = re.search(rf"\b{field.spelling};[ \t]*(/\*.*?\*/)", body, flags=re.S)
        fields.append({"name": field.spelling, "type": field.type.spelling, "offset": record.get_offset(field.spelling) // 8,
                       "size": field.type.get_size(), "text": plain(behind[1]) if behind else ""})
    return {"name": cursor.spelling, "header": header_of(cursor), "size": record.get_size(), "fields": fields,
            "brief": parse_block(text[1])["brief"] if text else ""}


def read_callback(cursor):
    header, block = header_of(cursor), parse_block(cursor.raw_comment)
    pointee = cursor.underlying_typedef_type.get_pointee()
    names = [child.spelling for child in cursor.get_children() if child.kind == CursorKind.PARM_DECL]
    types = [kind.spelling for kind in pointee.argument_types()]
    declared = re.search(rf"\(\*{cursor.spelling}\)\s*\((.*?)\)\s*;", source_without_comments(header), flags=re.S)
    tags = [tags_in(text) for text in split_parameters(declared[1])]
    parameters = [{"name": name, "type": kind, "tags": own_tags, "text": block["params"].get(name, {}).get("text", "")}
                  for name, kind, own_tags in zip(names, types, tags)]
    return {
        "name": cursor.spelling, "header": header, "returns": pointee.get_result().spelling, "since": block["since"],
        "threads": block["threads"], "brief": block["brief"], "details": block["details"], "params": parameters,
        "statuses": block["returns"],
        "documented": {name: entry["direction"] for name, entry in block["params"].items()},
    }


def plain(comment):
    """The words of a comment."""
    return " ".join(re.sub(r"^[ \t]*\*", " ", comment[2:-2], flags=re.M).split())


def constant_texts(header):
    """What is written about each constant: {name: (what stands behind or right before it, what stands before its group)}."""
    texts, source = {}, (INCLUDE / "oarlock" / header).read_text()
    for run in re.finditer(r"(?:(/\*(?:(?!\*/).)*\*/)\n)?((?:#define OAR_\w+ [^\n]*\n)+)", source, flags=re.S):
        before = plain(run[1] or "")
        lines = re.findall(r"#define (OAR_\w+) (?:\"[^\"]*\"|\S+)[ \t]*(/\*.*\*/)?", run[2])
        for name, behind in lines:
            own = plain(behind) or (before if len(lines) == 1 else "")
            texts[name] = (own, "" if own == before else before)
    return texts


def read_constant(cursor):
    tokens = [token.spelling for token in cursor.get_tokens()]
    text = "".join(tokens[1:])  # a minus sign is a token of its own
    if not re.fullmatch(r"-?\d+|\"[^\"]*\"", text):
        return None
    value = text.strip('"') if text.startswith('"') else int(text)
    brief, group = constant_texts(header_of(cursor)).get(tokens[0], ("", ""))
    return {"name": tokens[0], "value": value, "header": header_of(cursor), "brief": brief, "group": group}


def read_api():
    unit = parse_headers()
    cursors = [cursor for cursor in unit.cursor.get_children() if is_ours(cursor)]
    typedefs = [c for c in cursors if c.kind == CursorKind.TYPEDEF_DECL]
    records = [c for c in typedefs if c.underlying_typedef_type.get_canonical().kind == TypeKind.RECORD]
    structs = [read_struct(c) for c in records if fields_of(c)]
    handles = sorted(c.spelling for c in records if not fields_of(c))
    callbacks = [read_callback(c) for c in typedefs if c.underlying_typedef_type.kind == TypeKind.POINTER]
    names = {struct["name"] for struct in structs}
    functions = [read_function(c, handles, names) for c in cursors if c.kind == CursorKind.FUNCTION_DECL and not is_inline(c)]
    constants = [read_constant(c) for c in cursors if c.kind == CursorKind.MACRO_DEFINITION and c.spelling.startswith("OAR_")]
    by_name = lambda entries: sorted(entries, key=lambda entry: entry["name"])
    return {"handles": handles, "structs": by_name(structs), "callbacks": by_name(callbacks), "constants": by_name(c for c in constants if c),
            "functions": by_name(functions)}


def untagged(function):
    """What generators rely on and a declaration lacks."""
    is_pointer = function["returns"].endswith("*")
    if is_pointer and not {"owned", "borrowed"} & set(function["return_tags"]):
        yield "the result is a pointer without OAR_OWNED or OAR_BORROWED"
    for parameter in function["params"]:
        name, role, tags = parameter["name"], parameter["role"], set(parameter["tags"])
        is_filled = role.endswith("_out") or role == "text_buffer"
        if is_filled != ("out" in tags):
            yield f"{name} needs OAR_OUT" if is_filled else f"{name} has OAR_OUT, but the call does not fill it"
        if role.endswith("_out") and not role.endswith("array_out") and not re.match(r"out(_|$)", name):
            yield f"{name} is an out-parameter: call it out or out_x"
        if role in ("text_buffer", "array_out", "handle_array_out") and "nullable" not in tags:
            yield f"{name} needs OAR_NULLABLE: NULL asks for the size"
        if role in ("handle_out", "handle_array_out", "pointer_out", "text_out") and not {"owned", "borrowed"} & tags:
            yield f"{name} needs OAR_OWNED or OAR_BORROWED"
        if "maybe_null" in tags and role not in ("handle_out", "handle_array_out", "pointer_out", "text_out"):
            yield f"{name} has OAR_MAYBE_NULL, but gives no pointer"


def block_problems(entry, thread_words):
    """What the block of a function or callback lacks."""
    if not entry["brief"]:
        yield "no block"
        return
    for parameter in entry["params"]:
        written = entry["documented"].get(parameter["name"])
        if written is None:
            yield f"no @param for {parameter['name']}"
        elif parameter.get("direction") == "out" and "out" not in written:
            yield f"{parameter['name']} is an out-parameter, its @param says [{written}]"
    known = {parameter["name"] for parameter in entry["params"]}
    yield from (f"@param {name} is no parameter" for name in entry["documented"] if name not in known)
    if re.split(r"\W", entry["threads"])[0] not in thread_words:
        yield f"@threads must begin with one of {', '.join(thread_words)}"
    if not re.fullmatch(r"\d+\.\d+", entry["documented_since"]):
        yield "no @since"
    elif entry["documented_since"] != entry["since"]:
        yield f"@since '{entry['documented_since']}' but OAR_SINCE({entry['since']})"


def unguarded_handles(function):
    """serial(x) names every handle that the call enters."""
    serial = re.match(r"serial\(([^)]*)\)", function["threads"])
    handles = [parameter["name"] for parameter in function["params"] if parameter["role"] in ("handle", "handle_array")]
    if serial and sorted(serial[1].split(", ")) != sorted(handles):
        yield f"@threads {serial[0]}, but its handles are {', '.join(handles)}"


def undocumented(api):
    """One line per thing that a block or a declaration lacks."""
    problems = []
    for entry in api["functions"]:
        found = [*untagged(entry), *block_problems(entry, THREAD_WORDS), *unguarded_handles(entry)]
        problems += [f"{entry['header']}: {entry['name']}: {problem}" for problem in found]
    for entry in api["callbacks"]:
        found = block_problems({"documented_since": entry["since"], **entry}, CALLBACK_THREAD_WORDS)
        problems += [f"{entry['header']}: {entry['name']}: {problem}" for problem in found]
    return problems


def public_form(api):
    """What is committed: without what only the check of the blocks needs."""
    hidden = ("documented", "documented_since")
    shown = lambda entries: [{key: value for key, value in entry.items() if key not in hidden} for entry in entries]
    public = {**api, "functions": shown(api["functions"]), "callbacks": shown(api["callbacks"])}
    return json.dumps(public, indent=1, sort_keys=True) + "\n"


def exports_map(api):
    lines = ["# Written by tools/extract_api.py from the headers. Nothing else leaves the library.", NODE + " {", "  global:"]
    lines += [f"    {function['name']};" for function in api["functions"]]
    return "\n".join(lines + ["  local:", "    *;", "};"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    parser.add_argument("--check-docs", action="store_true", help="list functions whose block or tags are not complete")
    arguments = parser.parse_args()
    api = read_api()
    if arguments.check_docs:
        problems = undocumented(api)
        counted = f"{len(api['functions'])} functions and {len(api['callbacks'])} callbacks"
        print("\n".join(problems) or f"the blocks of all {counted} are complete")
        sys.exit(1 if problems else 0)
    outputs = {API_JSON: public_form(api), EXPORTS_MAP: exports_map(api)}
    if not arguments.check:
        for path, text in outputs.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(f"{len(api['functions'])} functions, {len(api['constants'])} constants, {len(api['callbacks'])} callbacks")
        return
    difference = []
    for path, text in outputs.items():
        committed = path.read_text() if path.exists() else ""
        name = str(path.relative_to(ROOT))
        difference += difflib.unified_diff(committed.splitlines(), text.splitlines(), name, name + " from the headers", lineterm="")
    if difference:
        sys.exit("\n".join(difference[:60]) + "\nThe headers changed: run tools/extract_api.py and commit what it writes.")


if __name__ == "__main__":
    main()
