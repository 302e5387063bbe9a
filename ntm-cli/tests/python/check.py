"""Runs the lines of docs/python/README.md, and reads an event file with TensorBoard's own reader.

    check.py README.md RUN_MODEL.py NTM      in a folder with runs/copy
"""
import json
import pathlib
import re
import subprocess
import sys

readme, model, ntm = (pathlib.Path(word).resolve() for word in sys.argv[1:])
lines = [json.loads(line) for line in open("runs/copy/metrics.jsonl")]
passed = 0


def check(what, fine):
    global passed
    if not fine:
        sys.exit(f"FAILED: {what}")
    passed += 1


for command in ["export runs/copy csv", "export runs/copy tensorboard", "trace runs/copy --length 20 --out trace.safetensors"]:
    check(f"`ntm {command}` is in the page", f"ntm {command}" in readme.read_text())
    subprocess.run([ntm, *command.split()], check=True, capture_output=True)

blocks = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)
curves = blocks[0].splitlines()
check("four ways to read a curve", len(curves) == 4)
for line in curves:
    found = {}
    exec(line, found)
    curve = found["curve"]
    for name in lines[0]:
        # pandas reads numbers of JSON to ten digits or so, unless told precise_float=True
        near = [abs(value - record[name]) <= 1e-9 * abs(record[name]) for value, record in zip(curve[name], lines)]
        check(f"{name} by {line}", len(curve) == len(lines) and all(near))
    check(f"seconds by {line}", ("seconds" in curve.columns) == ("csv" in line))

check("two lines for the weights", len(blocks[1].splitlines()) == 2)
found = {}
exec(blocks[1], found)
check("the weights", found["weights"]["heads.0.weight"].shape == (26, 100))

check("the model takes at most 40 lines", len(model.read_text().splitlines()) <= 40)
said = subprocess.run([sys.executable, model, "runs/copy/checkpoints/best.safetensors", "trace.safetensors"], capture_output=True, text=True)
print(said.stdout.strip() or said.stderr)
check("NumPy gives the outputs of ntm trace to 1e-5", said.returncode == 0)

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

file = next(pathlib.Path("runs/copy/tensorboard").iterdir())
read = lambda: len(list(EventFileLoader(str(file)).Load()))
check("every event is read", read() == 2 + len(lines))
# the loader stops without a word at a checksum that is wrong
whole = file.read_bytes()
file.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
check("checksums are looked at", read() == 1 + len(lines))
file.write_bytes(whole)
events = EventAccumulator("runs/copy/tensorboard", size_guidance={"scalars": 0})
events.Reload()
for name in lines[0]:
    if name != "sequences":
        scalars = events.Scalars(name)
        check(f"steps of {name}", [event.step for event in scalars] == [record["sequences"] for record in lines])
        check(name, all(abs(event.value - record[name]) <= 1e-6 * abs(record[name]) for event, record in zip(scalars, lines)))
text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
check("the config", [line[4:] for line in text.splitlines()] == pathlib.Path("runs/copy/config.ron").read_text().splitlines())
print(f"{passed} passed, 0 failed")
