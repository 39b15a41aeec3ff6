// The page of a training run. The data come from the page itself and, during the run, from its events.

const charts = {}, shown = {};
const order = ["curves", "plane", "confusion", "scatter", "mistakes", "layers", "weights", "about"].concat(["table", "steps", "times"]);

// chart returns the chart with a name, which it makes the first time.
function chart(grid, name, ...rest) {
  if (!charts[name]) {
    charts[name] = new Chart(...rest);
    grid.append(charts[name].root);
  }
  return charts[name];
}

// section returns the section with a name; it is empty if what it shows has changed.
function section(name, title, about, what) {
  const text = JSON.stringify(what);
  if (shown[name] && shown[name].text === text) return null;
  if (!shown[name]) {
    const body = el("div");
    const root = el("section", {"aria-label": title}, el("h2", title), about ? el("p.about", about) : null, body);
    const later = order.slice(order.indexOf(name) + 1).map(n => shown[n]).find(Boolean);
    document.getElementById("main").insertBefore(root, later ? later.root : null);
    shown[name] = {root, body};
  }
  shown[name].text = text;
  shown[name].body.replaceChildren();
  return shown[name].body;
}

const words = {running: "Running", complete: "Complete", interrupted: "Interrupted", diverged: "Diverged", failed: "Stopped by an error"};
let lost = false;

function head(run) {
  const top = document.getElementById("top");
  if (!top.firstChild) {
    top.append(el("div.top", el("div"), themeButton()), el("dl.tiles"));
    top.after(el("p.hidden", {role: "status", id: "status"}));
  }
  const state = lost ? "Connection lost; trying again" : words[run.state];
  const box = top.firstChild.firstChild;
  box.replaceChildren(el("span.state." + (lost ? "failed" : run.state), state), el("h1", run.title), el("p.sub", run.summary));
  if (run.reason) box.append(el("p.reason", run.reason));
  for (const note of run.notes || []) box.append(el("p.sub", note));
  if (run.state === "running") {
    const p = run.position, epochs = run.per_epoch.x, at = epochs.length ? epochs[epochs.length - 1] : 0;
    const done = p ? p.epoch - 1 + p.rows / p.samples : at;
    box.append(el("progress", {max: run.epochs, value: done, "aria-label": "Progress of the run"}));
    if (p) box.append(el("p.sub", `Epoch ${p.epoch} of ${run.epochs}, about ${Math.max(1, Math.round(p.left)).toLocaleString("en")} s left`));
  }
  const status = document.getElementById("status");
  if (status.textContent !== state) status.textContent = state;
  top.lastChild.replaceChildren(...run.tiles.map(t => el("div", el("dt", t.name), el("dd", t.value))));
}

let logarithmic = false;

function curves(run) {
  if (!shown.curves) {
    const body = section("curves", "Curves", null, 0);
    const toggle = el("input", {type: "checkbox", onchange(e) { logarithmic = e.target.checked; for (const c of Object.values(charts)) if (c.options.log) c.build(); }});
    body.append(el("div.tools", el("label", toggle, "Logarithmic loss")), el("div.charts"));
  }
  const grid = shown.curves.body.lastChild, s = run.steps, e = run.per_epoch, log = () => logarithmic;
  const each = s.each > 1 ? `, mean of ${s.each}` : "";
  const rough = (values, low, high) => values.length > 60
    ? [{name: "training", kind: "train", values, faint: true, low, high}, {name: "training, smoothed", kind: "train", values: smooth(values)}]
    : [{name: "training" + each, kind: "train", values}];
  const accuracy = {format: percent, axis: v => +(100 * v).toPrecision(6) + "%", high: true, most: 1};
  const loss = [{name: "training", kind: "train", values: e.train_loss}];
  if (e.val_loss) loss.push({name: "validation", kind: "val", values: e.val_loss});
  if (e.test_loss) loss.push({name: "test", kind: "test", values: e.test_loss});
  const at = e.outcome && e.x.indexOf(e.outcome.epoch);
  const only = value => e.x.map((_, i) => i === at ? value : null);
  if (at >= 0 && e.outcome) loss.push({name: "test", kind: "test", values: only(e.outcome.loss), points: true});
  if (s.x.length) chart(grid, "stepLoss", "Loss by step", "step", {log, zero: true, dense: true}).set(s.x, rough(s.loss, s.low, s.high));
  if (s.x.length && s.acc) chart(grid, "stepAcc", "Accuracy by step", "step", {...accuracy, dense: true}).set(s.x, rough(s.acc));
  if (e.x.length) chart(grid, "loss", "Loss by epoch", "epoch", {log, zero: true}).set(e.x, loss);
  if (e.x.length && e.train_acc) {
    const acc = [{name: "training", kind: "train", values: e.train_acc}];
    if (e.val_acc) acc.push({name: "validation", kind: "val", values: e.val_acc});
    if (e.test_acc) acc.push({name: "test", kind: "test", values: e.test_acc});
    if (at >= 0 && e.outcome) acc.push({name: "test", kind: "test", values: only(e.outcome.acc), points: true});
    chart(grid, "acc", "Accuracy by epoch", "epoch", accuracy).set(e.x, acc);
  }
  if (run.rates.x && run.rates.x.length) {
    const constant = run.rates.momentum.every(m => m === run.rates.momentum[0]), momentum = constant ? ["momentum", run.rates.momentum[0]] : null;
    const rates = [{name: "learning rate", kind: "train", values: run.rates.rate}];
    chart(grid, "rate", "Learning rate", "step", {zero: true, dense: true, extra: momentum}).set(run.rates.x, rates);
    if (run.rates.momentum.some(m => m !== run.rates.momentum[0]))
      chart(grid, "momentum", "Momentum", "step", {zero: true, dense: true, most: 1}).set(run.rates.x, [{name: "momentum", kind: "other", values: run.rates.momentum}]);
  }
  if (e.speed.some(v => v > 0)) chart(grid, "speed", run.samples[0].toUpperCase() + run.samples.slice(1) + " per second", "epoch", {zero: true, high: true})
    .set(e.x, [{name: run.samples + " per second", kind: "train", values: e.speed.map(v => v > 0 ? v : null)}]);
}

// name returns the name of a class.
const name = (run, i) => run.classes[i] ?? String(i);

// picture returns a canvas with a picture of a sheet, or null.
function picture(sheet, i, label) {
  if (!sheet || i < 0) return null;
  const c = el("canvas", {width: sheet.width, height: sheet.height, role: "img", "aria-label": label});
  if (!sheet.image) {
    sheet.image = new Image();
    sheet.image.src = sheet.src;
  }
  sheet.image.decode().then(() => c.getContext("2d").drawImage(sheet.image, i % sheet.columns * sheet.width, Math.floor(i / sheet.columns) * sheet.height,
    sheet.width, sheet.height, 0, 0, sheet.width, sheet.height));
  return c;
}

// examples shows samples with their likeliest classes.
function examples(run, list) {
  const p = run.predictions, probability = p.probabilities;
  return el("div.examples", list.map(x => {
    const guesses = x.likely.map(g => {
      const item = el("li" + (g.class === x.true ? ".true" : ""), el("span", name(run, g.class)), el("span", probability ? percent(g.value) : number(g.value)));
      item.style.setProperty("--p", probability ? 100 * g.value : 0);
      return item;
    });
    return el("div.example" + (x.picture < 0 ? ".plain" : ""), picture(p.pictures, x.picture, `sample ${x.sample}, of class ${name(run, x.true)}`),
      el("p.who", el("b", "is " + name(run, x.true)), ` #${x.sample}`, x.values ? el("br") : null, x.values ? x.values.map(number).join(", ") : null),
      el("ol.guesses", {"aria-label": "most likely classes"}, guesses));
  }));
}

function predictions(run) {
  const p = run.predictions;
  if (!p) return;
  const on = p.samples < p.of ? `the first ${number(p.samples)} of ${number(p.of)} ${p.set} ${run.samples}` : `${number(p.samples)} ${p.set} ${run.samples}`;
  if (p.scatter) {
    const body = section("scatter", "Predictions", `Output against ${p.scatter.name} for ${on}. On the line both are equal.`, p.scatter);
    if (!body) return;
    const order = p.scatter.target.map((_, i) => i).sort((a, b) => p.scatter.target[a] - p.scatter.target[b]);
    const x = order.map(i => p.scatter.target[i]);
    body.append(el("div.charts"));
    chart(body.firstChild, "scatter", "Output by target", "target", {dense: true, real: true}).set(x,
      [{name: "equal", kind: "val", values: x}, {name: "output", kind: "train", values: order.map(i => p.scatter.output[i]), points: true}]);
    return;
  }
  const body = section("confusion", "Confusion matrix", `${number(p.hits)} of ${on} are classified correctly. Choose a cell to see its examples.`, p);
  if (body) body.append(p.confusion ? matrix(run) : frequent(run));
  const mistakes = section("mistakes", "Most confident mistakes", p.mistakes ? "The network was surest of these wrong answers. Each shows its three likeliest classes; green is the true one." : "There are none.", p.mistakes || 0);
  if (mistakes && p.mistakes) mistakes.append(el("div.card", examples(run, p.mistakes)));
}

// frequent lists the most frequent confusions.
function frequent(run) {
  const p = run.predictions, panel = el("div");
  return el("div.card", el("table.data.words", el("thead", el("tr", ["true", "predicted", run.samples].map(t => el("th", {scope: "col"}, t)))),
    el("tbody", (p.frequent || []).map(c => el("tr", el("th", {scope: "row"}, name(run, c.true)), el("td", name(run, c.class)),
      el("td", el("button.tool", {type: "button", onclick: () => panel.replaceChildren(cell(run, c.true, c.class))}, number(c.count))))))), panel);
}

// cell describes a cell of the confusion matrix.
function cell(run, i, j) {
  const c = run.predictions.cells.find(c => c.true === i && c.class === j);
  const what = i === j ? `${name(run, i)}, recognised` : `${name(run, i)}, taken for ${name(run, j)}`;
  const box = el("div", el("h3", `${what}: ${c ? number(c.count) : 0} ${run.samples}`));
  if (c && c.examples) {
    if (c.examples.length < c.count) box.append(el("p.about", i === j ? `The ${c.examples.length} least confident ones` : `The ${c.examples.length} most confident ones`));
    box.append(examples(run, c.examples));
  }
  return box;
}

function matrix(run) {
  const m = run.predictions.confusion, panel = el("div.card", {role: "region", "aria-live": "polite", "aria-label": "Examples of the chosen cell"});
  const most = Math.max(1, ...m.map((row, i) => Math.max(...row.map((v, j) => i === j ? 0 : v))));
  const all = Math.max(1, ...m.map((row, i) => row[i]));
  let chosen;
  const choose = b => {
    if (chosen) chosen.setAttribute("aria-pressed", "false");
    chosen = b;
    b.setAttribute("aria-pressed", "true");
    panel.replaceChildren(cell(run, +b.dataset.i, +b.dataset.j));
  };
  const buttons = {};
  const rows = m.map((row, i) => el("tr", el("th", {scope: "row", title: name(run, i)}, name(run, i)), row.map((v, j) => {
    if (!v) return el("td", el("span.none", "·"));
    const b = el("button." + (i === j ? "hit" : "miss"), {type: "button", tabindex: "-1", "aria-pressed": "false", "data-i": i, "data-j": j,
      "aria-label": `${name(run, i)} classified as ${name(run, j)}: ${v}`, onclick: e => choose(e.currentTarget)}, String(v));
    b.style.setProperty("--t", 12 + 58 * Math.sqrt(v / (i === j ? all : most)));
    buttons[i + "," + j] = b;
    return el("td", b);
  })));
  const table = el("table.matrix" + (m.length > 20 ? ".dense" : ""), {"aria-label": "Confusion matrix: rows are true classes, columns predicted ones. The arrow keys move between cells."},
    el("thead", el("tr", el("td"), m.map((_, j) => el("th", {scope: "col", title: name(run, j)}, name(run, j))))), el("tbody", rows));
  table.addEventListener("keydown", e => {
    const [di, dj] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[e.key] || [0, 0], from = e.target;
    if (!di && !dj || !from.dataset.i) return;
    e.preventDefault();
    for (let i = +from.dataset.i + di, j = +from.dataset.j + dj; i >= 0 && j >= 0 && i < m.length && j < m.length; i += di, j += dj) {
      const b = buttons[i + "," + j];
      if (!b) continue;
      from.tabIndex = -1;
      b.tabIndex = 0;
      b.focus();
      return;
    }
  });
  const worst = (run.predictions.frequent || [])[0], first = worst ? buttons[worst.true + "," + worst.class] : Object.values(buttons)[0];
  if (first) {
    first.tabIndex = 0;
    choose(first);
  }
  return el("div.split", el("div.card", el("p.corner", "rows: true class; columns: predicted class"), el("div.scroll.whole", {tabindex: "-1"}, table)), panel);
}

// spark returns a small curve with its last value.
function spark(values, format) {
  const known = values.filter(v => v != null), low = Math.min(...known), high = Math.max(...known), n = Math.max(values.length - 1, 1);
  const at = (v, i) => [100 * i / n, 29 - 28 * (high > low ? (v - low) / (high - low) : 0.5)];
  const points = values.map((v, i) => v == null ? null : at(v, i)).filter(Boolean), last = points[points.length - 1];
  const picture = svg("svg", {viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true"});
  if (points.length > 1) picture.append(svg("path", {d: "M" + points.map(p => p.map(v => v.toFixed(1)).join(" ")).join("L")}));
  else if (last) picture.append(svg("path", {d: `M0 ${last[1]}H100`, "stroke-dasharray": "2 3"}));
  return [picture, format(values.findLast(v => v != null))];
}

function layers(run) {
  const body = section("layers", "Health of the layers", null, [run.layers, run.findings]);
  if (!body) return;
  if (!run.layers) { shown.layers.root.hidden = true; return; }
  shown.layers.root.hidden = false;
  const fraction = v => v == null ? "–" : number(100 * v) + "%";
  const columns = [["delta", "error", number], ["gradient", "gradient", number], ["weights", "weights", number], ["step", "step", fraction], ["moved", "moved", fraction], ["flat", "idle units", fraction]];
  const table = el("table.layers", el("thead", el("tr", el("th", {scope: "col"}, "layer"), columns.map(c => el("th", {scope: "col"}, c[1])))),
    el("tbody", run.layers.map(l => el("tr", el("th", {scope: "row"}, l.name), columns.map(([key, , format]) => el("td", l[key] && l[key].length ? [spark(l[key], format), key === "flat" ? " " + l.of : null].flat() : "–"))))));
  const found = run.findings ? el("ul.findings", run.findings.map(f => el("li", f))) : el("p.about", `After epoch ${run.diagnosed}: no problem found.`);
  body.append(el("div.card", el("div.scroll", {tabindex: "0", role: "region", "aria-label": "Health of the layers, by epoch"}, table), found,
    el("details", el("summary", "What the figures mean"), el("p.about", "Each curve shows the epochs; the figure next to it is the last value. Error: norm of the error that reaches the layer, relative to the last layer. " +
      "Gradient and weights: their norms. Step: length of a step relative to the weights. Moved: distance that the weights moved in the epoch, relative to their norm. " +
      "Idle units: the fraction that is dead (0 for every image), saturated, or stuck, and does not learn."))));
}

function weights(run) {
  const w = run.weights, body = w && section("weights", "First-layer weights", `The weights of ${w.count < w.units ? `the first ${w.count} of ` : ""}${w.units} units of the first layer, each at the place of its pixel and scaled to its largest weight.`, w);
  if (!body) return;
  const key = (colour, text) => { const i = el("i"); i.style.background = colour; return el("span.key", i, text); };
  body.append(el("div.card", el("img.weights", {src: w.src, alt: `Pictures of the weights of ${w.count} units`}), el("p", key("rgb(30,120,200)", "positive"), key("rgb(230,110,15)", "negative"))));
}

function plane(run) {
  const b = run.boundary, body = b && section("plane", "Decision boundary", "The class that the network gives each point of the plane, with training samples.", b);
  if (!body) return;
  const picture = svg("svg", {viewBox: "-1 -1 102 108", class: "plane", role: "img", "aria-label": `Classes over ${b.names[0]} and ${b.names[1]}`});
  picture.append(svg("image", {href: b.src, x: 0, y: 0, width: 100, height: 100, preserveAspectRatio: "none"}));
  const x = v => 100 * (v - b.x[0]) / (b.x[1] - b.x[0]), y = v => 100 - 100 * (v - b.y[0]) / (b.y[1] - b.y[0]);
  const r = b.points.length > 200 ? 0.8 : b.points.length > 20 ? 1.2 : 2.2;
  for (const p of b.points) picture.append(svg("circle", {cx: x(p[0]).toFixed(2), cy: y(p[1]).toFixed(2), r, fill: `var(--c${p[2] % 8})`, stroke: "var(--card)", "stroke-width": 0.35}));
  const text = (at, anchor, words) => { const t = svg("text", {x: at, y: 105, "text-anchor": anchor}); t.textContent = words; return t; };
  picture.append(text(0, "start", number(b.x[0])), text(50, "middle", `${b.names[0]} →, ${b.names[1]} ↑ from ${number(b.y[0])} to ${number(b.y[1])}`), text(100, "end", number(b.x[1])));
  body.append(el("div.card.narrow", picture, el("p", run.classes.map((c, i) => { const k = el("i"); k.style.background = `var(--c${i % 8})`; return el("span.key", k, c); }))));
}

function about(run) {
  const body = section("about", "About this run", null, [run.command, run.facts]);
  if (!body) return;
  const code = el("code", run.command), copy = el("button.tool", {type: "button", onclick() {
    getSelection().selectAllChildren(code);
    if (navigator.clipboard) navigator.clipboard.writeText(run.command).then(() => { copy.textContent = "Copied"; }, () => {});
  }}, "Copy");
  body.append(el("p.about", "This command repeats the run:"), el("div.command", code, copy),
    el("dl.facts.card", run.facts.flatMap(f => [el("dt", f.name), el("dd", f.value)])));
}

function show(run) {
  head(run);
  curves(run);
  plane(run);
  predictions(run);
  layers(run);
  weights(run);
  about(run);
}

let data = JSON.parse(document.getElementById("data").textContent);
document.getElementById("main").replaceChildren();
document.getElementById("end").textContent = "Made by Shadegrad. This page loads nothing from other servers.";
if (data.kind === "run") show(data);
else compare(data);

// follow takes new data from the events of a running run. After an error the browser connects again.
let stream;
function follow() {
  stream = new EventSource(document.body.dataset.events);
  stream.onmessage = e => {
    lost = false;
    data = JSON.parse(e.data);
    show(data);
    if (data.state !== "running") stream.close();
  };
  stream.onerror = () => {
    lost = true;
    head(data);
  };
}
if (document.body.dataset.events && data.state === "running") follow();
