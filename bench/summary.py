"""Prints the closing table of `make bench` from its JSON lines."""
import json
import sys

rows = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
if not rows:
    sys.exit("no benchmark row was produced; is ONLY= a prefix of an id?")
print()
for row in rows:
    verdict = "" if row["ok"] is None else ("ok" if row["ok"] else "MISSED")
    figure = f"{row['ours']:.4g} {row['unit']}"
    against = "" if row["ratio"] is None else f"{row['ratio']:.3f} x {row['peer']} ({row['theirs']:.4g})"
    print(f"{row['bench']:<24} {figure:<18} {against:<44} bar {row['bar'] or '-':<10} {verdict}")
missed = [row["bench"] for row in rows if row["ok"] is False]
print(f"\n{len(rows)} rows, {len(missed)} bars missed{': ' + ', '.join(missed) if missed else ''}")
