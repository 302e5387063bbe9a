// Numbers of a film, as pack.rs packs them.
"use strict";

/** All levels of a packed quantity, step after step: 0 to 254, and 255 for what is not finite. */
function unpack(packed, steps) {
  const text = atob(packed.data);
  const levels = new Uint8Array(steps * packed.size);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (byte === 0) at += text.charCodeAt(++i);
    else levels[at++] = byte;
  }
  for (let n = packed.size; n < levels.length; n++) levels[n] += levels[n - packed.size];
  return levels;
}

/** A quantity that can be asked for its numbers. */
class Numbers {
  constructor(packed, steps) {
    this.size = packed.size;
    this.low = packed.low;
    this.high = packed.high;
    this.levels = unpack(packed, steps);
  }
  /** From 0 to 1 between the ends of its range; NaN for what is not finite. */
  share(step, place) {
    const level = this.levels[step * this.size + place];
    return level === 255 ? NaN : level / 254;
  }
  at(step, place) {
    return this.low + this.share(step, place) * (this.high - this.low);
  }
  /** Where it is largest at a step, and how large. */
  peak(step) {
    let place = 0;
    for (let n = 1; n < this.size; n++) if (this.at(step, n) > this.at(step, place)) place = n;
    return { place, value: this.at(step, place) };
  }
}

/** One recorded sequence. */
class Film {
  constructor(told) {
    const { steps } = told;
    const numbers = (packed) => packed && new Numbers(packed, steps);
    Object.assign(this, { title: told.title, steps, bits: told.bits, scored: told.scored });
    [this.slots, this.width] = told.shape;
    this.inputs = numbers(told.inputs);
    this.targets = numbers(told.targets);
    this.outputs = numbers(told.outputs);
    this.memory = numbers(told.memory);
    this.heads = told.heads.map((head) => ({
      name: head.name,
      reads: head.reads,
      weightings: head.weightings.map(({ name, of }) => ({ name, of: numbers(of) })),
      used: numbers(head.used),
      vectors: new Map(head.vectors.map(({ name, of }) => [name, numbers(of)])),
      numbers: new Map(head.numbers.map(({ name, of }) => [name, of])),
    }));
  }
  /** The weighting that a head acts with: the last that its stages made, or that of the step before. */
  acts(head) {
    return head.used || (head.weightings.length ? head.weightings[head.weightings.length - 1].of : null);
  }
  /** Answers on the wrong side of one half, of those that are scored. */
  wrong(step) {
    if (!this.bits || this.scored[step] !== "1") return [];
    const wrong = [];
    for (let n = 0; n < this.targets.size; n++)
      if (this.targets.at(step, n) >= 0.5 !== this.outputs.at(step, n) >= 0.5) wrong.push(n);
    return wrong;
  }
  /** Slots that some head ever looks at, with one more on either side; null stands for those left out between. */
  inUse() {
    const used = new Uint8Array(this.slots);
    for (const head of this.heads) {
      const weighting = this.acts(head);
      for (let n = 0; weighting && n < weighting.levels.length; n++)
        if (weighting.levels[n] > 25) used[n % weighting.size] = 1;
    }
    const shown = [];
    for (let slot = 0; slot < this.slots; slot++) {
      if (!(used[slot] || used[slot - 1] || used[slot + 1])) continue;
      if (shown.length && shown[shown.length - 1] !== slot - 1) shown.push(null);
      shown.push(slot);
    }
    return shown.length > 2 ? shown : this.all();
  }
  all() {
    return Array.from({ length: this.slots }, (_, slot) => slot);
  }
}
