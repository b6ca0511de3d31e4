// Elements made of values: text is set as text, so that nothing which a model said is markup.

/** An element with attributes, `on…` listeners and children; strings are text, null is left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-")) node.setAttribute(name, String(value));
    else if (value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

/** Adds children to an element, those of lists one by one. */
export function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined) node.append(child);
  }
}

/** Puts children in the place of those that an element has. */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
}

/** A part of the page with a title, words about it, and what it shows. */
export function part(id, title, words, ...children) {
  const heading = el("h2", {}, title);
  const about = words ? el("p", { class: "about" }, words) : null;
  return el("section", { id, tabindex: -1 }, el("div", { class: "heading" }, heading, about), children);
}

/** What stands where there is nothing to show, and why. */
export function empty(...words) {
  return el("p", { class: "empty" }, words);
}

/** A group of buttons of which one is chosen. */
export function choice(label, options, chosen, choose) {
  const buttons = options.map(([value, words]) =>
    el("button", { type: "button", "aria-pressed": value === chosen, onclick: () => pick(value) }, words),
  );
  function pick(value) {
    options.forEach(([each], at) => buttons[at].setAttribute("aria-pressed", String(each === value)));
    choose(value);
  }
  return el("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

/** A table: headings as [words, is a number], rows of cells, each text or an element. */
export function table(headings, rows, attributes = {}) {
  const right = headings.map(([, number]) => (number ? "number" : null));
  const cells = (row, tag) => row.map((cell, at) => el(tag, { class: right[at] }, cell));
  const head = el("thead", {}, el("tr", {}, cells(headings.map(([words]) => words), "th")));
  const body = rows.map((row) => el("tr", {}, cells(row, "td")));
  return el("div", { class: "wide" }, el("table", attributes, head, el("tbody", {}, body)));
}
