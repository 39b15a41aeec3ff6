// The page that compares runs and measurements.

let clock = false;

// merged returns the points of several runs over one x: [x, [values of each]].
function merged(runs, of) {
  const at = runs.map(r => clock ? r.clock : r.per_epoch.x);
  const x = [...new Set(at.flat())].sort((a, b) => a - b), place = new Map(x.map((v, i) => [v, i]));
  return [x, runs.map((r, i) => {
    const values = new Array(x.length).fill(null);
    at[i].forEach((v, j) => { values[place.get(v)] = (of(r) || [])[j] ?? null; });
    return values;
  })];
}

function compareCurves(runs) {
  const body = shown.curves.body, grid = body.lastChild, accuracy = {format: percent, axis: v => +(100 * v).toPrecision(6) + "%", high: true, most: 1};
  const log = () => logarithmic;
  const list = [["Training loss", r => r.train_loss, {log, zero: true}], ["Training accuracy", r => r.train_acc, accuracy],
    ["Validation loss", r => r.val_loss, {log, zero: true}], ["Validation accuracy", r => r.val_acc, accuracy],
    ["Test loss", r => r.test_loss, {log, zero: true}], ["Test accuracy", r => r.test_acc, accuracy],
    ["Samples per second", r => r.speed.map(v => v > 0 ? v : null), {zero: true, high: true}]];
  for (const [title, of, options] of list) {
    const known = runs.map((r, i) => [r, i]).filter(([r]) => (of(r.per_epoch) || []).some(v => v != null));
    if (!known.length) continue;
    const [x, values] = merged(known.map(k => k[0]), r => of(r.per_epoch));
    const c = chart(grid, title, title, "epoch", {...options, dense: false});
    c.label = clock ? "seconds of training" : "epoch";
    c.options.real = clock;
    c.series = null; // another axis needs another chart
    c.set(x, known.map(([r, i], j) => ({name: r.name, kind: "c" + i % 8, values: values[j]})));
  }
}

// bars returns a list of figures with bars: [{name, value, text}].
function bars(rows) {
  const most = Math.max(...rows.map(r => r.value));
  return el("ul.bars", rows.map(r => {
    const item = el("li", el("span", r.name), el("b", r.text));
    item.style.setProperty("--p", most > 0 ? 100 * r.value / most : 0);
    return item;
  }));
}

function compare(c) {
  document.getElementById("top").append(el("div.top", el("div", el("h1", "Comparison of " + c.title)), themeButton()));
  const runs = c.runs || [], bench = c.bench || [], times = c.times || [];
  if (runs.length) {
    const body = section("curves", "Curves", null, 0);
    const box = (text, change) => el("label", el("input", {type: "checkbox", onchange: change}), text);
    body.append(el("div.tools", box("Logarithmic loss", e => { logarithmic = e.target.checked; compareCurves(runs); }),
      box("By seconds of training", e => { clock = e.target.checked; compareCurves(runs); })), el("div.charts"));
    compareCurves(runs);
    const table = section("table", "Results and options", runs.length > 1 ? "Rows in bold differ between the runs." : null, 0);
    table.append(el("div.card", el("div.scroll.whole", {tabindex: "0", role: "region", "aria-label": "Results and options: table"}, el("table.data.runs",
      el("thead", el("tr", el("td"), runs.map((r, i) => { const k = el("i"); k.style.background = `var(--c${i % 8})`; return el("th", {scope: "col"}, el("span.key", k, r.name)); }))),
      el("tbody", c.rows.map(row => el("tr" + (row.values.some(v => v !== row.values[0]) ? ".differs" : ""), el("th", {scope: "row"}, row.name), row.values.map(v => el("td", v || "–")))))))));
  }
  if (bench.length) compareBench(bench);
  if (times.length) {
    const body = section("times", "Seconds to a test accuracy", "From the start of the process; the median of the seeds that reach it.", 0);
    const median = list => { const s = [...list].sort((a, b) => a - b), n = s.length; return n ? (s[(n - 1) >> 1] + s[n >> 1]) / 2 : null; };
    body.append(el("div.card", el("table.data.words", el("thead", el("tr", ["file", "backend", "accuracy", "seconds", "reached by"].map(t => el("th", {scope: "col"}, t)))),
      el("tbody", times.map(t => el("tr", el("th", {scope: "row"}, t.file), el("td", t.backend), el("td", percent(t.acc)), el("td", number(median(t.seconds))), el("td", `${t.seconds.length} of ${t.seeds}`)))))));
  }
}

function compareBench(bench) {
  const body = section("steps", "Speed of a training step", "Median of several runs. GFLOP/s count the dense arithmetic; a CPU that skips zero pixels can exceed its peak.", 0);
  const files = new Set(bench.map(m => m.file)).size > 1, networks = new Set(bench.map(m => m.network)).size > 1;
  const name = m => [files ? m.file : null, networks ? m.network : null, m.backend].filter(Boolean).join(", ");
  const lines = new Map();
  for (const m of bench) lines.set(name(m), (lines.get(name(m)) || []).concat(m));
  const first = [...lines.values()].map(l => l[0]); // the batch that was asked for comes before those of a sweep
  const grid = el("div.charts");
  body.append(grid);
  grid.append(el("figure.card", el("figcaption", el("h3", "Samples per second")), bars(first.map(m => ({name: `${name(m)}, batch ${m.batch}`, value: m.speed, text: number(m.speed)})))));
  if (first.some(m => m.share != null)) grid.append(el("figure.card", el("figcaption", el("h3", "Fraction of the peak")),
    bars(first.filter(m => m.share != null).map(m => ({name: `${name(m)}, batch ${m.batch}`, value: m.share, text: (100 * m.share).toFixed(0) + "%"})))));
  const swept = [...lines].filter(([, l]) => new Set(l.map(m => m.batch)).size > 1);
  const sweep = (title, of, format) => {
    const known = swept.filter(([, l]) => l.some(m => of(m) != null));
    if (!known.length) return;
    const x = [...new Set(known.flatMap(([, l]) => l.map(m => m.batch)))].sort((a, b) => a - b);
    chart(grid, title, title, "batch", {logX: true, log: () => true, high: true, format, axis: format === percent ? v => +(100 * v).toPrecision(3) + "%" : null}).set(x,
      known.map(([n, l], i) => ({name: n, kind: "c" + i % 8, values: x.map(b => { const m = l.find(m => m.batch === b); return m ? of(m) : null; })})));
  };
  sweep("Samples per second by batch", m => m.speed, number);
  sweep("Fraction of the peak by batch", m => m.share, percent);
  const head = ["file", "backend", "device", "network", "batch", "step", "spread", "samples/s", "GFLOP/s", "of peak"];
  const time = s => s == null ? "–" : s < 1e-3 ? number(1e6 * s) + " µs" : s < 1 ? number(1e3 * s) + " ms" : number(s) + " s";
  body.append(el("div.card.below", el("div.scroll", {tabindex: "0", role: "region", "aria-label": "Measurements"}, el("table.data.words",
    el("thead", el("tr", head.map(h => el("th", {scope: "col"}, h)))),
    el("tbody", bench.map(m => el("tr", el("th", {scope: "row"}, m.file), [m.backend, m.device, m.network, m.batch, time(m.step), "±" + (100 * m.spread).toFixed(1) + "%", number(m.speed), number(m.gflops),
      m.share == null ? "–" : (100 * m.share).toFixed(0) + "%"].map(v => el("td", String(v))))))))));
}
