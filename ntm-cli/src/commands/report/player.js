// The player: one recorded sequence, played or stepped through.

/** What a stage made, by the name of its weighting: how it is called, and the number that decides it. */
const STAGES = { content: ["content", "strength", "β"], interpolated: ["gate", "gate", "g"], shifted: ["shift", "shift", "s"] };
const SIGNS = { strength: "β", gate: "g", shift: "s", sharpening: "γ" };

class Player {
  constructor(place, films) {
    this.place = place;
    this.films = films;
    this.step = 0;
    this.playing = null;
    this.build();
    this.choose(0);
    const again = () => this.lay();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    new ResizeObserver(() => this.place.clientWidth !== this.laidAt && this.lay()).observe(place);
  }

  get film() {
    return this.films[this.chosen];
  }

  /** Everything that does not depend on the sequence. */
  build() {
    const button = (name, label, act) => {
      const made = element("button", { type: "button", className: name, title: label, onclick: act }, icon(name));
      made.setAttribute("aria-label", label);
      return made;
    };
    this.select = element("select", { title: "Sequence", onchange: () => this.choose(Number(this.select.value)) });
    this.films.forEach((film, n) => this.select.append(element("option", { value: n, textContent: film.title })));
    this.time = element("input", { type: "range", min: 0, oninput: () => this.go(Number(this.time.value)) });
    this.time.setAttribute("aria-label", "Step");
    this.clock = element("output");
    this.start = element("button", { type: "button", className: "play", onclick: () => this.toggle() });
    this.speed = element("select", { title: "Speed" });
    for (const rate of [1, 2, 5, 10, 30])
      this.speed.append(element("option", { value: rate, textContent: `${rate} steps/s`, selected: rate === 5 }));
    this.every = element("input", { type: "checkbox", onchange: () => this.lay() });
    this.whether = element("label", {}, this.every, "all slots");
    const bar = element("div", { className: "bar" },
      this.select,
      element("div", { className: "buttons" },
        button("first", "First step (Home)", () => this.go(0)), button("back", "Step back (left arrow)", () => this.go(this.step - 1)),
        this.start, button("next", "Step on (right arrow)", () => this.go(this.step + 1)),
        button("last", "Last step (End)", () => this.go(this.film.steps - 1))),
      this.time, this.clock);
    const more = element("div", { className: "more" }, element("label", {}, "Speed", this.speed), this.whether);
    this.told = element("p", { className: "told" });
    this.whole = element("div", { className: "rows whole" });
    this.now = element("div", { className: "rows" });
    this.under = element("span", { className: "under", textContent: " Point at a cell for its number." });
    const keys = element("span", { className: "keys" }, "Keys: ", element("kbd", { textContent: "←" }), " ", element("kbd", { textContent: "→" }),
      " step, ", element("kbd", { textContent: "Space" }), " play, ", element("kbd", { textContent: "Home" }), " ", element("kbd", { textContent: "End" }),
      ". Click in time to go there. ");
    const sign = element("span", { className: "key sign" });
    this.hint = element("p", { className: "hint" }, keys, "Vectors and memory: below zero ", sign, " above zero.", this.under);
    this.place.append(bar, this.told, this.whole, this.now, more, this.hint);
    this.place.tabIndex = 0;
    this.place.addEventListener("keydown", (event) => this.key(event));
    this.shown();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = event.target.tagName;
    if (on === "SELECT" || (on === "INPUT" && event.key !== " ")) return;
    const to = { ArrowLeft: this.step - 1, ArrowRight: this.step + 1, PageUp: this.step - 10, PageDown: this.step + 10, Home: 0,
      End: this.film.steps - 1 }[event.key];
    if (event.key === " " && on !== "BUTTON" && event.target.type !== "checkbox") this.toggle();
    else if (to !== undefined) this.go(to);
    else return;
    event.preventDefault();
  }

  /** The button says what it will do. */
  shown() {
    const plays = this.playing !== null;
    this.start.replaceChildren(icon(plays ? "pause" : "play"), plays ? "Pause" : "Play");
    this.told.setAttribute("aria-live", plays ? "off" : "polite");
  }
  toggle() {
    if (this.playing !== null) return this.pause();
    if (this.step === this.film.steps - 1) this.go(0);
    const next = () => {
      this.playing = setTimeout(next, 1000 / Number(this.speed.value));
      if (this.step < this.film.steps - 1) this.paint(this.step + 1);
      else this.pause();
    };
    this.playing = setTimeout(next, 1000 / Number(this.speed.value));
    this.shown();
  }
  pause() {
    clearTimeout(this.playing);
    this.playing = null;
    this.shown();
  }
  /** To a step by hand, which ends playing. */
  go(step) {
    if (this.playing !== null) this.pause();
    this.paint(Math.max(0, Math.min(this.film.steps - 1, step)));
  }

  choose(which) {
    if (this.playing !== null) this.pause();
    this.chosen = which;
    this.select.value = which;
    this.time.max = this.film.steps - 1;
    this.step = Math.min(this.step, this.film.steps - 1);
    this.whether.hidden = !this.film.heads.length;
    this.lay();
  }

  /** Makes the canvases of a sequence anew: another sequence, theme or width. */
  lay() {
    const { film } = this;
    this.laidAt = this.place.clientWidth;
    this.colours = theme();
    this.slots = this.every.checked ? film.all() : film.inUse();
    this.painters = [];
    this.layWhole();
    this.layNow();
    this.paint(this.step);
  }

  /** A heading or a row: name, canvas, value. The painter is told the step. */
  row(into, name, height, describe, paint, under) {
    const label = element("div", { className: "name", textContent: name });
    const canvas = element("canvas", { className: "middle" });
    const value = element("div", { className: "value" });
    canvas.setAttribute("role", "img");
    into.append(label, canvas, value);
    const width = canvas.clientWidth || 300;
    const context = sized(canvas, width, height);
    this.painters.push((step) => {
      context.clearRect(0, 0, width, height);
      const said = paint(context, step, width, height) || "";
      value.textContent = said;
      if (said) label.dataset.value = said;
      else delete label.dataset.value;
      canvas.setAttribute("aria-label", `${describe}${said ? `: ${said}` : ""}`);
    });
    if (under)
      canvas.addEventListener("pointermove", (event) => {
        const at = under(event.offsetX / canvas.clientWidth, event.offsetY / height);
        this.under.textContent = at ? ` ${at}` : "";
      });
    return canvas;
  }
  heading(into, text, more, of) {
    const made = element("div", { className: `heading ${of || ""}` }, text);
    if (more) made.append(" ", element("span", { textContent: more }));
    into.append(made);
    return made;
  }

  /** The sequence from its first step to its last. */
  layWhole() {
    const { film, colours } = this;
    this.whole.replaceChildren();
    this.heading(this.whole, "The whole sequence", `time runs to the right, ${film.steps} steps`);
    const inked = (of) => (step, n) => number(colours, of, step, n);
    // what is said where nobody asks is pale
    const answers = (step, n) => {
      const full = number(colours, film.outputs, step, n);
      return film.scored[step] === "1" ? full : mix(colours.well, full, 0.2);
    };
    this.panel("inputs", film.inputs.size, inked(film.inputs), (step, n) => `input ${n} at step ${step}: ${few(film.inputs.at(step, n))}`);
    this.panel("targets", film.targets.size, inked(film.targets), (step, n) => `target ${n} at step ${step}: ${few(film.targets.at(step, n))}`);
    const wrong = Array.from({ length: film.steps }, (_, step) => new Set(film.wrong(step)));
    this.panel("outputs", film.outputs.size, answers, (step, n) => `output ${n} at step ${step}: ${few(film.outputs.at(step, n))}`, wrong);
    for (const head of ordered(film.heads)) {
      const weighting = film.acts(head);
      if (!weighting) continue;
      const full = head.reads ? colours.read : colours.write;
      const at = (step, n) => (this.slots[n] === null ? null : cell(colours, weighting.share(step, this.slots[n]), full));
      const tell = (step, n) =>
        this.slots[n] === null ? "" : `${head.name} at step ${step}, slot ${this.slots[n]}: ${few(weighting.at(step, this.slots[n]))}`;
      this.panel(`${head.name} ${head.reads ? "reads" : "writes"}`, this.slots.length, at, tell, null, `slots ${this.windows()} ↓`);
    }
  }

  /** A matrix over all steps, with the step that is shown marked, to be clicked. */
  panel(name, rows, colour, tell, wrong, more = "") {
    const { film, colours } = this;
    const image = pixels(film.steps, rows, colour);
    const height = Math.round(Math.max(14, Math.min(rows * 7, name.startsWith("heads") ? 110 : 56)));
    const paint = (context, step, width) => {
      context.imageSmoothingEnabled = false;
      context.drawImage(image, 0, 0, width, height);
      const each = width / film.steps;
      context.strokeStyle = css(colours.bad);
      if (wrong)
        wrong.forEach((places, at) => places.forEach((n) => context.strokeRect(at * each + 0.5, (n * height) / rows + 0.5, each - 1, height / rows - 1)));
      context.strokeStyle = css(colours.ink);
      context.lineWidth = 1.5;
      context.strokeRect(step * each - 0.5, 0.75, Math.max(each, 2) + 1, height - 1.5);
      if (wrong) {
        const count = wrong.reduce((sum, places) => sum + places.size, 0);
        return film.bits ? (count ? `${count} wrong` : "no bit is wrong") : more;
      }
      return more;
    };
    const place = (x, y) => [Math.min(film.steps - 1, Math.floor(x * film.steps)), Math.min(rows - 1, Math.max(0, Math.floor(y * rows)))];
    const canvas = this.row(this.whole, name, height, `${name} over all steps`, paint, (x, y) => tell(...place(x, y)));
    canvas.classList.add("seek");
    const seek = (event) => event.buttons && this.go(Math.max(0, place(event.offsetX / canvas.clientWidth, 0)[0]));
    canvas.addEventListener("pointerdown", seek);
    canvas.addEventListener("pointermove", seek);
  }

  /** One step: what goes in, how heads come to look where they look, the memory, what comes out. */
  layNow() {
    const { film } = this;
    this.now.replaceChildren();
    this.stepHeading = this.heading(this.now, "");
    this.vector("input", film.inputs);
    this.vector("output", film.outputs, (step) => {
      const wrong = film.wrong(step);
      if (film.scored[step] !== "1") return "not scored";
      return film.bits ? (wrong.length ? `${wrong.length} wrong` : "all right") : "scored";
    });
    const [writers, readers] = [film.heads.filter((head) => !head.reads), film.heads.filter((head) => head.reads)];
    writers.forEach((head) => this.head(head));
    if (film.memory) this.memory(writers, readers);
    readers.forEach((head) => this.head(head));
  }

  /** Numbers of a step side by side. */
  vector(name, of, say = () => "") {
    const { film, colours } = this;
    const paint = (context, step, width, height) => {
      const each = Math.min(24, width / of.size);
      const wrong = name === "output" ? film.wrong(step) : [];
      for (let n = 0; n < of.size; n++) {
        context.fillStyle = css(number(colours, of, step, n));
        context.fillRect(n * each, 0, each - 1, height);
        if (!wrong.includes(n)) continue;
        context.strokeStyle = css(colours.bad);
        context.lineWidth = 3;
        context.strokeRect(n * each + 1.5, 1.5, each - 4, height - 3);
      }
      return say(step);
    };
    const tell = (x) => {
      const n = Math.floor((x * this.now.querySelector("canvas").clientWidth) / Math.min(24, this.now.querySelector("canvas").clientWidth / of.size));
      return n < of.size ? `${name} ${n}: ${few(of.at(this.step, n))}` : "";
    };
    this.row(this.now, name, 18, name, paint, tell);
  }

  /** A head's weighting, stage by stage. */
  head(head) {
    const { film, colours } = this;
    if (!head.weightings.length) return;
    const full = head.reads ? colours.read : colours.write;
    this.heading(this.now, `${head.name} ${head.reads ? "reads" : "writes"}`, film.slots ? this.window() : "", head.reads ? "r" : "w");
    const last = head.weightings[head.weightings.length - 1];
    const told = new Set();
    const number = (name, step) => {
      const numbers = head.numbers.get(name);
      told.add(name);
      return numbers ? `${SIGNS[name] || name} ${numbers[step].map((x) => few(x === null ? NaN : x)).join(" ")}` : "";
    };
    const strip = (name, of, say, height = 24) => {
      const paint = (context, step, width) => {
        bars(context, colours, full, this.slots, (slot) => of(step, slot), width, height);
        return say(step);
      };
      const tell = (x) => {
        const slot = this.slots[Math.min(this.slots.length - 1, Math.floor(x * this.slots.length))];
        const value = slot === null ? null : of(this.step, slot);
        return value === null ? "" : `${head.name}, ${name}, slot ${slot}: ${few(value)}`;
      };
      this.row(this.now, name, height, `${head.name}, ${name}`, paint, tell);
    };
    const peak = (of, step) => {
      const { place, value } = of.peak(step);
      return `slot ${place}: ${few(value)}`;
    };
    const before = (step, slot) => (step > 0 ? last.of.at(step - 1, slot) : null);
    strip("step before", before, (step) => (step > 0 ? peak(last.of, step - 1) : "the start"));
    for (const { name, of } of head.weightings) {
      const [title, decides] = STAGES[name] || (of === last.of && head.numbers.has("sharpening") ? ["sharpening", "sharpening"] : [name, name]);
      const ends = of === last.of;
      strip(title, (step, slot) => of.at(step, slot), (step) => {
        const said = number(decides, step);
        return ends ? [said, peak(of, step)].filter(Boolean).join(" · ") : said;
      }, ends ? 38 : 24);
    }
    if (head.used) strip("acts with", (step, slot) => head.used.at(step, slot), (step) => peak(head.used, step), 38);
    const others = [...head.numbers.keys()].filter((name) => !Object.values(STAGES).some(([, decides]) => decides === name) && name !== "sharpening");
    if (others.length && others.some((name) => !told.has(name))) {
      const line = element("div", { className: "value" });
      this.now.append(element("div", { className: "name", textContent: "numbers" }), line, element("div"));
      this.painters.push((step) => (line.textContent = others.map((name) => number(name, step)).join("  ")));
    }
  }
  /** Which slots are shown, such as `0 to 4, 124 to 127`. */
  windows() {
    const ends = (_, n) => this.slots[n] !== null && (n === 0 || this.slots[n - 1] === null || n === this.slots.length - 1 || this.slots[n + 1] === null);
    const [first, ...rest] = this.slots.filter(ends);
    return rest.reduce((text, slot, n) => text + (n % 2 ? ", " : " to ") + slot, `${first}`);
  }
  window() {
    const shown = this.slots.filter((slot) => slot !== null).length;
    return shown === this.film.slots ? `all ${shown} slots` : `${shown} of ${this.film.slots} slots`;
  }

  /** The memory after the step; on its left what is written, on its right what is read. */
  memory(writers, readers) {
    const { film, colours, slots } = this;
    const height = Math.max(80, Math.min(190, film.width * 8));
    this.heading(this.now, "Memory", `after the step; each column is a slot of ${film.width} numbers`);
    const side = (heads, names) => {
      const vectors = heads.flatMap((head) => names.filter((name) => head.vectors.has(name)).map((name) => ({ name, head, of: head.vectors.get(name) })));
      const holder = element("div", { className: "side" });
      const canvas = element("canvas");
      holder.append(canvas);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", vectors.map(({ name, head }) => `${head.name} ${name}`).join(", "));
      return { holder, canvas, vectors };
    };
    const [left, right] = [side(writers, ["key", "erase", "add"]), side(readers, ["key", "read"])];
    const canvas = element("canvas", { className: "middle" });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "memory after the step");
    this.now.append(left.holder, canvas, right.holder);
    const width = canvas.clientWidth || 300;
    const total = height + 16;
    const context = sized(canvas, width, total);
    const axis = (x) => x / slots.length;
    this.painters.push((step) => {
      context.clearRect(0, 0, width, total);
      const colour = (place, row) => (slots[place] === null ? null : signed(colours, film.memory, step, slots[place] * film.width + row));
      context.imageSmoothingEnabled = false;
      context.drawImage(pixels(slots.length, film.width, colour), 0, 0, width, height);
      context.fillStyle = css(colours.soft);
      context.font = "11px sans-serif";
      context.textAlign = "center";
      const each = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => (n * width) / slots.length >= 26) || 1000;
      slots.forEach((slot, place) => slot !== null && slot % each === 0 && context.fillText(slot, (axis(place) + axis(1) / 2) * width, total - 3));
    });
    canvas.addEventListener("pointermove", (event) => {
      const slot = slots[Math.min(slots.length - 1, Math.floor((event.offsetX / canvas.clientWidth) * slots.length))];
      const row = Math.floor((event.offsetY / height) * film.width);
      if (slot !== null && row < film.width)
        this.under.textContent = ` memory, slot ${slot}, number ${row}: ${few(film.memory.at(this.step, slot * film.width + row))}`;
    });
    for (const { holder, canvas, vectors } of [left, right]) {
      if (!vectors.length) continue;
      const room = holder.clientWidth || 40;
      const each = Math.min(36, room / vectors.length);
      const context = sized(canvas, each * vectors.length, total);
      canvas.style.width = `${each * vectors.length}px`;
      if (holder === left.holder) canvas.style.marginLeft = "auto";
      this.painters.push((step) => {
        context.clearRect(0, 0, room, total);
        vectors.forEach(({ name, of }, n) => {
          for (let row = 0; row < of.size; row++) {
            context.fillStyle = css(signed(colours, of, step, row));
            const [y, below] = [Math.round((row * height) / of.size), Math.round(((row + 1) * height) / of.size)];
            context.fillRect(n * each + each * 0.15, y, each * 0.7, below - y);
          }
          context.fillStyle = css(colours.soft);
          context.font = "11px sans-serif";
          context.textAlign = "center";
          context.fillText(each < 26 ? name[0] : name, (n + 0.5) * each, total - 3);
        });
      });
    }
  }

  paint(step) {
    const { film } = this;
    this.step = step;
    this.time.value = step;
    this.time.setAttribute("aria-valuetext", `step ${step} of 0 to ${film.steps - 1}`);
    this.clock.textContent = `step ${step} of ${film.steps - 1}`;
    this.stepHeading.textContent = `Step ${step}`;
    this.place.dataset.step = step;
    this.painters.forEach((paint) => paint(step));
    this.say(step);
  }

  /** The step in words. */
  say(step) {
    const { film } = this;
    const digits = (of) => Array.from({ length: of.size }, (_, n) => (of.at(step, n) >= 0.5 ? "1" : "0")).join("");
    const parts = [film.bits ? `in ${digits(film.inputs)}` : ""];
    for (const head of ordered(film.heads)) {
      const weighting = film.acts(head);
      if (!weighting) continue;
      const { place, value } = weighting.peak(step);
      const does = `${head.name} ${head.reads ? "reads" : "writes"} at slot ${place} (${few(value)})`;
      parts.push(element("span", { className: head.reads ? "r" : "w", textContent: does }));
    }
    if (film.scored[step] === "1" && film.bits) {
      const wrong = film.wrong(step).length;
      parts.push(`out ${digits(film.outputs)}, ${wrong ? `${wrong} wrong` : "right"}`);
    }
    const line = parts.filter((part) => part !== "").flatMap((part, n) => (n ? ["  ·  ", part] : [part]));
    this.told.replaceChildren(...line);
  }
}

/** Every player of the page; `#sequence=2&step=30` chooses of the first. */
function begin() {
  const players = [];
  for (const place of document.querySelectorAll(".player")) {
    const told = JSON.parse(document.getElementById(place.dataset.films).textContent);
    players.push(new Player(place, told.map((film) => new Film(film))));
  }
  const [first] = players;
  if (!first) return;
  const wanted = new URLSearchParams(location.hash.slice(1));
  const sequence = Number(wanted.get("sequence"));
  if (first.films[sequence]) first.choose(sequence);
  if (wanted.has("step")) first.go(Number(wanted.get("step")) || 0);
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body && (event.key === "ArrowLeft" || event.key === "ArrowRight")) first.key(event);
  });
}
begin();
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));
