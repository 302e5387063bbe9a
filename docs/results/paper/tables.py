"""The tables of a task's page: every run, and what its best checkpoint costs at other sizes.

    python3 docs/results/paper/tables.py docs/results/paper/metrics copy
"""
import json
import sys
from pathlib import Path


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def number(x):
    if x is None:
        return "-"
    if isinstance(x, int):
        return f"{x:_}"
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:.3g}"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("| --- " + "| ---: " * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def label(arguments, row):
    """What was measured, as a column's head: the size, and what was set besides."""
    words = [word for word in arguments.split() if "=" in word]
    named = [word.split("=")[0].removeprefix("task.") for word in words]
    sizes = [f"{name} {row[name]}" for name in ("length", "items", "vectors") if name in row and name not in named]
    settings = [word.removeprefix("task.").removeprefix("model.memory.").replace("=", " ") for word in words]
    return ", ".join(sizes[:1] + settings) or arguments


folder, task = Path(sys.argv[1]), sys.argv[2]
runs = records(folder / f"{task}-runs.jsonl")
bar = runs[0]["bar"]
table(
    ["variant", "seed", "sequences", f"first below {bar} bits after", "lowest validation, bits", "seconds", "state"],
    [
        [
            run["variant"],
            number(run["seed"]),
            number(run["sequences"]),
            number(run["below_bar"]),
            number(run["bits_per_sequence"]),
            f"{run['seconds']:.0f}",
            "solved" if run["solved"] else run["state"],
        ]
        for run in runs
    ],
)

columns, cells, excess = [], {}, False
for record in records(folder / f"{task}-generalisation.jsonl"):
    for row in record["rows"]:
        column = label(record["arguments"], row)
        columns += [column] if column not in columns else []
        above = row.get("bits_above_optimum")
        excess |= above is not None
        shown = number(row["bits_per_sequence"] if above is None else above)
        cells.setdefault((record["variant"], record["seed"]), {})[column] = (
            shown if above is not None else f"{shown} ({number(row['wrong_bits_per_sequence'])})"
        )
print("Bits per sequence above the Bayesian optimum of the same sequences:" if excess else "Bits per sequence, in brackets wrong bits per sequence:")
print()
table(
    ["variant", "seed", *columns],
    [[variant, number(seed), *(row.get(column, "-") for column in columns)] for (variant, seed), row in cells.items()],
)
