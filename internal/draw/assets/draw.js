// Collects strokes and pictures, sends them to the program, and shows what it answers. All preparation of the image happens
// in the program.
"use strict";
{
  const $ = (id) => document.getElementById(id);
  const paper = $("paper"), width = +document.body.dataset.width, height = +document.body.dataset.height;
  const thickness = 34; // of a line, in pixels of the paper
  const items = []; // strokes {points} and pictures {image, file}, in the order in which they were added
  let stroke = null, pointer = null;
  let chosen = ""; // the output to explain; "" is the likeliest
  let selected = 0; // the digit that is shown
  let reading = null;

  // --- the paper

  function draw() {
    const c = paper.getContext("2d");
    c.fillStyle = "#fff";
    c.fillRect(0, 0, paper.width, paper.height);
    c.lineWidth = thickness;
    c.lineCap = c.lineJoin = "round";
    c.strokeStyle = "#111";
    for (const item of items) {
      if (item.image) {
        const scale = Math.min(paper.width / item.image.width, paper.height / item.image.height);
        const w = item.image.width * scale, h = item.image.height * scale;
        c.drawImage(item.image, (paper.width - w) / 2, (paper.height - h) / 2, w, h);
        continue;
      }
      c.beginPath();
      item.points.forEach(([x, y], i) => i ? c.lineTo(x, y) : c.moveTo(x, y));
      if (item.points.length === 1) c.lineTo(item.points[0][0], item.points[0][1] + 0.1);
      c.stroke();
    }
    $("undo").disabled = $("clear").disabled = items.length === 0;
    paper.setAttribute("aria-label", items.length ? "Paper with your drawing" : "Paper to draw on, empty");
  }

  function at(e) {
    const box = paper.getBoundingClientRect();
    return [(e.clientX - box.left) / box.width * paper.width, (e.clientY - box.top) / box.height * paper.height];
  }

  paper.addEventListener("pointerdown", (e) => {
    if (pointer !== null || e.button !== 0) return;
    e.preventDefault();
    pointer = e.pointerId;
    paper.setPointerCapture(pointer);
    stroke = { points: [at(e)] };
    items.push(stroke);
    changed();
  });
  paper.addEventListener("pointermove", (e) => {
    if (e.pointerId !== pointer) return;
    const all = e.getCoalescedEvents ? e.getCoalescedEvents() : [];
    for (const p of all.length ? all : [e]) stroke.points.push(at(p));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    paper.addEventListener(end, (e) => {
      if (e.pointerId !== pointer) return;
      pointer = stroke = null;
      changed();
    });
  }

  $("undo").addEventListener("click", () => { items.pop(); changed(); });
  $("clear").addEventListener("click", () => { items.length = 0; changed(); });
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "z" && items.length) { e.preventDefault(); items.pop(); changed(); }
  });

  // --- pictures

  async function add(file) {
    if (!file) return;
    document.body.dataset.state = "asking"; // also while the picture is decoded
    dirty = true;
    try {
      items.splice(0, items.length, { image: await createImageBitmap(file), file });
    } catch { // the program may know the format all the same
      const blank = new OffscreenCanvas(4, 3);
      blank.getContext("2d").fillRect(0, 0, 0, 0);
      items.splice(0, items.length, { image: blank, file });
    }
    changed();
  }
  $("file").addEventListener("change", (e) => { add(e.target.files[0]); e.target.value = ""; });
  document.addEventListener("paste", (e) => add([...e.clipboardData.files][0]));
  document.addEventListener("dragover", (e) => { e.preventDefault(); paper.classList.add("target"); });
  document.addEventListener("dragleave", () => paper.classList.remove("target"));
  document.addEventListener("drop", (e) => { e.preventDefault(); paper.classList.remove("target"); add(e.dataTransfer.files[0]); });

  // --- requests: one at a time, and the last state always

  const pause = 60; // ms between two requests
  let timer = 0, busy = false, dirty = false;

  function changed() {
    chosen = items.length ? chosen : "";
    draw();
    ask();
  }
  function ask() {
    document.body.dataset.state = "asking";
    dirty = true;
    if (!busy && !timer) timer = setTimeout(send, pause);
  }
  // content returns the picture: a file as it is, unless something was drawn on it.
  async function content() {
    if (items.length === 1 && items[0].file) return items[0].file;
    return new Promise((done) => paper.toBlob(done, "image/png"));
  }
  async function send() {
    timer = 0;
    dirty = false;
    if (!items.length) {
      document.body.dataset.state = "ready";
      return show(null);
    }
    busy = true;
    try {
      const answer = await fetch("read?class=" + chosen, { method: "POST", body: await content(), signal: AbortSignal.timeout(20000) });
      const value = await answer.json();
      if (!value.error) show(value);
      else if (pointer === null) fail(value.error); // a stroke that has just begun may show nothing
    } catch {
      fail("The program does not answer. Run shadegrad draw again, and open the address that it prints.");
    }
    busy = false;
    if (!dirty) document.body.dataset.state = "ready";
    else if (!timer) timer = setTimeout(send, pause);
  }

  // --- the answer

  // bytes decodes base64.
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  // color returns a colour of the style sheet as red, green and blue.
  function color(name) {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  }
  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);

  // paint draws values in rows, each as a square pixel of the colour of a function.
  function paint(canvas, values, columns, cell, colored) {
    const rows = Math.ceil(values.length / columns);
    canvas.width = columns * cell;
    canvas.height = rows * cell;
    const c = canvas.getContext("2d");
    values.forEach((v, i) => {
      c.fillStyle = "rgb(" + colored(v, i).map(Math.round).join() + ")";
      c.fillRect(i % columns * cell, Math.floor(i / columns) * cell, cell > 1 ? cell - 1 : 1, cell > 1 ? cell - 1 : 1);
    });
  }
  const grey = (v) => [v, v, v];
  // signed returns the colour function of values whose 0 is 128.
  function signed(zero) {
    const most = [color("--for"), color("--against")];
    return (v, i) => mix(typeof zero === "function" ? zero(i) : zero, most[v < 128 ? 1 : 0], (Math.abs(v - 128) / 127) ** 0.7);
  }

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function fail(text) {
    show(null);
    $("answer").textContent = capital(text);
    $("answer").classList.add("failed");
    $("status").textContent = $("answer").textContent;
  }

  function show(value) {
    reading = value;
    const heading = $("answer");
    heading.classList.remove("failed");
    selected = value ? Math.min(selected, value.digits.length - 1) : 0;
    heading.textContent = value ? capital(value.sentence) : "Nothing drawn yet";
    if (pointer === null && value) $("status").textContent = value.sentence; // not after each movement
    showDigits(value ? value.digits : []);
    showDigit(value ? value.digits[selected] : null);
  }

  // showDigits lists the digits of a picture with several.
  function showDigits(digits) {
    const list = $("digits");
    list.hidden = digits.length < 2;
    while (list.children.length > digits.length) list.lastChild.remove();
    digits.forEach((d, i) => {
      let button = list.children[i];
      if (!button) {
        button = document.createElement("button");
        button.type = "button";
        button.append(document.createElement("canvas"), document.createElement("span"));
        button.addEventListener("click", () => { selected = i; show(reading); });
        list.append(button);
      }
      paint(button.firstChild, bytes(d.image), width, 1, grey);
      button.lastChild.textContent = d.class;
      button.setAttribute("aria-label", `Digit ${i + 1}: ${d.class}`);
      button.setAttribute("aria-pressed", i === selected);
    });
  }

  function showDigit(d) {
    const buttons = [...document.querySelectorAll("#outputs button")];
    const best = d ? d.outputs.reduce((b, o, i) => o.share > d.outputs[b].share ? i : b, 0) : -1;
    buttons.forEach((b, i) => {
      b.querySelector(".bar span").style.transform = `scaleX(${d ? d.outputs[i].share : 0})`;
      b.querySelector(".value").textContent = d ? d.outputs[i].text : "–";
      b.parentElement.className = i === best ? "likeliest" : "";
      b.setAttribute("aria-pressed", d !== null && i === d.output);
    });
    const ink = d ? bytes(d.image) : new Uint8Array(width * height);
    paint($("seen"), ink, width, 1, grey);
    $("seen").setAttribute("aria-label", d ? `The digit as ${width} by ${height} pixels` : "No image yet");
    const card = color("--card"), faint = color("--line");
    paint($("pixels"), d ? bytes(d.pixels) : ink.fill(128), width, 1, signed((i) => d ? mix(card, faint, bytesOf(d)[i] / 255) : card));
    $("pixels-title").textContent = d ? `Pixels for and against ${buttons[d.output].querySelector(".name").textContent}` : "Pixels for and against";
    showLayers(d ? d.layers : []);
  }
  // bytesOf returns the pixels of a digit, decoded once.
  const bytesOf = (d) => d.bytes || (d.bytes = bytes(d.image));

  function showLayers(layers) {
    $("layers").replaceChildren(...layers.map((l, i) => {
      const figure = document.createElement("figure"), caption = document.createElement("figcaption"), canvas = document.createElement("canvas");
      caption.textContent = `Layer ${i + 1}: ${l.active} of ${l.units} units above 0`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", caption.textContent);
      figure.append(caption, canvas);
      paint(canvas, bytes(l.values), Math.max(8, Math.ceil(Math.sqrt(l.units))), 12, signed(color("--grid")));
      return figure;
    }));
  }

  for (const b of document.querySelectorAll("#outputs button")) {
    b.addEventListener("click", () => {
      chosen = chosen === b.dataset.output ? "" : b.dataset.output;
      if (items.length) ask();
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(reading));
  draw();
  show(null);
  document.body.dataset.state = "ready";
}
