// Opens the page of a run, a comparison, and a running run, as users of a mouse, a keyboard and a phone do.
export default async ({ open, axe, tabs, overflow, arg }) => {
  const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: "dark" };
  const wide = { viewport: { width: 1600, height: 1000 } };

  // The report of a run, from its file.
  const page = await open(arg.report, wide);
  const report = { axe: await axe(page), overflow: await overflow(page), state: await page.textContent(".state"), curves: await page.locator(".plot canvas").count() };
  report.tabs = await tabs(page);

  // A click on a cell shows its images; with the keyboard, an arrow key and Enter do.
  const [cell] = await page.evaluate(() => [...document.querySelectorAll(".matrix .hit")].slice(-1).map((b) => [b.dataset.i, b.dataset.j]));
  await page.click(`.matrix [data-i="${cell[0]}"][data-j="${cell[1]}"]`);
  report.clicked = await page.textContent(".split h3");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  report.pressed = await page.textContent(".split h3");
  report.image = await page.evaluate(async () => { // of the first mistake, with something on it
    const c = document.querySelector(".example canvas");
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return Math.max(...c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 0));
  });

  // The arrow keys read single values of a chart, and its table has them all.
  await page.focus(".plot");
  await page.keyboard.press("Home");
  report.read = await page.textContent("figure [aria-live]");
  await page.click("details summary");
  report.rows = await page.locator("figure details[open] tbody tr").count();
  await page.click("text=Logarithmic loss");
  report.themes = [];
  for (let i = 0; i < 3; i++) {
    await page.click("text=Theme:");
    report.themes.push(await page.evaluate("document.documentElement.dataset.theme"));
  }
  const small = await open(arg.report, phone);
  report.phone = { axe: await axe(small), overflow: await overflow(small), theme: await small.evaluate("document.documentElement.dataset.theme") };

  const comparison = await open(arg.comparison, wide);
  const compared = { axe: await axe(comparison), curves: await comparison.locator(".plot canvas").count(), heading: await comparison.textContent("h1") };
  await comparison.click("text=By seconds of training");
  compared.label = await comparison.evaluate("charts['Training loss'].label");

  // The page of a running run: its curve grows, also after the connection was lost, until the run ends.
  const live = await open(arg.live, wide);
  const epochs = () => live.evaluate("data.per_epoch.x.length ? data.per_epoch.x[data.per_epoch.x.length - 1] : 0");
  const grows = async (from) => {
    for (let now = await epochs(); ; now = await epochs()) {
      if (now > from) return now;
      await live.waitForTimeout(50);
    }
  };
  const followed = { growth: [await grows(0)] };
  followed.growth.push(await grows(followed.growth[0]));
  await live.context().setOffline(true);
  await live.evaluate("stream.close(); follow()");
  await live.waitForSelector("text=Connection lost");
  await live.context().setOffline(false);
  await live.evaluate("stream.close(); follow()");
  followed.growth.push(await grows(await epochs()));
  followed.axe = await axe(live);
  followed.running = await live.textContent(".state");
  process.kill(arg.process, "SIGINT");
  await live.waitForSelector(".state.interrupted");
  followed.matrix = await live.locator(".matrix button").count();
  if (arg.pictures) {
    await page.screenshot({ path: arg.pictures + "/report.png", fullPage: true });
    await small.screenshot({ path: arg.pictures + "/report-phone.png", fullPage: true });
    await comparison.screenshot({ path: arg.pictures + "/comparison.png", fullPage: true });
    await live.screenshot({ path: arg.pictures + "/live.png", fullPage: true });
  }
  return { report, compared, followed };
};
