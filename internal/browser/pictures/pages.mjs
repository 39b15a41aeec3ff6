// Takes the pictures of the page of "shadegrad draw" and of a report.
export default async ({ open, arg }) => {
  const arc = (x, y, rx, ry, from, to) => Array.from({ length: 25 }, (_, i) => {
    const a = (from + (to - from) * i / 24) * Math.PI / 180;
    return [x + rx * Math.cos(a), y + ry * Math.sin(a)];
  });
  // The strokes of a 2 and a 5, in fractions of the paper.
  const strokes = [
    [...arc(0.27, 0.36, 0.1, 0.13, 190, 400), [0.2, 0.76], [0.41, 0.75]],
    [[0.64, 0.22], [0.62, 0.46], ...arc(0.69, 0.59, 0.1, 0.16, 235, 510)],
    [[0.64, 0.22], [0.81, 0.21]],
  ];
  const draw = await open(arg.draw, { viewport: { width: 1000, height: 700 } });
  const box = await draw.locator("#paper").boundingBox();
  for (const s of strokes) {
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await draw.mouse.move(...at(s[0]));
    await draw.mouse.down();
    for (const p of s.slice(1)) await draw.mouse.move(...at(p));
    await draw.mouse.up();
  }
  await draw.waitForSelector("body[data-state=ready]");
  await draw.mouse.move(0, 0);
  await draw.screenshot({ path: arg.to + "/draw.png", fullPage: true, animations: "disabled" });

  const report = await open(arg.report, { viewport: { width: 1000, height: 900 } });
  const top = await report.getByRole("heading", { name: "Confusion matrix" }).boundingBox();
  const end = await report.getByRole("heading", { name: "Health of the layers" }).boundingBox();
  await report.screenshot({ path: arg.to + "/report.png", fullPage: true, animations: "disabled",
    clip: { x: 0, y: top.y - 20, width: 1000, height: end.y - top.y - 10 } });
  return {};
};
