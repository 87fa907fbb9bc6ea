"""The closing table of `make bench` from its JSON lines; with --markdown, the table of docs/benchmarks.md."""
import json
import sys


def figure(value, unit):
    return f"{value:.4g} {unit}"


def verdict(row):
    return "" if row["ok"] is None else ("ok" if row["ok"] else "MISSED")


def print_text(rows):
    for row in rows:
        against = "" if row["ratio"] is None else f"{row['ratio']:.3f} x {row['peer']} ({row['theirs']:.4g})"
        print(f"{row['bench']:<24} {figure(row['ours'], row['unit']):<18} {against:<44} bar {row['bar'] or '-':<10} {verdict(row)}")
    missed = [row["bench"] for row in rows if row["ok"] is False]
    print(f"\n{len(rows)} rows, {len(missed)} bars missed{': ' + ', '.join(missed) if missed else ''}")


def print_markdown(rows):
    print("| id | ours | spread of ours | peer | ratio | bar |\n|---|---|---|---|---|---|")
    for row in rows:
        low, high = row["spread"]
        peer = "-" if row["peer"] is None else f"{row['peer']} {figure(row['theirs'], row['unit'])}"
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        bar = "reported" if row["bar"] is None else f"{row['bar']}, {'met' if row['ok'] else 'missed'}"
        print(f"| `{row['bench']}` | {figure(row['ours'], row['unit'])} | {low:.4g} to {high:.4g} | {peer} | {ratio} | {bar} |")


def main():
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
    if not rows:
        sys.exit("no benchmark row was produced; is ONLY= a prefix of an id?")
    print()
    (print_markdown if "--markdown" in sys.argv else print_text)(rows)


main()
