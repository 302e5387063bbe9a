// What the player draws with: elements, icons, colours of the theme, cells and bars on canvases.

const ICONS = { first: "M2 2h2v12H2zM14 2v12L5 8z", back: "M12 2v12L4 8z", play: "M4 2v12l9-6z", pause: "M3 2h4v12H3zM9 2h4v12H9z",
  next: "M4 2v12l8-6z", last: "M12 2h2v12h-2zM2 2v12l9-6z" };

function element(name, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
/** A number in a few digits. */
function few(x) {
  if (!Number.isFinite(x)) return "not finite";
  return Math.abs(x) >= 100 ? x.toFixed(0) : Math.abs(x) >= 10 ? x.toFixed(1) : x.toFixed(2);
}

/** The colours of the theme, as lists of red, green, blue. */
function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => {
    const hex = style.getPropertyValue(`--${name}`).trim().slice(1);
    const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
  };
  const names = ["card", "ink", "soft", "line", "well", "read", "write", "plus", "minus", "bad"];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}
const css = (rgb) => `rgb(${rgb.join()})`;
const mix = (from, to, share) => from.map((x, n) => Math.round(x + (to[n] - x) * share));

/** Heads that write before those that read: the order in which a memory is used. */
function ordered(heads) {
  return [...heads.filter((head) => !head.reads), ...heads.filter((head) => head.reads)];
}
/** From the theme's ground to a colour; what is not finite stands out. */
function cell(colours, share, full) {
  return Number.isNaN(share) ? colours.bad : mix(colours.well, full, share);
}
/** A number of what goes in or comes out: from the ground to ink, by its sign where there are signs. */
function number(colours, of, step, place) {
  return of.low < 0 ? signed(colours, of, step, place) : cell(colours, of.share(step, place), colours.ink);
}
/** A number by its sign and size, zero being the theme's ground. */
function signed(colours, of, step, place) {
  const value = of.at(step, place);
  if (Number.isNaN(value)) return colours.bad;
  const bound = Math.max(Math.abs(of.low), Math.abs(of.high));
  return mix(colours.well, value < 0 ? colours.minus : colours.plus, Math.sqrt(Math.min(1, Math.abs(value) / bound)));
}
/** A canvas of so many pixels of the page, as sharp as the screen. */
function sized(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}
/** One pixel for each cell of a matrix, to be drawn larger; null leaves it empty. */
function pixels(columns, rows, colour) {
  const canvas = element("canvas", { width: Math.max(1, columns), height: Math.max(1, rows) });
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const found = colour(column, row);
      if (found) image.data.set([...found, 255], 4 * (row * canvas.width + column));
    }
  context.putImageData(image, 0, 0);
  return canvas;
}
/** A weighting over slots: a bar for each, as high as it is. */
function bars(context, colours, full, slots, of, width, height) {
  const each = width / slots.length;
  context.fillStyle = css(colours.well);
  context.fillRect(0, 0, width, height);
  slots.forEach((slot, place) => {
    if (slot === null) {
      context.fillStyle = css(colours.card);
      context.fillRect(place * each, 0, each, height);
      return;
    }
    const value = of(slot);
    if (value === null) return;
    const high = Number.isNaN(value) ? height : Math.max(value > 0.003 ? 1 : 0, value * height);
    context.fillStyle = css(Number.isNaN(value) ? colours.bad : full);
    context.fillRect(place * each, height - high, each > 4 ? each - 1 : each, high);
  });
}
