#!/usr/bin/env python3
"""Times variants of one config with `ntm bench` in turn, on one core, and prints how each compares with the first.

usage: variants.py ROUNDS SECONDS CONFIG [LENGTH:BATCH ...] -- VARIANT VARIANT ...
A VARIANT is words parted by blanks: overrides such as train.checkpoint_every=20, and NTM_SIMD=baseline. Medians over rounds;
in brackets the range.
"""
import json, os, statistics, subprocess, sys

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ntm = os.environ.get("NTM", os.path.join(root, "target/release/ntm"))
split = sys.argv.index("--")
rounds, seconds, config, *sizes = sys.argv[1:split]
variants = sys.argv[split + 1:]


def speed(variant, size):
    words = variant.split()
    simd = [word for word in words if word.startswith("NTM_SIMD=")]
    length, batch = size.split(":")
    command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), ntm, "bench", config, "--threads", "1", "--json",
               "--length", length, "--batch", batch, "--seconds", seconds] + [word for word in words if word not in simd]
    environment = dict(os.environ, **dict(word.split("=") for word in simd))
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env=environment).stdout
    return json.loads(out)["rows"][0]["sequences_per_second"]


print("| L | B | variant | sequences/s | of the first |\n|--:|--:|---|--:|--:|")
for size in sizes or ["10:1", "10:16", "10:64"]:
    turns = [[speed(variant, size) for variant in variants] for _ in range(int(rounds))]
    for i, variant in enumerate(variants):
        ratios = [turn[i] / turn[0] for turn in turns]
        middle, of_first = statistics.median(turn[i] for turn in turns), statistics.median(ratios)
        print(f"| {' | '.join(size.split(':'))} | {variant} | {middle:.4g} | {of_first:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |",
              flush=True)
