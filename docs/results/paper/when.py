#!/usr/bin/env python3
"""When in a sequence a machine trained on N-grams pays more than the optimum: bits a sequence, by quarters of its 200 steps, the first four left out.

usage: when.py RUN [SEQUENCES]        (numpy and safetensors; $NTM or target/release/ntm; sequences of seeds 5000 and up)
"""
import os, subprocess, sys, tempfile
import numpy as np
from safetensors.numpy import load_file

run, sequences = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
ntm, context, above = os.environ.get("NTM", "target/release/ntm"), 5, np.zeros(4)
for n in range(sequences):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "trace.safetensors")
        subprocess.run([ntm, "trace", run, "--seed", str(5000 + n), "--out", file], check=True, capture_output=True)
        trace = load_file(file)
    bits, targets = trace["inputs"][:, 0].astype(int), trace["targets"][:, 0].astype(int)
    ones = 1 / (1 + np.exp(-trace["logits"][:, 0].astype(float)))
    seen = {}
    for t in range(context - 1, len(bits)):
        # equation 10: the counts of what followed this context, half a bit of each in advance
        counts = seen.setdefault(tuple(bits[t + 1 - context : t + 1]), [0.5, 0.5])
        best = counts[targets[t]] / sum(counts)
        ours = ones[t] if targets[t] else 1 - ones[t]
        above[4 * t // len(bits)] += np.log2(best) - np.log2(ours)
        counts[targets[t]] += 1
print(" ".join(f"{x:.2f}" for x in above / sequences))
