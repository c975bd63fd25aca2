"""How well an element is seen: the colours of texts and fields against what is behind them."""

from __future__ import annotations

from .browser import Notebook

# Every text that is seen, hints in empty fields, too: its contrast, by the formula of WCAG 2, and
# its words; then the edges of the fields. What is switched off, or dimmed since it is of another
# query, need not be read.
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
  const contrast = (colour, ground) => {
    const [low, high] = [light(ground), light(over(parsed(colour), ground))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ink = (node, part) => contrast(getComputedStyle(node, part).color, behind(node));
  const texts = [], edges = [];
  for (const root of document.querySelectorAll(selector)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
      const off = node.closest("style, :disabled, .ct-magic-stale") || node.offsetWidth === 1;
      if (text && !off && node.checkVisibility()) texts.push([ink(node), text]);
    }
    for (const field of root.querySelectorAll("input, textarea, select")) {
      if (field.disabled || !field.checkVisibility()) continue;
      const text = field.value || field.placeholder || "";
      texts.push([ink(field, field.value ? null : "::placeholder"), text]);
      edges.push([contrast(getComputedStyle(field).borderTopColor, behind(field)), text]);
    }
  }
  return [texts, edges].map(seen => seen.sort(([a], [b]) => a - b));
}"""


def least_contrast(notebook: Notebook, selector: str) -> tuple[float, str]:
    """Return the least contrast of all texts inside these elements, and the text that has it."""
    contrast, text = notebook.page.evaluate(_MEASURE, selector)[0][0]
    return contrast, text


def least_edge(notebook: Notebook, selector: str) -> tuple[float, str]:
    """Return the least contrast of the edges of all fields inside, and what that field holds."""
    contrast, text = notebook.page.evaluate(_MEASURE, selector)[1][0]
    return contrast, text
