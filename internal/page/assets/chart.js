"use strict";
// Elements, numbers and charts of the pages.

// el returns a new element: el("p.sub", "text"), el("a", {href: "#"}, child, …).
function el(name, ...rest) {
  const [tag, ...classes] = name.split(".");
  const e = document.createElement(tag);
  if (classes.length) e.className = classes.join(" ");
  for (const r of rest.flat()) {
    if (r == null) continue;
    if (typeof r === "object" && !(r instanceof Node)) for (const [k, v] of Object.entries(r)) {
      if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
      else if (v === true) e.setAttribute(k, "");
      else if (v !== false && v != null) e.setAttribute(k, v);
    } else e.append(r);
  }
  return e;
}

// svg returns a new SVG element.
function svg(name, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// number formats a figure with about four digits.
function number(v) {
  if (v == null) return "–";
  const a = Math.abs(v);
  if (a >= 1e6 || a > 0 && a < 1e-4) return v.toExponential(2).replace("e+", "e").replace("-", "−").replace("e-", "e−");
  if (a >= 1000) return Math.round(v).toLocaleString("en").replaceAll(",", "\u202f");
  return String(+v.toPrecision(4)).replace("-", "−");
}
const percent = v => v == null ? "–" : (100 * v).toFixed(Math.abs(v) >= 0.9995 && v < 1 ? 3 : 2) + "%";

// themed calls a function now and whenever the theme changes.
const repaint = new Set();
function setTheme(name) {
  const dark = name === "dark" || name === "auto" && matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  repaint.forEach(f => f());
}
let theme = "auto";
try { theme = localStorage.getItem("shadegrad-theme") || "auto"; } catch {}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(theme));
setTheme(theme);
function themeButton() {
  const text = () => "Theme: " + theme;
  return el("button.tool", {type: "button", onclick(event) {
    theme = {auto: "light", light: "dark", dark: "auto"}[theme];
    try { localStorage.setItem("shadegrad-theme", theme); } catch {}
    setTheme(theme);
    event.currentTarget.textContent = text();
  }}, text());
}

// smooth returns the means of the points around each point: a fiftieth of the curve, fewer at its ends.
function smooth(values) {
  const reach = Math.round(values.length / 100), sums = [0], counts = [0];
  values.forEach((v, i) => {
    sums.push(sums[i] + (v ?? 0));
    counts.push(counts[i] + (v == null ? 0 : 1));
  });
  return values.map((v, i) => {
    const near = Math.min(reach, i, values.length - 1 - i), from = i - near, to = i + near + 1;
    return v == null ? null : (sums[to] - sums[from]) / (counts[to] - counts[from]);
  });
}

const dashes = {val: [7, 4], test: [2, 3]};

// A Chart is a figure with a curve of several series over x: its legend shows the values under the cursor, which the mouse
// or the arrow keys move, and its table has all values.
class Chart {
  constructor(title, label, options = {}) {
    this.title = title;
    this.label = label;
    this.options = options;
    this.format = options.format || number;
    this.legend = el("p.legend");
    this.said = el("p.hidden", {"aria-live": "polite"});
    this.plot = el("div.plot", {role: "img", tabindex: "0", onkeydown: e => this.key(e), onblur: () => this.point(null)});
    this.table = el("div.scroll", {tabindex: "0", role: "region", "aria-label": title + ": table"});
    this.details = el("details", {ontoggle: () => this.fillTable()}, el("summary", "Table of values"), this.table);
    this.root = el("figure.card", el("figcaption", el("h3", title)), this.legend, this.plot, this.said, this.details);
    new ResizeObserver(() => this.size()).observe(this.plot);
    repaint.add(() => this.build());
  }

  // set shows series [{name, kind, values, faint, low, high}] over x.
  set(x, series) {
    const same = this.series && this.series.length === series.length && this.series.every((s, i) => s.name === series[i].name && !s.low === !series[i].low);
    const more = same && x.length >= this.x.length;
    this.x = x;
    this.series = series;
    this.plot.setAttribute("aria-label", this.summary());
    if (more && this.u) this.u.setData(this.data());
    else this.build();
    this.point(null);
    this.fillTable();
  }

  log() { return this.options.log && this.options.log(); }

  data() {
    const shown = v => this.log() ? v.map(y => y > 0 ? y : null) : v;
    const list = [this.x];
    for (const s of this.series) {
      list.push(shown(s.values));
      if (s.low) list.push(shown(s.high), shown(s.low));
    }
    return list;
  }

  summary() {
    const parts = this.series.filter(s => !s.faint).map(s => {
      const known = s.values.map((v, i) => [this.x[i], v]).filter(p => p[1] != null);
      if (!known.length) return s.name + ": no values";
      const first = known[0], last = known[known.length - 1];
      const best = known.reduce((a, b) => (this.options.high ? b[1] > a[1] : b[1] < a[1]) ? b : a);
      return `${s.name} from ${this.format(first[1])} at ${this.label} ${number(first[0])} to ${this.format(last[1])} at ${number(last[0])}, ` +
        `${this.options.high ? "highest" : "lowest"} ${this.format(best[1])} at ${number(best[0])}`;
    });
    return `${this.title}. ${parts.join("; ")}. The arrow keys select single points.`;
  }

  build() {
    if (!this.series) return;
    if (this.u) this.u.destroy();
    const axis = {stroke: css("--soft"), font: "12px system-ui, sans-serif", grid: {stroke: css("--grid"), width: 1}, ticks: {show: false}};
    const bands = [], lines = [{}];
    for (const s of this.series) {
      const stroke = css("--" + s.kind), few = this.x.length <= 30 && !this.options.dense;
      lines.push({stroke: s.faint ? stroke + "55" : stroke, width: s.faint ? 1 : 2, dash: dashes[s.kind], spanGaps: true,
        points: {show: s.points || few && !s.faint, size: s.points ? 9 : 6, fill: stroke}, paths: s.points ? () => null : undefined});
      if (s.low) {
        const edge = {stroke: "transparent", width: 0, points: {show: false}};
        lines.push(edge, edge);
        bands.push({series: [lines.length - 2, lines.length - 1], fill: stroke + "26"});
      }
    }
    const whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9];
    const x = {time: false, ...(this.options.logX ? {distr: 3, log: 2} : {})};
    if (this.x.length === 1) x.range = [this.x[0] - 1, this.x[0] + 1];
    const y = this.log() ? {distr: 3} : {range: (u, low, high) => this.range(low, high)};
    this.u = new uPlot({width: this.plot.clientWidth || 400, height: this.plot.clientHeight || 240, legend: {show: false}, series: lines, bands, scales: {x, y},
      padding: [10, 24, 0, 0],
      axes: [{...axis, label: this.label, labelSize: 18, labelFont: axis.font, size: 30, ...(this.options.real ? {} : {incrs: whole}), values: (u, list) => list.map(v => v == null ? "" : number(v))},
        {...axis, size: 58, values: (u, list) => list.map(v => v == null ? "" : this.options.axis ? this.options.axis(v) : number(v))}],
      cursor: {y: false, points: {size: 7}, drag: {x: true, y: false}},
      hooks: {setCursor: [u => this.point(u.cursor.idx)]}}, this.data(), this.plot);
  }

  range(low, high) {
    if (low == null) return [0, 1];
    const margin = (high - low || Math.abs(high) || 1) * 0.06;
    return [this.options.zero && low >= 0 ? 0 : low - margin, this.options.most != null ? Math.min(high + margin, this.options.most) : high + margin];
  }

  size() {
    if (this.u && this.plot.clientWidth) this.u.setSize({width: this.plot.clientWidth, height: this.plot.clientHeight});
  }

  // point shows the values at an index in the legend, or the last ones.
  point(index) {
    if (!this.series) return;
    const i = index == null ? this.x.length - 1 : index, items = [];
    for (const s of this.series) {
      if (s.faint) continue;
      let value = s.values[i];
      if (index == null) value = s.values.findLast(v => v != null);
      const line = s.points ? svg("circle", {cx: 8, cy: 3.5, r: 3.5, fill: `var(--${s.kind})`})
        : svg("line", {x1: 0, y1: 3.5, x2: 16, y2: 3.5, stroke: `var(--${s.kind})`, "stroke-width": 2, "stroke-dasharray": (dashes[s.kind] || []).map(d => d / 1.6).join(" ")});
      items.push(el("span", svg("svg", {viewBox: "0 0 16 7", "aria-hidden": "true"}, line), s.name + " ", el("b", this.format(value))));
    }
    if (this.options.extra) items.push(el("span", this.options.extra[0] + " ", el("b", number(this.options.extra[1]))));
    if (index != null) items.push(el("span", `at ${this.label} `, el("b", number(this.x[i]))));
    this.legend.replaceChildren(...items);
  }

  key(event) {
    const step = {ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9}[event.key];
    if (!step || !this.u) return;
    event.preventDefault();
    const now = this.u.cursor.idx ?? (step < 0 ? this.x.length : -1);
    const i = Math.max(0, Math.min(this.x.length - 1, now + step));
    this.u.setCursor({left: this.u.valToPos(this.x[i], "x"), top: 10});
    this.u.cursor.idx = i;
    this.point(i);
    this.said.textContent = this.legend.textContent;
  }

  fillTable() {
    if (!this.details.open || !this.series) return;
    const most = 200, every = Math.max(1, Math.ceil(this.x.length / most));
    const rows = this.x.map((_, i) => i).filter(i => i % every === 0 || i === this.x.length - 1);
    const shown = this.series.filter(s => !s.faint || this.series.length === 1);
    this.table.replaceChildren(el("table.data", el("thead", el("tr", el("th", {scope: "col"}, this.label), shown.map(s => el("th", {scope: "col"}, s.name)))),
      el("tbody", rows.map(i => el("tr", el("th", {scope: "row"}, number(this.x[i])), shown.map(s => el("td", this.format(s.values[i]))))))));
  }
}
