"""Nothing is kept that nothing uses: headers nobody includes, functions and types of headers that only tests know.

Names are matched as words in code without comments and strings; a name that two things share counts as used if one of them is, so
nothing that is used is ever reported.
"""
import functools
import os
import pathlib
import re

ROOT = pathlib.Path(os.environ.get("OARLOCK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
USERS = ("cxx", "capi", "bench", "tools", "examples")  # tests are no users
FOR_TESTS = {"from_bytes"}  # doors that a fuzzer or a unit test needs: bytes of its own in place of a file
NOT_TYPES = {"return", "else", "case", "throw", "new", "delete", "and", "or", "not", "goto", "co_return"}
FUNCTION = re.compile(r"\b([a-z]\w*)\s*\(")
TYPE = re.compile(r"\b(?:class|struct|enum class)\s+([A-Z]\w*)(?=[^;()]*\{)|\busing\s+([A-Z]\w*)\s*=")


def code(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*", "", text))


CODE = {str(path.relative_to(ROOT)): code(path) for folder in USERS for path in (ROOT / folder).rglob("*")
        if path.suffix in (".h", ".hpp", ".cpp", ".c")}
HEADERS = [path for path in CODE if path.startswith("cxx/") and path.endswith(".h") and "gloo/stub" not in path]


@functools.cache
def places_of_words():
    places = {}
    for path, text in CODE.items():
        for word in re.finditer(r"\b[A-Za-z_]\w*", text):
            places.setdefault(word[0], []).append((path, word.start(), word.end()))
    return places


def declares(text, start):
    """Does the name at `start` stand behind a type, as in `Result<int> name(` and `void Class::name(`?"""
    before = re.sub(r"(?:\w+(?:<[^<>;]*>)?::)+$", "", text[max(0, start - 300):start])
    behind = before.rstrip()
    if behind == before:
        return False
    if word := re.search(r"\w+$", behind):
        return word[0] not in NOT_TYPES
    return re.search(r"(\w|>|\w>)[>*&]$", behind) is not None and not behind.endswith("&&")


def is_used_function(name):
    for path, start, end in places_of_words()[name]:
        text = CODE[path]
        if re.match(r"\s*[(<]", text[end:end + 80]):
            if not declares(text, start):
                return True
        elif re.search(r"[(,&]\s*(?:\w+::)*$", text[max(0, start - 80):start]):
            return True  # handed on without being called
    return False


def is_used_type(name, header):
    own = {header, header.removesuffix(".h") + ".cpp"}
    for path, start, end in places_of_words()[name]:
        before, after = CODE[path][max(0, start - 40):start], CODE[path][end:end + 3].lstrip()
        itself = re.search(r"\b(class|struct|using)\s+$", before)
        member = path in own and (before.endswith("~") or after.startswith("::") or
                                  (after.startswith("(") and not declares(CODE[path], start)))
        if not itself and not member:
            return True
    return False


def unused(header):
    text = CODE[header]
    for match in FUNCTION.finditer(text):
        overrides = re.search(r"\boverride\b", re.split(r"[;{]", text[match.end():match.end() + 400])[0])
        if declares(text, match.start(1)) and not overrides and match[1] not in FOR_TESTS and not is_used_function(match[1]):
            yield f"{header}: {match[1]}()"
    for match in TYPE.finditer(text):
        name = match[1] or match[2]
        if not is_used_type(name, header):
            yield f"{header}: {name}"


def test_the_search_finds_what_is_dead(monkeypatch):
    """The check itself: one of each kind, dead and alive."""
    header = ("class Box {\n public:\n  explicit Box(int size);\n  int size() const;\n  bool is_idle() const { return idle_; }\n};\n"
              "using Lid = int;\nstd::string name_of(const Box& box);\nBox* find_box(int size);\nint kept();\n")
    source = "int Box::size() const { return size_; }\nstd::string name_of(const Box& box) { return box.size() > 0; }\n"
    user = "void f() { call(name_of); }\n"
    monkeypatch.setattr(f"{__name__}.CODE", {"cxx/a/box.h": header, "cxx/a/box.cpp": source, "cxx/b/user.cpp": user})
    places_of_words.cache_clear()
    found = list(unused("cxx/a/box.h"))
    places_of_words.cache_clear()
    assert found == ["cxx/a/box.h: is_idle()", "cxx/a/box.h: find_box()", "cxx/a/box.h: kept()", "cxx/a/box.h: Lid"]


def test_every_function_and_type_of_a_header_is_used():
    assert sorted({line for header in HEADERS for line in unused(header)}) == []


def test_every_header_is_included_by_another_file():
    included = {}
    for path in CODE:
        for target in re.findall(r'#\s*include\s+[<"]([^">]+)[">]', (ROOT / path).read_text()):
            included.setdefault(target, set()).add(path.rsplit(".", 1)[0])
    assert [header for header in HEADERS if included.get(header.removeprefix("cxx/"), set()) <= {header.removesuffix(".h")}] == []
