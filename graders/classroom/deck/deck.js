/* Shares what each part holds out over slides of 1280 by 720, then starts reveal.js.

   nbconvert makes one section for each mark in the lesson, however much it holds. Here
   each section's blocks are measured, and a section that is too high becomes several,
   filled alike and cut where a reader would cut. Countdowns stand at the end. */
"use strict";

const WIDTH = 1280, HEIGHT = 720;
const SMALLEST = 0.87;       // 24 pixels of 28: text is never smaller than that
const SMALLEST_BLOCK = 0.62; // only for one block that cannot be cut
const LONG_CODE = 14;        // lines from which code may be cut between statements

// ---------------------------------------------------------------------------- blocks

function blocksOf(section) {
  const found = [...section.querySelectorAll(
    ".jp-MarkdownOutput > *, .highlight, .jp-OutputArea-output")];
  return found
    .filter((block) => !block.closest("aside.notes"))
    .filter((block) => !block.parentElement.closest(".jp-MarkdownOutput > *"))
    .flatMap((block) => parts(block));
}

function parts(block) {
  if (block.matches("ul:not(.options), ol")) return items(block);
  if (block.matches(".jp-RenderedHTML")) return [...block.children].flatMap(parts);
  if (block.matches("figure")) return [block];
  if (block.matches(".jp-OutputArea-output")) block.classList.add("output");
  const pre = block.matches("pre") ? block : block.querySelector("pre");
  return pre ? codes(block, pre) : [block];
}

function items(list) {
  return [...list.children].map((item, place) => {
    const part = list.cloneNode(false);
    part.classList.add("part");
    if (part.matches("ol")) part.start = place + 1;
    part.append(item);
    return part;
  });
}

function codes(block, pre) {
  const lines = pre.innerHTML.replace(/^\n+|\s+$/g, "").split("\n");
  const chunks = lines.length > LONG_CODE ? cut(lines) : [lines];
  return chunks.map((chunk) => {
    const part = block.cloneNode(true);
    const inner = part.matches("pre") ? part : part.querySelector("pre");
    inner.innerHTML = chunk.join("\n");
    return part;
  });
}

function cut(lines) {
  // Only where no coloured span is open across the cut, as in a long docstring.
  const chunks = [[]];
  let open = 0;
  for (const line of lines) {
    const text = line.replace(/<[^>]*>/g, "");
    const begins = !text.trim() || /^[^\s)\]}]/.test(text);
    if (begins && open === 0 && chunks.at(-1).length > (text.trim() ? 7 : 3)) chunks.push([]);
    if (text.trim() || chunks.at(-1).length) chunks.at(-1).push(line);
    open += (line.match(/<span/g) || []).length - (line.match(/<\/span/g) || []).length;
  }
  return chunks.filter((chunk) => chunk.length);
}

// --------------------------------------------------------------------------- measuring

const ruler = document.createElement("div");

function pageOf(blocks, running, scale = 1) {
  const page = document.createElement("div");
  page.className = "page";
  page.style.setProperty("--scale", scale);
  if (running && !blocks[0].matches("h1, h2, h3")) {
    const head = document.createElement("p");
    head.className = "running";
    head.innerHTML = running;
    page.append(head);
  }
  page.append(...blocks);
  return page;
}

function heightOf(page) {
  ruler.replaceChildren(page);
  return page.getBoundingClientRect().height;
}

function fits(blocks, running, scale) {
  return heightOf(pageOf(blocks, running, scale)) <= HEIGHT;
}

function scaleThatFits(blocks, running, smallest) {
  for (let scale = 1; scale > smallest; scale -= 0.03)
    if (fits(blocks, running, scale)) return scale;
  return smallest;
}

function narrow(block) {
  // Numbers in columns must not wrap: their lines become smaller before they break.
  const pre = block.matches("pre") ? block : block.querySelector("pre");
  if (!pre) return;
  ruler.replaceChildren(pageOf([block], ""));
  pre.style.whiteSpace = "pre";
  const padding = parseFloat(getComputedStyle(pre).paddingLeft);
  const ratio = (pre.clientWidth - 2 * padding) / (pre.scrollWidth - padding);
  pre.style.whiteSpace = "";
  if (ratio < 1) pre.style.setProperty("--narrow", Math.max(ratio * 0.99, 0.79));
}

// -------------------------------------------------------------------------- paginating

function units(blocks) {
  // A heading, and words that end in no sentence, stay with what follows; what code
  // prints stays with the code.
  const found = [];
  let open = false;
  for (const block of blocks) {
    const prints = block.matches(".output") && found.length
      && heightOf(pageOf([...found.at(-1), block].map((b) => b.cloneNode(true)), "-")) <= HEIGHT;
    if (open || prints) found.at(-1).push(block);
    else found.push([block]);
    open = block.matches("h1, h2, h3, h4, p:has(> .timer)")
      || (block.matches("p, ul.part, ol.part") && /[\w:,;]\s*$/.test(block.textContent));
  }
  return found;
}

function fill(parts, running, limit) {
  const pages = [[]];
  for (const part of parts) {
    const longer = [...pages.at(-1), ...part];
    const height = heightOf(pageOf(longer.map((b) => b.cloneNode(true)), running));
    if (pages.at(-1).length && height > limit) pages.push([...part]);
    else pages[pages.length - 1] = longer;
  }
  return pages;
}

function paginate(blocks, running) {
  const copies = () => blocks.map((block) => block.cloneNode(true));
  const scale = scaleThatFits(copies(), running, SMALLEST);
  if (fits(copies(), running, scale)) return [[blocks, scale]];
  const all = units(blocks);
  let pages = fill(all, running, HEIGHT);
  for (let limit = HEIGHT - 40; limit > HEIGHT / 2; limit -= 40) {
    const even = fill(all, running, limit); // as few slides, filled more alike
    if (even.length > pages.length) break;
    pages = even;
  }
  return pages.map((page) => [page, scaleThatFits(
    page.map((block) => block.cloneNode(true)), running, SMALLEST_BLOCK)]);
}

function share(section, running) {
  const blocks = blocksOf(section);
  const notes = [...section.querySelectorAll("aside.notes")];
  if (!blocks.length) return running;
  blocks.forEach(narrow);
  const heading = blocks.find((block) => block.matches("h1, h2"));
  const title = heading ? heading.innerHTML : running;
  const task = blocks.find((block) => block.matches("h3"));
  const timer = blocks.find((block) => block.matches("p:has(> .timer)"));
  let last = section;
  paginate(blocks, task ? task.innerHTML : title).forEach(([page, scale], place) => {
    const slide = place ? section.cloneNode(false) : section;
    if (place) last.after(slide);
    slide.replaceChildren(pageOf(page, task ? task.innerHTML : title, scale.toFixed(2)),
      ...notes.map((note) => note.cloneNode(true)));
    if (place && timer) slide.firstChild.append(timer.cloneNode(true));
    if (section.dataset.kind) slide.classList.add(section.dataset.kind);
    last = slide;
  });
  return title;
}

function shareAll() {
  ruler.id = "ruler";
  const slides = document.querySelector(".slides");
  document.querySelector(".reveal").append(ruler);
  for (const stack of slides.querySelectorAll(":scope > section")) {
    let running = "";
    for (const section of [...stack.querySelectorAll(":scope > section")])
      running = share(section, running);
  }
  ruler.remove();
}

// -------------------------------------------------------------------------- countdowns

function written(seconds) {
  const rest = Math.abs(seconds);
  return `${seconds < 0 ? "−" : ""}${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
}

function press(timer) {
  const now = timer.ends // stop, and keep what is left; or go on
    ? { left: Math.ceil((timer.ends - Date.now()) / 1000), ends: 0 }
    : { ends: Date.now() + 1000 * (timer.left ?? 60 * timer.dataset.minutes) };
  for (const other of timer.alike) show(Object.assign(other, now));
}

function show(timer) {
  const left = timer.ends ? Math.ceil((timer.ends - Date.now()) / 1000)
    : timer.left ?? 60 * timer.dataset.minutes;
  timer.textContent = written(left);
  timer.classList.toggle("running", Boolean(timer.ends));
  timer.classList.toggle("over", left <= 0);
}

function startTimers() {
  const timers = [...document.querySelectorAll(".timer")];
  for (const timer of timers) { // an exercise over two slides has two, which are one
    timer.alike = timers.filter((other) => other.dataset.task === timer.dataset.task);
    timer.addEventListener("click", () => press(timer));
  }
  setInterval(() => timers.forEach((timer) => timer.ends && show(timer)), 250);
}

function pressHere() {
  const timer = Reveal.getCurrentSlide().querySelector(".timer");
  if (timer) press(timer);
}

// --------------------------------------------------------------------------- the start

window.addEventListener("load", () => {
  shareAll();
  startTimers();
  Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0, center: false, hash: true,
    slideNumber: "c/t", transition: "none", plugins: [RevealNotes],
  });
  Reveal.addKeyBinding({ keyCode: 84, key: "T", description: "Start or stop the countdown" },
    pressHere);
});
