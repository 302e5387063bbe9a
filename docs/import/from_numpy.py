"""Writes a data file for FromFile(inputs: 3, outputs: 2, ...): inputs, targets, and a mask of what is scored."""
import numpy as np
from safetensors.numpy import save_file
items, steps = 1000, 12
inputs = np.random.default_rng(1).integers(0, 2, (items, steps, 3)).astype(np.float32)
targets = np.zeros((items, steps, 2), np.float32)
targets[:, 1:] = inputs[:, :-1, :2]  # say what was heard a step before
mask = np.ones((items, steps), np.float32)
mask[:, 0], mask[::2, 9:] = 0, 0  # nothing was heard before the first step; every other sequence has 9 steps
save_file({"inputs": inputs, "targets": targets, "mask": mask}, "data.safetensors")
