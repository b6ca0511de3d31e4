// Amounts as people read them.

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with commas; a formula stays as it is. */
export function count(value) {
  return typeof value === "number" ? WHOLE.format(value) : String(value ?? "");
}

/** A number with its word, which takes an s unless it is one. */
export function counted(value, word) {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

/** An amount of dollars: in cents where that says enough. */
export function dollars(value) {
  if (value === null || value === undefined) return "price unknown";
  if (typeof value !== "number") return value;
  if (value === 0) return "$0";
  if (value >= 0.1) return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${value.toPrecision(2).includes("e") ? value.toExponential(1) : Number(value.toPrecision(2))}`;
}

/** A time in the unit that suits it. */
export function seconds(value) {
  if (value < 0.0995) return `${value ? Math.max(1, Math.round(value * 1000)) : 0} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

/** A share; what is nearly all or nearly nothing is not rounded to it. */
export function percent(share) {
  if (share > 0.999 && share < 1) return "99.9%";
  if (share > 0 && share < 0.001) return "<0.1%";
  return `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)}%`;
}

/** Bytes in the unit that suits them. */
export function bytes(value) {
  if (value < 10_000) return `${count(value)} bytes`;
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/** A moment, in the reader's own zone. */
export function moment(at) {
  return new Date(at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** A text in one line, and no longer than that. */
export function short(text, most) {
  const line = text.slice(0, most * 4).replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** A result as text. */
export function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
