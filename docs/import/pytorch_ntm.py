"""Weights of the PyTorch project loudinthecloud/pytorch-ntm under the names that `ntm import` takes.

    python pytorch_ntm.py checkpoint.model weights.safetensors
"""
import re
import sys

import torch
from safetensors.torch import save_file


def convert(state):
    """Names are found by their ends, so any prefix will do. Numbers of a head have the same order in both: key, strength,
    gate, shift, sharpening, erase, add."""
    found, reads = {}, {}
    for name, x in state.items():
        if lstm := re.search(r"lstm\.(weight|bias)_(ih|hh)_l(\d+)$", name):
            kind, side, layer = lstm.groups()
            if kind == "weight":
                found[f"controller.weight_{side}_l{layer}"] = x
            else:  # two biases that are only ever added
                found[f"controller.bias_l{layer}"] = found.get(f"controller.bias_l{layer}", 0) + x
        elif start := re.search(r"lstm_([hc])_bias$", name):
            found[f"start.controller.{start[1]}"] = x.reshape(len(x), -1)  # one row a layer
        elif name.endswith("mem_bias"):
            found["given.memory"] = x
        elif read := re.search(r"read(\d+)_bias$", name):
            reads[int(read[1])] = x.flatten()
        elif head := re.search(r"heads\.(\d+)\.fc_(read|write)\.(weight|bias)$", name):
            found[f"heads.{head[1]}.{head[3]}"] = x
            if head[2] == "read":
                reads.setdefault("heads", set()).add(int(head[1]))
        elif output := re.search(r"\bfc\.(weight|bias)$", name):
            found[f"output.{output[1]}"] = x
    # read biases are counted over the heads that read, ours over all heads
    for n, head in enumerate(sorted(reads.pop("heads", ()))):
        found[f"given.heads.{head}.read"] = reads[n]
    if "controller.weight_ih_l1" not in found:  # a single layer has no number
        found = {re.sub(r"^(controller\..*)_l0$", r"\1", name): x for name, x in found.items()}
    return {name: x.detach().contiguous().clone() for name, x in found.items()}


if __name__ == "__main__":
    save_file(convert(torch.load(sys.argv[1], map_location="cpu", weights_only=True)), sys.argv[2])
