"""Reads a report as a person does, in headless Chromium: that it loads, moves, and shows the run's numbers.

    browser.py REPORT.html RUN EVAL.json TRACE.safetensors [--pictures DIR]
    browser.py REPORT.html --pictures DIR [--fragment '#sequence=1&step=27'] [--crop '#what-it-does']

EVAL.json is what `ntm eval RUN --json` says, TRACE.safetensors what `ntm trace RUN --length N` writes for the first size in
EVAL.json. Needs chromedriver and Python alone. Pictures are taken in light, dark, on a phone and printed.
"""
import argparse
import base64
import contextlib
import json
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"]
KEYS = {"left": "\ue012", "right": "\ue014", "home": "\ue011", "end": "\ue010", "space": " "}
DESKTOP, PHONE = (1180, 900, False), (360, 740, True)


class Browser:
    """A session with chromedriver, in its own protocol."""

    def __init__(self, port, profile):
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"args": FLAGS + [f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.base += "/" + self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"chromedriver: {json.load(error)['value']['message']}") from None

    def open(self, path, fragment=""):
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": pathlib.Path(path).resolve().as_uri() + fragment})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, css):
        return next(iter(self.call("POST", "/element", {"using": "css selector", "value": css}).values()))

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click", {})

    def press(self, key, css=".player"):
        self.call("POST", f"/element/{self.find(css)}/value", {"text": KEYS[key]})

    def look(self, size, dark=False, media="screen"):
        width, height, mobile = size
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=scheme)
        time.sleep(0.3)

    def errors(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]


@contextlib.contextmanager
def browser():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as profile:
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        session = None
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.1)
            session = Browser(port, profile)
            yield session
        finally:
            if session:
                with contextlib.suppress(BaseException):
                    session.call("DELETE", "")
            driver.terminate()
            driver.wait()


passed = failed = 0


def check(what, fine, found=""):
    global passed, failed
    passed, failed = passed + bool(fine), failed + (not fine)
    if not fine:
        print(f"FAILED: {what}: {found}")


def step(b):
    return int(b.run("return document.querySelector('.player').dataset.step"))


def moves(b):
    """By keyboard, by button, by playing, and not beyond its ends."""
    b.run("document.querySelector('.player').focus()")
    b.press("home")
    seen = [step(b)]
    for key in ["left", "right", "right", "right", "left", "end", "right", "home"]:
        b.press(key)
        seen.append(step(b))
    last = int(b.run("return document.querySelector('.player input[type=range]').max"))
    check("keys move the player", seen == [0, 0, 1, 2, 3, 2, last, last, 0], seen)
    seen = []
    for name in ["next", "next", "back", "last", "first"]:
        b.click(f".player button.{name}")
        seen.append(step(b))
    check("buttons move the player", seen == [1, 2, 1, last, 0], seen)
    b.run("document.querySelector('.player').focus()")
    b.press("space")
    time.sleep(1.2)
    label = b.run("return document.querySelector('.player button.play').textContent")
    b.press("space")
    at = step(b)
    check("it plays", at >= 2 and label == "Pause", (at, label))
    time.sleep(0.6)
    check("it stands still when paused", step(b) == at, step(b))
    said = b.run("return document.querySelector('.player .told').textContent")
    pixels = "return [...document.querySelectorAll('.player canvas')].map((c) => c.toDataURL()).join()"
    before = b.run(pixels)
    b.click(".player button.next")
    check("words and pictures follow", b.run("return document.querySelector('.player .told').textContent") != said and b.run(pixels) != before)
    count = b.run("return document.querySelectorAll('.player select')[0].options.length")
    for n in range(count):
        b.run("const s = document.querySelector('.player select'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", str(n))
        b.press("end")
    check("every sequence can be chosen", b.errors() == [])
    return count


def numbers(b, run, rows, trace):
    """What is shown is what is in the run directory."""
    status = json.loads((run / "status.json").read_text())
    facts = b.run("return Object.fromEntries([...document.querySelectorAll('dl.facts div')].map((d) => "
                  "[d.querySelector('dt').textContent, d.querySelector('dd').firstChild.textContent]))")
    digits = lambda text: int(re.sub(r"\D", "", text)) if re.search(r"\d", text) else None
    check("sequences to solved", digits(facts["Sequences to solved"]) == status["sequences_to_solved"], facts)
    check("sequences seen", digits(facts["Sequences seen"]) == status["sequences"], facts)
    check("best validation", abs(float(facts["Best validation"]) - status["bits_per_sequence"]) < 0.06, facts)
    names = b.run("return [...document.querySelectorAll('#how-far-it-carries th')].map((h) => h.textContent)")
    table = b.run("return [...document.querySelectorAll('#how-far-it-carries tbody tr')].map((r) => [...r.cells].map((c) => Number(c.textContent)))")
    keys = [{"chance": "chance_bits_per_sequence"}.get(name, name.replace(" ", "_")) for name in names]
    check("the columns", {"length", "sequences", "bits_per_sequence", "wrong_bits_per_sequence"} <= set(keys), keys)
    check("a row for each size", len(table) == len(rows), table)
    for shown, row in zip(table, rows):
        wanted = [row[key] for key in keys]
        check("the table of generalisation", all(abs(x - y) <= 0.005 + 1e-3 * abs(y) for x, y in zip(shown, wanted)), (shown, wanted))
    config = b.run("return document.querySelector('#how-it-was-made code').textContent")
    check("the config", config.strip() == (run / "config.ron").read_text().strip())
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    curve = b.run("return document.querySelector('#how-it-learnt polyline[data-y]').dataset.y").split()
    kept = [line["validation_bits"] for line in lines]
    # readers of JSON may differ in the last bit
    near = [abs(float(y) - x) <= 1e-14 * abs(x) for x, y in zip(kept, curve)]
    check("the curve", len(curve) == len(kept) and all(near), (curve, kept))

    header = struct.unpack("<Q", trace[:8])[0]
    index = json.loads(trace[8:8 + header])
    def tensor(name):
        start, end = index[name]["data_offsets"]
        return struct.unpack(f"<{(end - start) // 4}f", trace[8 + header + start:8 + header + end])
    # every quantity of every step of the first sequence, as the player has it
    script = """const film = new Film(JSON.parse(document.getElementById('films-1').textContent)[0]);
        const all = (of) => ({ range: of.high - of.low, values: Array.from(of.levels, (_, n) => of.at(Math.floor(n / of.size), n % of.size)) });
        const found = { memory: all(film.memory), outputs: all(film.outputs), inputs: all(film.inputs) };
        for (const head of film.heads) {
          for (const { name, of } of head.weightings) found[`${head.name}.${name}`] = all(of);
          for (const [name, of] of head.vectors) found[`${head.name}.${name}`] = all(of);
          for (const [name, of] of head.numbers) found[`${head.name}.${name}`] = { range: 0, values: of.flat() };
        }
        return found;"""
    found = b.run(script)
    check("what heads do is there", {"heads.0.content", "heads.0.interpolated", "heads.0.shifted", "heads.0.weighting", "heads.0.read", "heads.0.gate",
                                     "heads.1.erase", "heads.1.add", "heads.1.sharpening", "heads.1.strength", "heads.1.shift", "memory"} <= set(found), sorted(found))
    for name, of in found.items():
        wanted = tensor(name)
        fine = len(wanted) == len(of["values"]) and all(
            abs(x - y) <= of["range"] / 254 * 0.501 + 6e-4 * abs(y) * (of["range"] == 0) + 1e-6 for x, y in zip(of["values"], wanted))
        check(f"{name} of every step is that of ntm trace", fine)


def contrast(b):
    """Letters of every colour can be read on what they stand on (WCAG 2.2: 4.5 to 1)."""
    script = """const style = getComputedStyle(document.documentElement), found = {};
        for (const name of ['page', 'card', 'well', 'ink', 'soft', 'read', 'write', 'good', 'bad']) found[name] = style.getPropertyValue('--' + name).trim();
        return found;"""
    colours = b.run(script)
    def light(hex_):
        part = lambda c: c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        red, green, blue = (part(int(hex_[at:at + 2], 16) / 255) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    for name in ["ink", "soft", "read", "write", "good", "bad"]:
        for ground in ["page", "card"] + (["well"] if name in ("ink",) else []):
            a, c = sorted([light(colours[name]), light(colours[ground])])
            check(f"{name} on {ground}", (c + 0.05) / (a + 0.05) >= 4.5, (c + 0.05) / (a + 0.05))


def fits(b, size):
    wide = b.run("return document.documentElement.scrollWidth")
    check(f"nothing sticks out at {size[0]} pixels", wide <= size[0], wide)


def shot(b, path, css=None):
    box = b.run("const r = arguments[0] ? document.querySelector(arguments[0]).getBoundingClientRect() : document.documentElement.getBoundingClientRect();"
                "return [r.x + scrollX, r.y + scrollY, r.width, r.height]", css)
    clip = {"x": max(0, box[0]), "y": max(0, box[1]), "width": box[2], "height": min(box[3], 12000), "scale": 1}
    data = b.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
    path.write_bytes(base64.b64decode(data))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("run", type=pathlib.Path, nargs="?")
    parser.add_argument("eval", type=pathlib.Path, nargs="?")
    parser.add_argument("trace", type=pathlib.Path, nargs="?")
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--fragment", default="", help="such as #sequence=1&step=27")
    parser.add_argument("--crop", help="what of the page the pictures are of, as a CSS selector")
    args = parser.parse_args()
    with browser() as b:
        b.look(DESKTOP)
        b.open(args.report, args.fragment)
        check("no error in the console", (said := b.errors()) == [], said)
        check("nothing is asked for", b.run("return performance.getEntriesByType('resource').length") == 0)
        fits(b, DESKTOP)
        contrast(b)
        if args.run:
            rows = json.loads(args.eval.read_text())["rows"]
            check("a sequence for each size", moves(b) == len(rows))
            numbers(b, args.run, rows, args.trace.read_bytes())
        for name, size, dark in [("light", DESKTOP, False), ("dark", DESKTOP, True), ("phone", PHONE, False), ("phone-dark", PHONE, True)]:
            b.look(size, dark)
            b.open(args.report, args.fragment)
            b.look(size, dark)
            fits(b, size)
            if dark:
                contrast(b)
            if args.pictures:
                args.pictures.mkdir(parents=True, exist_ok=True)
                shot(b, args.pictures / f"{name}.png", css=args.crop)
        b.look(DESKTOP, media="print")
        shown = "return [getComputedStyle(document.querySelector('.player') || document.body).display, ...[...document.querySelectorAll('.still')].map((s) => getComputedStyle(s).display)]"
        player, *stills = b.run(shown)
        check("paper has pictures in the player's place", player == "none" and stills and set(stills) == {"block"}, (player, stills))
        if args.pictures:
            pdf = b.devtools("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
            (args.pictures / "print.pdf").write_bytes(base64.b64decode(pdf))
        b.look(DESKTOP)
        b.devtools("Emulation.setScriptExecutionDisabled", value=True)
        b.open(args.report)
        without = b.devtools("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        if args.pictures:
            (args.pictures / "no-script.png").write_bytes(base64.b64decode(without))
        # the page's own script has not run; ours asks what is seen
        b.devtools("Emulation.setScriptExecutionDisabled", value=False)
        player, *stills = b.run(shown)
        names = b.run("return document.documentElement.className")
        check("without JavaScript pictures are in the player's place", (names, player) == ("", "none") and set(stills) == {"block"}, (names, player, stills))
        check("no error in the console", (said := b.errors()) == [], said)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
