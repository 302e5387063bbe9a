#!/usr/bin/env python3
"""Times `ntm bench` and other programs in turn, and prints how many times as fast ntm is.

usage: compare.py [--rounds N] [--seconds S] [--threads N] [NAME=COMMAND ...] -- WORKLOAD:L:B[:SLOTS] ...
WORKLOAD is w1, w2, w3, w4, w5 or heads4: a file of configs/bench. w3 is inference, the others are training steps. SLOTS are 128 unless
said, of w4 2048.

COMMAND stays alive: it reads lines {"w": "train_lstm", "L": .., "B": .., "N": slots, "reps": ..} and answers
{"ms": [milliseconds of each step]} or {"skip": why}. `jax=` and `torch=` without a command are the workers in peers/, run by
PYTHON (default python3) where these packages are installed. Rounds alternate over all programs; shown are medians, and the range of
the ratio over rounds. On one thread everything is pinned to the last core that this process may use.
"""
import argparse, json, os, re, shlex, statistics, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, "..", "..")
WORKER = {"w1": "train_lstm", "w2": "train_ff", "w3": "infer_lstm", "w4": "train_lstm", "w5": "train_base"}


class Other:
    """A program that answers lines."""

    def __init__(self, name, command, threads, pin):
        self.name = name
        if not command:
            command = f"{os.environ.get('PYTHON', 'python3')} {os.path.join(here, 'peers', name + '_worker.py')}"
        environment = dict(os.environ, THREADS=str(threads))
        self.process = subprocess.Popen(pin + shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment)

    def steps(self, workload, length, batch, slots, reps):
        """Milliseconds of each step, or why there are none."""
        if workload not in WORKER:
            return "another workload"
        line = json.dumps(dict(w=WORKER[workload], L=length, B=batch, N=slots, reps=reps))
        try:
            print(line, file=self.process.stdin, flush=True)
            answer = json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            return "not installed, or it ended"
        return answer.get("ms") or answer.get("skip") or answer.get("error")


def ours(args, pin, workload, length, batch, slots):
    """A row of `ntm bench`."""
    command = pin + [os.environ.get("NTM", os.path.join(root, "target/release/ntm")), "bench",
                     os.path.join(root, f"configs/bench/{workload}.ron"), "--threads", str(args.threads),
                     "--seconds", str(args.seconds), "--json", "--length", str(length), "--batch", str(batch)]
    command += ["--inference"] if workload == "w3" else []
    command += [f"model.memory.slots={slots}"] if workload != "w5" else []
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    return json.loads(out.stdout)["rows"][0]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ", 1)[1].split("\n", 1)[0], description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    named = re.compile(r"(w1|w2|w3|w4|w5|heads4):[1-9]\d*:[1-9]\d*(:[1-9]\d*)?")
    workloads = [word for word in args.words if "=" not in word]
    if not workloads or args.rounds < 1:
        parser.error("give at least one WORKLOAD:L:B, such as w1:10:16, and one round")
    for word in workloads:
        if not named.fullmatch(word):
            parser.error(f"{word}: not a WORKLOAD:L:B[:SLOTS] such as w1:10:16, with w1, w2, w3, w4, w5 or heads4")
    pin = ["taskset", "-c", str(max(os.sched_getaffinity(0)))] if args.threads == 1 else []
    commands = [word.split("=", 1) for word in args.words if "=" in word]
    others = [Other(name, command, args.threads, pin) for name, command in commands]
    names = "".join(f" {o.name}, sequences/s | times as fast (range) |" for o in others)
    print(f"| workload | L | B | ntm, sequences/s | GFLOP/s | of peak |{names}")
    print("|---|" + "--:|" * (5 + 2 * len(others)))
    for word in workloads:
        workload, length, batch, *slots = word.split(":")
        length, batch = int(length), int(batch)
        slots = int(slots[0]) if slots else 2048 if workload == "w4" else 128
        rows, speeds, reps, why = [], {o.name: [] for o in others}, {}, {}
        for other in others:
            first = other.steps(workload, length, batch, slots, 3)
            if isinstance(first, list):
                reps[other.name] = max(3, int(args.seconds * 1e3 / statistics.median(first)))
            else:
                why[other.name] = first
        for _ in range(args.rounds):
            rows.append(ours(args, pin, workload, length, batch, slots))
            for other in others:
                if other.name in reps:
                    ms = other.steps(workload, length, batch, slots, reps[other.name])
                    speeds[other.name].append(batch / statistics.median(ms) * 1e3)
        middle = lambda key: statistics.median(row[key] or 0 for row in rows)
        line = f"| {workload}{f', {slots} slots' if slots != 128 else ''} | {length} | {batch} "
        line += f"| {middle('sequences_per_second'):.0f} | {middle('gflops'):.1f} | {100 * middle('of_peak'):.0f} % |"
        for other in others:
            if other.name in why:
                line += f" not measured: {str(why[other.name]).replace('|', '/')} | |"
                continue
            ratios = [row["sequences_per_second"] / speed for row, speed in zip(rows, speeds[other.name])]
            line += f" {statistics.median(speeds[other.name]):.0f} | {statistics.median(ratios):.2f}"
            line += f" ({min(ratios):.2f}-{max(ratios):.2f}) |"
        print(line, flush=True)
    for other in others:
        try:
            other.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already


main()
