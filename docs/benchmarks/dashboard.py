#!/usr/bin/env python3
"""What the dashboard costs: whole runs on a pseudo terminal, with it and with --plain in turn.

    cargo build --release && docs/benchmarks/dashboard.py [ROUNDS] [SEQUENCES]

Both of a pair run on the same core, the drawing thread included, so that nothing is hidden by an idle one. Prints sequences per
second by the clock of the run, and seconds of processor, medians over rounds; the ratio of each pair, its median and its range.
"""
import json, os, pty, resource, statistics, struct, sys, tempfile, fcntl, termios

rounds, sequences = (int(x) for x in (sys.argv[1:] + ["15", "10000"][len(sys.argv) - 1:])[:2])
ntm = os.path.abspath("target/release/ntm")
core = max(os.sched_getaffinity(0))


def run(words, rows=40, columns=120):
    with tempfile.TemporaryDirectory() as folder:
        pid, terminal = pty.fork()
        if pid == 0:
            os.sched_setaffinity(0, {core})
            os.environ.update(TERM="xterm-256color")
            os.execv(ntm, [ntm, "train", "--threads", "1", "--out", folder + "/run", f"train.sequences={sequences}",
                           "train.stop_when_solved=false", "train.validate_every=1000", *words])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        text = b""
        try:
            while some := os.read(terminal, 1 << 16):
                text += some
        except OSError:
            pass  # its end closes the terminal
        _, status, used = os.wait4(pid, 0)
        assert status == 0, text[-2000:].decode(errors="replace")
        assert (b"\x1b[?1049h" in text) == (not words), "the dashboard was where it should not be"
        seconds = [line for line in open(folder + "/run/timing.jsonl")]
        return sequences / json.loads(seconds[-1])["seconds"], used.ru_utime + used.ru_stime


run([]), run(["--plain"])
pairs = []
for n in range(rounds):
    # who is first takes turns
    first, second = ([], ["--plain"]) if n % 2 else (["--plain"], [])
    a, b = run(first), run(second)
    pairs.append((b, a) if first else (a, b))
print(f"{rounds} rounds of {sequences} sequences, one core")
for name, of in [("sequences/s", 0), ("processor seconds", 1)]:
    shown, plain = ([pair[which][of] for pair in pairs] for which in (0, 1))
    ratios = sorted(a / b for a, b in zip(shown, plain))
    print(f"{name}: dashboard {statistics.median(shown):.2f}, --plain {statistics.median(plain):.2f}, "
          f"ratio {statistics.median(ratios):.4f} ({ratios[0]:.3f}-{ratios[-1]:.3f})")
