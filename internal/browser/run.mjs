// Runs a script in a headless Chromium. Standard input is JSON with the path of Chromium and the argument of the script; standard
// output is what the script returns, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { chromium: path, arg } = JSON.parse(readFileSync(0, "utf8"));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: path });
const problems = []; // errors of pages, and requests to other hosts

// open opens a page. Options are those of Playwright's contexts, such as viewport, colorScheme and hasTouch.
async function open(url, options = {}) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (e) => problems.push(String(e)));
  page.on("console", (m) => { if (m.type() === "error") problems.push(m.text()); });
  page.on("request", (r) => { if (new URL(r.url()).host !== new URL(url).host && !/^(data|blob):/.test(r.url())) problems.push("request to " + r.url()); });
  await page.goto(url);
  return page;
}

// axe returns the violations of WCAG 2.2 AA and of good practice on a page, such as a low contrast or a missing label.
async function axe(page) {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })");
  if (!passes.length) throw new Error("axe-core checked nothing");
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary}`));
}

// tabs presses Tab until the focus leaves the page or returns to an element, and returns the name of each one on the way.
async function tabs(page) {
  const names = [];
  await page.evaluate(() => { // Tab continues from the last click
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    window.visited = new Set();
  });
  for (;;) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const e = document.activeElement;
      if (e === document.body || window.visited.has(e)) return "";
      window.visited.add(e);
      return (e.getAttribute("aria-label") || (e.labels && e.labels[0] || e).textContent).trim().replace(/\s+/g, " ") || e.tagName;
    });
    if (!name) return names;
    names.push(name);
  }
}

// overflow returns by how many pixels a page is wider than its window.
const overflow = (page) => page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

try {
  const { default: script } = await import(pathToFileURL(process.argv[2]));
  const result = await script({ browser, open, axe, tabs, overflow, arg });
  process.stdout.write(JSON.stringify({ ...result, problems }));
} finally {
  await browser.close();
}
