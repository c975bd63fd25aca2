"""How well the texts of an element are read: their colour against what is behind them."""

from __future__ import annotations

from .browser import Notebook

# Every text that is seen: its contrast, by the formula of WCAG 2, and its words. What is switched
# off, or dimmed since it is of another query, need not be read.
_MEASURE = """selector => {
  const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const parsed = colour => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => a * c + (1 - a) * under[i]);
  const behind = node => {
    if (!node) return [255, 255, 255];
    const own = parsed(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(node.parentElement));
  };
  const light = rgb => rgb
    .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = node => {
    const ground = behind(node), ink = over(parsed(getComputedStyle(node).color), ground);
    const [low, high] = [light(ground), light(ink)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const seen = [];
  for (const root of document.querySelectorAll(selector)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
      const off = node.closest("style, :disabled, .ct-magic-stale, [role=status]");
      if (text && !off && node.checkVisibility()) seen.push([contrast(node), text]);
    }
    for (const field of root.querySelectorAll("input, textarea, select"))
      if (!field.disabled && field.value && field.checkVisibility())
        seen.push([contrast(field), field.value]);
  }
  return seen.sort(([a], [b]) => a - b);
}"""


def least_contrast(notebook: Notebook, selector: str) -> tuple[float, str]:
    """Return the least contrast of all texts inside these elements, and the text that has it."""
    contrast, text = notebook.page.evaluate(_MEASURE, selector)[0]
    return contrast, text
