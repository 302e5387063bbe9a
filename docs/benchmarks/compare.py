#!/usr/bin/env python3
"""Times `ntm bench` and another program in turn, on one core, and prints the ratio of their speeds.

usage: compare.py OTHER [LENGTH:BATCH ...]          default 10:1 10:16 10:64 20:1 20:16 20:64
OTHER is a command that reads lines {"w": "train_lstm", "L": .., "B": .., "N": 128, "reps": ..} and answers
{"ms": [milliseconds of each step]}. Rounds alternate A B A B; medians and the range of the ratio over rounds are shown.
"""
import json, os, shlex, statistics, subprocess, sys

ROUNDS, SECONDS = 9, 0.4
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ntm = [os.path.join(root, "target/release/ntm"), "bench", os.path.join(root, "configs/bench/w1.ron"), "--threads", "1",
       "--seconds", str(SECONDS), "--json"]
core = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
other = subprocess.Popen(core + shlex.split(sys.argv[1]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def theirs(length, batch, reps):
    print(json.dumps(dict(w="train_lstm", L=length, B=batch, N=128, reps=reps)), file=other.stdin, flush=True)
    return batch / statistics.median(json.loads(other.stdout.readline())["ms"]) * 1e3


def ours(length, batch):
    command = core + ntm + ["--length", str(length), "--batch", str(batch)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(out)["rows"][0]["sequences_per_second"]


print("| L | B | other, sequences/s | ntm, sequences/s | ratio (range over rounds) |\n|--:|--:|--:|--:|--:|")
for pair in sys.argv[2:] or ["10:1", "10:16", "10:64", "20:1", "20:16", "20:64"]:
    length, batch = map(int, pair.split(":"))
    reps = max(3, int(SECONDS * theirs(length, batch, 3) / batch))
    rounds = [(theirs(length, batch, reps), ours(length, batch)) for _ in range(ROUNDS)]
    a, b = (statistics.median(r[i] for r in rounds) for i in (0, 1))
    ratios = [y / x for x, y in rounds]
    print(f"| {length} | {batch} | {a:.0f} | {b:.0f} | {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |",
          flush=True)
other.stdin.close()
