#!/usr/bin/env python3
"""What `ntm check` says training takes, and what it takes: the peak of resident memory, less that of `ntm list tasks`.

usage: memory.py          prints a table; a difference above 10 % ends it with an error
Sequences are all of the longest length, since memory that no sequence needs is never resident.
"""
import os, re, subprocess, sys, tempfile

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ntm = os.path.join(root, "target/release/ntm")
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
COPY, W1, LONG = "configs/copy.ron", "configs/bench/w1.ron", "configs/bench/long.ron"
OFF = "train.validate_every=0"
CASES = [  # what it is, config, overrides, threads
    ("trajectories", W1, ["task.length=(400, 400)", "train.batch=16", "train.sequences=32", OFF], 1),
    ("trajectories of two threads", W1, ["task.length=(200, 200)", "train.batch=16", "train.sequences=32", OFF], 2),
    ("many slots", W1, ["task.length=(20, 20)", "model.memory.slots=8192", "train.batch=8", "train.sequences=16", OFF], 1),
    ("long, states kept now and then", LONG, ["train.sequences=16"], 1),
    ("many parameters", W1, ["task.length=(10, 10)", "model=Recurrent(controller: Lstm(hidden: 1024, layers: 3))",
                             "train.batch=4", "train.sequences=8", OFF], 1),
    ("many gradients", W1, ["task.length=(5, 5)", "model.controller=Lstm(hidden: 512)", "train.batch=256",
                            "train.sequences=256", OFF], 1),
    ("validation", COPY, ["task.length=(20, 20)", "train.validation_sequences=30000", "train.validate_every=4",
                          "train.sequences=4"], 1),
]


def peak(args):
    """Bytes resident at most, and stderr. By way of `time`: a child of this process would begin with the memory of Python."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", ntm] + args, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"ntm {' '.join(args)}: {done.stderr}")
    return int(done.stderr.split()[-1]) * 1024, done.stderr


empty, _ = peak(["list", "tasks"])
print(f"`ntm list tasks`: {empty / 2**20:.1f} MiB\n")
print("| | planned, MiB | resident at most, MiB | planned / resident |\n|---|--:|--:|--:|")
wrong = 0
for name, config, overrides, threads in CASES:
    _, text = peak(["check", config, "--threads", str(threads)] + overrides)
    number, unit = re.search(r"\n([0-9.]+) (\w+) for training", text).groups()
    planned = float(number) * UNITS[unit]
    with tempfile.TemporaryDirectory() as place:
        run = ["train", config, "--threads", str(threads), "--plain", "--out", os.path.join(place, "run")]
        resident = peak(run + overrides)[0] - empty
    wrong += abs(planned / resident - 1) > 0.1
    print(f"| {name} | {planned / 2**20:.0f} | {resident / 2**20:.0f} | {planned / resident:.3f} |", flush=True)
sys.exit(f"{wrong} of them differ by more than 10 %" if wrong else 0)
