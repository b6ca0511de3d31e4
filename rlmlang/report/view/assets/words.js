// Two texts word by word.

import { el } from "./dom.js";

const MOST = 1_500;

/** The words of two texts: those that both have, those that went, those that came. */
export function words(before, after) {
  const [a, b] = [before, after].map((text) => text.match(/\s+|[^\s]+/g) ?? []);
  if (a.length > MOST || b.length > MOST) return [["-", before], ["+", after]];
  const tall = lengths(a, b);
  const found = [];
  const put = (kind, text) => {
    if (found.at(-1)?.[0] === kind) found.at(-1)[1] += text;
    else found.push([kind, text]);
  };
  let [x, y] = [0, 0];
  while (x < a.length || y < b.length) {
    if (x < a.length && y < b.length && a[x] === b[y]) {
      put("=", a[x]);
      x += 1;
      y += 1;
    } else if (y >= b.length || (x < a.length && tall[x + 1][y] >= tall[x][y + 1])) {
      put("-", a[x]);
      x += 1;
    } else {
      put("+", b[y]);
      y += 1;
    }
  }
  return found;
}

/** How many words the rests of both texts have in common, from each place of both. */
function lengths(a, b) {
  const tall = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let x = a.length - 1; x >= 0; x -= 1) {
    for (let y = b.length - 1; y >= 0; y -= 1) {
      tall[x][y] = a[x] === b[y] ? tall[x + 1][y + 1] + 1 : Math.max(tall[x + 1][y], tall[x][y + 1]);
    }
  }
  return tall;
}

/** The same as an element. */
export function changed(before, after) {
  const kinds = { "=": "span", "-": "del", "+": "ins" };
  return el("pre", { class: "prose" }, words(before, after).map(([kind, text]) => el(kinds[kind], {}, text)));
}
