"""Writes docs/scenarios.md from what the scenario tests of all languages left in the build folder: matrix.py [--check]."""
import json
import sys

from languages import BUILD, LANGUAGES, SOURCE
from scenarios import SCENARIOS

PAGE = SOURCE / "docs/scenarios.md"
HEAD = """# What every language does alike

Made by `tests/bindings/matrix.py` from the results of `ctest --test-dir build -R bindings_.*_scenarios`; not written by hand.
Each language's runner lies in `tests/bindings/scenarios/` and calls its own binding; the names and what they mean are those of
`tests/bindings/scenarios.json`. "yes" says that the test passed.

"""


def page():
    results = {language: json.loads((BUILD / f"scenarios/{language}.json").read_text()) for language in LANGUAGES}
    lines = ["| scenario | ranks | " + " | ".join(language.title for language in LANGUAGES.values()) + " |",
             "|---|---|" + "---|" * len(LANGUAGES)]
    for entry in SCENARIOS:
        cells = ["yes" if results[language].get(entry["name"], "not run") is None else "no" for language in LANGUAGES]
        lines.append(f"| {entry['name']} | {entry['ranks']} | " + " | ".join(cells) + " |")
    meanings = [f"- **{entry['name']}**: {entry['is']}" for entry in SCENARIOS]
    return HEAD + "\n".join(lines) + "\n\n## What each one is\n\n" + "\n".join(meanings) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE} is not current; run {sys.argv[0]} without --check")
    PAGE.write_text(page())
