// What differs between two values: the words of a text, the items of a list.

const MARKED_FROM = 40; // shorter texts are compared at a glance
const MAX_COMPARED = 250000; // pairs of words
const CONTEXT = 60; // characters that stay on each side of a change in a long text

// The pieces of two texts, each a pair of text and whether it is in both; null if they have little in common.
function compareWords(old, current) {
  const [before, after] = [old, current].map((text) => text.split(/(\s+)/));
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const middles = [before, after].map((words) => words.slice(start, words.length - end));
  const kept = middles[0].length * middles[1].length > MAX_COMPARED ? [new Set(), new Set()] : commonWords(...middles);
  const common = [...before.slice(0, start), ...before.slice(before.length - end), ...[...kept[0]].map((index) => middles[0][index])];
  if (common.join("").trim().length * 4 < Math.min(old.length, current.length)) return null;
  return [before, after].map((words, side) => {
    const pieces = [];
    const add = (text, same) => {
      const last = pieces[pieces.length - 1];
      if (!text) return;
      if (last && last[1] === same) last[0] += text;
      else pieces.push([text, same]);
    };
    add(words.slice(0, start).join(""), true);
    middles[side].forEach((word, index) => add(word, kept[side].has(index)));
    add(words.slice(words.length - end).join(""), true);
    return pieces;
  });
}

// The positions, on each side, of the longest sequence of words that both have.
function commonWords(before, after) {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] = before[row] === after[column]
        ? lengths[(row + 1) * width + column + 1] + 1
        : Math.max(lengths[(row + 1) * width + column], lengths[row * width + column + 1]);
    }
  }
  const kept = [new Set(), new Set()];
  let [row, column] = [0, 0];
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      kept[0].add(row);
      kept[1].add(column);
      row += 1;
      column += 1;
    } else if (lengths[(row + 1) * width + column] >= lengths[row * width + column + 1]) row += 1;
    else column += 1;
  }
  return kept;
}

// Pieces as elements; of a long text, what is the same on both sides is cut to its ends.
function markedText(pieces, tag, isLong) {
  const fragment = document.createDocumentFragment();
  pieces.forEach(([text, same], index) => {
    if (!same) return fragment.append(make(tag, {}, escapeControls(isLong ? shortened(text) : text)));
    if (!isLong || text.length <= 2 * CONTEXT + 20) return fragment.append(escapeControls(text));
    const [head, tail] = [index > 0 ? text.slice(0, CONTEXT) : "", index < pieces.length - 1 ? text.slice(-CONTEXT) : ""];
    return fragment.append(escapeControls(`${head} … ${tail}`));
  });
  return fragment;
}

// Fill the cells of an attribute that was changed.
function fillCompared(cells, old, current, run) {
  if (isTextList(old) && isTextList(current)) {
    fillList(cells[0], old, new Set(current), "del");
    fillList(cells[1], current, new Set(old), "ins");
    return;
  }
  const texts = typeof old === "string" && typeof current === "string" && Math.min(old.length, current.length) >= MARKED_FROM;
  const pieces = texts ? compareWords(old, current) : null;
  [old, current].forEach((value, side) => {
    const isLong = pieces && value.length > SHOWN;
    fillValue(cells[side], value, run, pieces && markedText(pieces[side], side ? "ins" : "del", isLong));
  });
}

function isTextList(value) {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string" || typeof item === "number");
}

function fillList(cell, items, others, tag) {
  cell.append(make("ul", { class: "items" }, ...items.map((item) => {
    const text = shortened(valueText(item));
    return make("li", {}, others && !others.has(item) ? make(tag, {}, oneLine(text)) : oneLine(text));
  })));
}

function fillValue(cell, value, run, brief = null) {
  if (value === null || value === undefined) {
    cell.classList.add("empty");
    cell.append("empty");
    return;
  }
  if (isTextList(value)) {
    fillList(cell, value, null, "span");
    return;
  }
  fillLong(cell, valueText(value), { lines: true, brief });
}
