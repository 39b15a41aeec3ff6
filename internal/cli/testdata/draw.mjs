// Draws digits on the page of "shadegrad draw", and looks at it as keyboard and phone users do.
export default async ({ open, axe, tabs, overflow, arg }) => {
  const ready = (page) => page.waitForSelector("body[data-state=ready]");
  const answer = (page) => page.textContent("#answer");

  // stroke draws a line through points, in fractions of the paper.
  async function stroke(page, points) {
    const box = await page.locator("#paper").boundingBox();
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(points[0]));
    await page.mouse.down();
    for (const p of points.slice(1)) await page.mouse.move(...at(p));
    await page.mouse.up();
  }
  async function draw(page, strokes) {
    if (await page.locator("#clear").isEnabled()) await page.click("#clear");
    for (const s of strokes) await stroke(page, s);
    await ready(page);
    return answer(page);
  }

  const page = await open(arg.url, { viewport: { width: 1200, height: 1000 } });
  const empty = await axe(page);
  const read = [];
  for (const digit of arg.digits) read.push(await draw(page, digit));

  // Two digits side by side, of which the second is chosen, then undone.
  const half = (strokes, left) => strokes.map((s) => s.map(([x, y]) => [left + (x - 0.5) * 0.7, 0.5 + (y - 0.5) * 0.7]));
  const several = await draw(page, [...half(arg.digits[arg.pair[0]], 0.25), ...half(arg.digits[arg.pair[1]], 0.75)]);
  await page.click("#digits button:nth-child(2)");
  const second = await page.getAttribute("#outputs [aria-pressed=true]", "data-output");
  await page.click("#outputs [data-output='5']");
  await ready(page);
  const explained = await page.textContent("#pixels-title");
  const filled = await axe(page);
  const order = await tabs(page);
  await page.keyboard.press("Control+z");
  await ready(page);
  const undone = await answer(page);

  // A picture file, and one that is none.
  await page.setInputFiles("#file", arg.picture);
  await ready(page);
  const picture = await answer(page), spoken = await page.textContent("#status");
  await page.setInputFiles("#file", arg.noPicture);
  await ready(page);
  const noPicture = await answer(page);

  // A phone in the dark, with a finger.
  const phone = await open(arg.url, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: "dark" });
  const touch = await phone.context().newCDPSession(phone);
  const box = await phone.locator("#paper").boundingBox();
  for (const s of arg.digits[arg.pair[0]]) {
    const points = s.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height }));
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [points[0]] });
    for (const p of points.slice(1)) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [p] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  }
  await ready(phone);
  const finger = await answer(phone);
  const scrolled = await phone.evaluate("scrollY"), wide = await overflow(phone), dark = await axe(phone);
  if (arg.pictures) {
    await phone.screenshot({ path: arg.pictures + "/phone.png", fullPage: true });
    await draw(page, arg.digits[arg.pair[1]]);
    await page.screenshot({ path: arg.pictures + "/wide.png", fullPage: true });
  }
  return { read, several, second, explained, order, undone, picture, spoken, noPicture, finger, scrolled, wide, violations: [...empty, ...filled, ...dark] };
};
