// A canvas as sharp as the screen, with a tip that follows the pointer and a stretch to zoom into.

import { el } from "./dom.js";

const tip = el("div", { id: "tip", role: "status", hidden: true });

/** A colour of the style sheet, as it is in the reader's scheme. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of a step. */
export function stepColour(number) {
  return colour(`--step-${number % 8}`);
}

/** A canvas that calls `draw(context, width, height)` whenever it has to be drawn. */
export function canvas(label, height, draw) {
  const node = el("canvas", { tabindex: 0, "aria-label": label, role: "application" });
  const drawn = { node, width: 0, height, redraw };
  node.style.height = `${height}px`;
  function redraw() {
    const scale = window.devicePixelRatio || 1;
    drawn.width = node.clientWidth;
    if (!drawn.width) return;
    node.style.height = `${drawn.height}px`;
    node.width = Math.round(drawn.width * scale);
    node.height = Math.round(drawn.height * scale);
    const context = node.getContext("2d");
    context.scale(scale, scale);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    draw(context, drawn.width, drawn.height);
  }
  new ResizeObserver(redraw).observe(node);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return drawn;
}

/** Shows lines of text beside the pointer; none hides them. */
export function showTip(event, lines) {
  if (!tip.isConnected) document.body.append(tip);
  tip.hidden = !lines.length;
  tip.replaceChildren(...lines.map((line, at) => el(at ? "div" : "strong", {}, line)));
  const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  const top = event.clientY + 18 + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${top}px`;
}

/** Hides what `showTip` shows. */
export function hideTip() {
  tip.hidden = true;
}

/** Text that is cut where its room ends. */
export function fitted(context, text, room) {
  if (room < 24) return "";
  if (context.measureText(text).width <= room) return text;
  const most = Math.floor((room - 8) / 6.2);
  return most > 1 ? `${text.slice(0, most)}…` : "";
}

/** A stretch of a line from 0 to `all` that a canvas shows: dragging zooms into it, a double click
 * or Escape shows all, the keys + and - zoom, arrows move the cursor, Enter or a click choose. */
export class Stretch {
  constructor(drawn, all, { hover, choose, changed }) {
    Object.assign(this, { drawn, all, from: 0, to: all, cursor: null, dragged: null, hover, choose, changed });
    const { node } = drawn;
    node.addEventListener("pointerdown", (event) => this.begin(event));
    node.addEventListener("pointermove", (event) => this.move(event));
    node.addEventListener("pointerup", (event) => this.end(event));
    node.addEventListener("pointerleave", hideTip);
    node.addEventListener("dblclick", () => this.show(0, this.all));
    node.addEventListener("keydown", (event) => this.key(event));
  }

  /** The place on the line below a pixel, and the other way round. */
  at(x) {
    return this.from + ((this.to - this.from) * x) / Math.max(1, this.drawn.width);
  }

  x(at) {
    return ((at - this.from) / Math.max(1e-9, this.to - this.from)) * this.drawn.width;
  }

  show(from, to) {
    const least = this.all / 1e7;
    const wide = Math.max(least, Math.min(this.all, to - from));
    this.from = Math.max(0, Math.min(this.all - wide, from));
    this.to = this.from + wide;
    this.changed?.();
    this.drawn.redraw();
  }

  zoom(times, around = (this.from + this.to) / 2) {
    this.show(around - (around - this.from) / times, around + (this.to - around) / times);
  }

  begin(event) {
    this.drawn.node.setPointerCapture(event.pointerId);
    this.dragged = { from: event.offsetX, to: event.offsetX };
  }

  move(event) {
    if (this.dragged === null) {
      showTip(event, this.hover(event.offsetX, event.offsetY));
      return;
    }
    this.dragged.to = event.offsetX;
    hideTip();
    this.drawn.redraw();
  }

  end(event) {
    const { from, to } = this.dragged ?? { from: 0, to: 0 };
    this.dragged = null;
    if (Math.abs(to - from) > 5) {
      this.show(this.at(Math.min(from, to)), this.at(Math.max(from, to)));
      return;
    }
    this.cursor = this.at(event.offsetX);
    this.choose(event.offsetX, event.offsetY);
    this.drawn.redraw();
  }

  key(event) {
    const step = (this.to - this.from) / 50;
    const done = {
      "+": () => this.zoom(2, this.cursor ?? undefined),
      "=": () => this.zoom(2, this.cursor ?? undefined),
      "-": () => this.zoom(0.5, this.cursor ?? undefined),
      Escape: () => this.show(0, this.all),
      ArrowLeft: () => this.put((this.cursor ?? this.from) - step),
      ArrowRight: () => this.put((this.cursor ?? this.from) + step),
      Enter: () => this.choose(this.x(this.cursor ?? this.from), this.drawn.height / 2),
    }[event.key];
    if (!done) return;
    event.preventDefault();
    done();
  }

  put(at) {
    this.cursor = Math.max(0, Math.min(this.all, at));
    if (this.cursor < this.from || this.cursor > this.to) {
      const wide = this.to - this.from;
      this.show(this.cursor - wide / 2, this.cursor + wide / 2);
    }
    this.drawn.redraw();
  }

  /** Draws the cursor, and the part that is being dragged over. */
  marks(context, height) {
    if (this.cursor !== null) {
      context.fillStyle = colour("--ink");
      context.fillRect(Math.round(this.x(this.cursor)), 0, 1, height);
    }
    if (this.dragged !== null) {
      context.fillStyle = colour("--chosen");
      const { from, to } = this.dragged;
      context.fillRect(Math.min(from, to), 0, Math.abs(to - from), height);
    }
  }
}
