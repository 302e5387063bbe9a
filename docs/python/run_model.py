"""A trained Neural Turing Machine in NumPy: runs a checkpoint of the wiring in configs/copy.ron on the inputs of a trace.
    python run_model.py runs/copy/checkpoints/best.safetensors trace.safetensors"""
import sys
import numpy as np
from safetensors.numpy import load_file

SLOTS, WIDTH = 128, 20
p, trace = load_file(sys.argv[1]), load_file(sys.argv[2])
sigmoid, softplus = lambda x: 1 / (1 + np.exp(-x)), lambda x: np.logaddexp(0, x)
softmax = lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum()

def address(raw, memory, previous):
    """From a head's raw numbers to its weighting: equations 5 to 9 of the 2014 paper."""
    key, (strength, gate), shift, sharpening = raw[:WIDTH], raw[WIDTH:WIDTH + 2], softmax(raw[WIDTH + 2:WIDTH + 5]), raw[WIDTH + 5]
    similarity = memory @ key / (np.linalg.norm(memory, axis=1) * np.linalg.norm(key) + 1e-8)
    w = sigmoid(gate) * softmax(softplus(strength) * similarity) + (1 - sigmoid(gate)) * previous
    w = shift[0] * np.roll(w, 1) + shift[1] * w + shift[2] * np.roll(w, -1)  # the first tap moves it forward
    w = w ** (1 + softplus(sharpening))
    return w / w.sum()

memory = np.full((SLOTS, WIDTH), 1e-6)
weightings = [np.eye(SLOTS)[0], np.eye(SLOTS)[0]]
read, h, c = p["start.heads.0.read"], p["start.controller.h"][0], p["start.controller.c"][0]
outputs = []
for x in trace["inputs"].astype(np.float64):
    gates = p["controller.weight_ih"] @ np.concatenate([x, read]) + p["controller.weight_hh"] @ h + p["controller.bias"]
    i, f, g, o = np.split(gates, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    raws = [p[f"heads.{n}.weight"] @ h + p[f"heads.{n}.bias"] for n in (0, 1)]
    weightings = [address(raw, memory, w) for raw, w in zip(raws, weightings)]
    read = weightings[0] @ memory
    erase, add = sigmoid(raws[1][-2 * WIDTH:-WIDTH]), raws[1][-WIDTH:]
    memory = memory * (1 - np.outer(weightings[1], erase)) + np.outer(weightings[1], add)
    outputs.append(sigmoid(p["output.weight"] @ np.concatenate([h, read]) + p["output.bias"]))
difference = np.abs(np.array(outputs) - trace["outputs"]).max()
print(f"{len(outputs)} steps, largest difference from ntm trace: {difference:.1e}")
sys.exit(int(difference > 1e-5))
