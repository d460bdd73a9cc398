// Text from elsewhere, made safe to show; and elements made of text alone, never of markup.

// What changes the order of reading, takes no room or is half a character becomes an escape, as in
// ardoqpy/_terminal.py. Joiners stay: Persian words and many emoji fall apart without them.
const SUSPECT =
  /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}\ud800-\udfff]/gu;
const SHOWN = 300; // so many characters of a long value are shown at first

// Several lines: line breaks and tabs stay.
function escapeControls(text) {
  return String(text).replace(SUSPECT, (match) => {
    const code = match.codePointAt(0);
    if (code === 0x1f3f4) return match; // the flag of a region, spelled in invisible tags
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}

function oneLine(text) {
  return escapeControls(String(text).replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t"));
}

function shortened(text, longest = SHOWN) {
  if (text.length <= longest) return text;
  const end = /[\ud800-\udbff]$/.test(text.slice(0, longest)) ? longest - 1 : longest;
  return `${text.slice(0, end)}…`;
}

// An element: attributes, then children; text among them becomes text.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const name in attributes) {
    const value = attributes[name];
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined && value !== "") element.setAttribute(name, value);
  }
  for (const child of children) if (child !== null && child !== undefined && child !== "") element.append(child);
  return element;
}

// Fill an element with a text that may be long: its beginning, and a button for the rest. The browser's own
// search finds the rest as well, and shows it then.
function fillLong(element, text, { lines = false, longest = SHOWN, brief = null } = {}) {
  const safe = lines ? escapeControls : oneLine;
  if (text.length <= longest) {
    element.append(brief || safe(text));
    return element;
  }
  const start = make("span", {}, brief || safe(shortened(text, longest)), " ");
  const button = make("button", { type: "button", class: "more-text" }, `show all ${counted(text.length, "character")}`);
  const whole = make("div", { hidden: "until-found", class: "whole" }, safe(text));
  const show = () => {
    start.remove();
    button.remove();
    whole.removeAttribute("hidden");
  };
  button.addEventListener("click", show);
  whole.addEventListener("beforematch", show);
  element.append(start, button, whole);
  return element;
}

// A value as text: as JSON unless it is text that cannot be taken for anything else; digits in groups.
function valueText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") {
    return /^$|^\s|\s$|^(true|false|null|[-+]?[\d.]+([eE][-+]?\d+)?)$|^"/.test(value) ? JSON.stringify(value) : value;
  }
  if (typeof value === "number") return grouped(value);
  return typeof value === "object" ? JSON.stringify(value, null, 1).replace(/\n\s*/g, " ") : String(value);
}

const GROUPED_FROM = 10000; // a smaller number may be a year

function grouped(number) {
  const text = String(number);
  if (Math.abs(number) < GROUPED_FROM || !/^-?\d+(\.\d+)?$/.test(text)) return text;
  const [whole, fraction] = text.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction ? `${groups}.${fraction}` : groups;
}

const NUMBERS = new Intl.NumberFormat("en");

function counted(number, noun) {
  return `${NUMBERS.format(number)} ${noun}${number === 1 ? "" : "s"}`;
}

// Let the browser draw and handle input before going on.
function pause() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
}

const SLICE = 20; // milliseconds of work before the page responds again
const STEP = 200; // components or lines of the graph between two looks at the clock

// Pauses when the work since the last pause has taken long enough.
class Slices {
  constructor() {
    this.started = performance.now();
  }

  async next() {
    if (performance.now() - this.started < SLICE) return;
    await pause();
    this.started = performance.now();
  }
}

// Work that can be interrupted is a generator: it is done at once, or in slices. Both return its result.
function finish(work) {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

async function finishInSlices(work) {
  const slices = new Slices();
  let step = work.next();
  while (!step.done) {
    await slices.next();
    step = work.next();
  }
  return step.value;
}

// Go through a list, with a chance for an interruption after every so many items.
function* inSteps(items, visit) {
  let count = 0;
  for (const item of items) {
    visit(item);
    count += 1;
    if (count % STEP === 0) yield;
  }
}
