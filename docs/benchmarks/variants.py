#!/usr/bin/env python3
"""Times variants of one config with `ntm bench` in turn, on one core, and prints how each compares with the first.

usage: variants.py ROUNDS SECONDS CONFIG [LENGTH:BATCH ...] -- VARIANT VARIANT ...
A VARIANT is words parted by blanks: overrides such as train.checkpoint_every=20, options of bench such as --inference, NTM_SIMD=baseline,
NTM=PATH for a build of its own (target/release/ntm unless said), and threads=2 (one unless said).
Medians over rounds; in brackets the range. A variant of one thread is pinned to the last core.
"""
import json, os, statistics, subprocess, sys

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
built = {"NTM": os.path.join(root, "target/release/ntm")}
split = sys.argv.index("--") if "--" in sys.argv else 0
if split < 4 or not sys.argv[split + 1:] or not sys.argv[1].isdigit() or sys.argv[1] == "0":
    sys.exit(__doc__)
rounds, seconds, config, *sizes = sys.argv[1:split]
variants = sys.argv[split + 1:]
if not all(size.replace(":", "", 1).isdigit() and ":" in size for size in sizes):
    sys.exit(f"{' '.join(sizes)}: sizes are LENGTH:BATCH, such as 10:16")


def speed(variant, size):
    words = variant.split()
    environment = {**built, **os.environ, **dict(word.split("=", 1) for word in words if word.startswith(("NTM_SIMD=", "NTM=")))}
    threads = next((word.removeprefix("threads=") for word in words if word.startswith("threads=")), "1")
    length, batch = size.split(":")
    pin = ["taskset", "-c", str(max(os.sched_getaffinity(0)))] if threads == "1" else []
    command = pin + [environment["NTM"], "bench", config, "--threads", threads, "--json", "--length", length, "--batch", batch, "--seconds", seconds]
    command += [word for word in words if not word.startswith(("NTM_SIMD=", "NTM=", "threads="))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)["rows"][0]["sequences_per_second"]


print("| L | B | variant | sequences/s | of the first |\n|--:|--:|---|--:|--:|")
for size in sizes or ["10:1", "10:16", "10:64"]:
    turns = [[speed(variant, size) for variant in variants] for _ in range(int(rounds))]
    for i, variant in enumerate(variants):
        ratios = [turn[i] / turn[0] for turn in turns]
        middle, of_first = statistics.median(turn[i] for turn in turns), statistics.median(ratios)
        print(f"| {' | '.join(size.split(':'))} | {variant} | {middle:.4g} | {of_first:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |",
              flush=True)
