// SPDX-License-Identifier: Apache-2.0
// Scrolling, pointing, keys, and the filter, which stands in the address as well.

const view = document.getElementById('view');
const canvas = document.getElementById('canvas');
const context = canvas.getContext('2d');
const tip = document.getElementById('tip');
const filterField = document.getElementById('filter');
const narrowBox = document.getElementById('narrow');
const map = document.getElementById('map');

/** Browsers have an upper bound on the height of an element. */
const MOST_PIXELS = 8e6;

let filterText = '';
let pending = 0;

function redraw() {
  if (pending === 0) pending = requestAnimationFrame(() => { pending = 0; frame(); });
}

function frame() {
  readScroll();
  draw(context);
  const window_ = document.getElementById('window');
  const scale = map.clientHeight / Math.max(lineCount, 1);
  // A short function fills the map; of a long one at least a few pixels stand for what is in view.
  const height = Math.min(map.clientHeight, Math.max(3, visibleLines() * scale));
  window_.style.top = Math.min(scene.top * scale, map.clientHeight - height) + 'px';
  window_.style.height = height + 'px';
  document.documentElement.dataset.drawn = drawnStretches;
  document.documentElement.dataset.edges = drawnEdges;
}

// Scrolling.

function contentHeight() {
  return Math.min(MOST_PIXELS, (lineCount + 1) * scene.lineHeight + HEADER);
}

function readScroll() {
  const room = contentHeight() - scene.height;
  scene.top = room <= 0 ? 0 : view.scrollTop / room * lastTop();
  scene.left = view.scrollLeft;
}

function scrollToLine(line) {
  const room = contentHeight() - scene.height;
  if (lastTop() > 0) view.scrollTop = Math.max(0, Math.min(1, line / lastTop())) * room;
  redraw();
}

function showLine(line) {
  if (line < scene.top + 1 || line > scene.top + visibleLines() - 2) {
    scrollToLine(line - visibleLines() / 3);
  }
}

function measure() {
  const ratio = devicePixelRatio || 1;
  scene.width = view.clientWidth;
  scene.height = view.clientHeight;
  scene.code = Math.max(150, Math.min(330, scene.width * 0.28));
  const isNarrow = narrowBox.checked && scene.filter.shown !== null;
  scene.columns = isNarrow ? allColumns.filter(hasShown) : allColumns;
  const room = scene.width - columnsLeft() - 4;
  scene.columnWidth = Math.max(16, Math.min(46, room / Math.max(scene.columns.length, 1)));
  canvas.width = Math.round(scene.width * ratio);
  canvas.height = Math.round(scene.height * ratio);
  canvas.style.width = scene.width + 'px';
  canvas.style.height = scene.height + 'px';
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const spacer = document.getElementById('spacer');
  spacer.style.height = contentHeight() + 'px';
  spacer.style.width = columnsLeft() + scene.columns.length * scene.columnWidth + 'px';
  document.documentElement.dataset.columns = scene.columns.length;
}

function hasShown(column) {
  if (scene.filter.columns.has(column.place)) return true;
  for (let k = column.first; k < column.end; k++) {
    if (scene.filter.shown[stretchValue[k]]) return true;
  }
  return false;
}

function layOut() {
  readScroll();
  const top = scene.top;
  measure();
  scrollToLine(top);
  drawMap(map);
}

/** Makes lines higher or lower; what is at `y` stays there. */
function zoom(step, y = scene.height / 2) {
  const at = LINE_HEIGHTS.indexOf(scene.lineHeight) + step;
  if (at < 0 || at >= LINE_HEIGHTS.length) return;
  readScroll();
  const line = lineAt(y);
  scene.lineHeight = LINE_HEIGHTS[at];
  measure();
  scrollToLine(line - (y - HEADER) / scene.lineHeight);
}

// The filter.

function setFilter(text, movesThere = true) {
  filterText = text.trim();
  if (filterField.value.trim() !== filterText) filterField.value = filterText;
  scene.filter = parseFilter(filterText);
  findGhosts();
  listStops();
  const {shown, goal, errors} = scene.filter;
  let count = 0, values = 0;
  if (shown !== null) {
    for (const v of stretchValue) count += shown[v];
    for (const one of shown) values += one;
  }
  const words = shown === null ? [] :
    [`${countWords(values, 'value')}, ${countWords(count, 'stretch', 'stretches')}`];
  document.getElementById('status').textContent = [...words, ...errors].join('; ');
  document.documentElement.dataset.shown = shown === null ? stretchValue.length : count;
  layOut();
  if (goal >= 0) showLine(goal);
  else if (movesThere && stops.length > 0 && !stops.some(line => isInView(line))) showLine(stops[0]);
  fillPanel();
  const address = filterText === '' ? ' ' : '#' + encodeURIComponent(filterText);
  if (addressed() !== filterText) history.replaceState(null, '', address);
}

/** The filter in the address. */
function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

function isInView(line) { return line >= scene.top && line < scene.top + visibleLines() - 1; }

/** Lines on which something happens to what is shown, in order. */
let stops = [];
function listStops() {
  const lines = new Set();
  const {shown} = scene.filter;
  if (shown !== null) {
    for (let k = 0; k < editCount; k++) if (editValue[k] >= 0 && shown[editValue[k]]) lines.add(lineOfEdit(k));
    for (let k = 0; k < operandValue.length; k++) {
      if (operandValue[k] >= 0 && shown[operandValue[k]]) lines.add(lineOfInstruction(operandInstruction[k]));
    }
  }
  stops = [...lines].sort((a, b) => a - b);
}

/** To the next line on which something happens, seen from the middle of the view or the last stop. */
let lastStop = -1;
function step(direction) {
  if (stops.length === 0) return;
  const from = isInView(lastStop) ? lastStop : scene.top + (direction > 0 ? 0 : visibleLines());
  const before = lastAtMost(stops, direction > 0 ? from : from - 1);
  const at = direction > 0 ? before + 1 : before;
  if (at < 0 || at >= stops.length) return;
  lastStop = stops[at];
  showLine(lastStop);
  scene.hover = {line: lastStop, column: -1};
  redraw();
}

// Pointing.

/** What is at a place of the canvas: {line, column, stretch, mark, words}. */
function hit(x, y) {
  const line = Math.floor(lineAt(y));
  if (y < HEADER || line < 0 || line >= lineCount) return null;
  const found = {line, column: -1, stretch: -1, words: null};
  if (x < marksLeft()) return {...found, words: lineTip(line)};
  if (x < columnsLeft()) {
    const reach = Math.ceil(4 / scene.lineHeight) - 1;
    const near = marksBetween(line - reach, line + reach + 1);
    const words = near.slice(0, 8).map(([, , event, bundle]) => `bundle${bundle} ${eventWords(event)}`);
    if (near.length > 8) words.push(`and ${near.length - 8} more`);
    return {...found, words: words.length > 0 ? words : lineTip(line)};
  }
  const n = Math.floor((x - columnsLeft() + scene.left) / scene.columnWidth);
  if (n >= scene.columns.length) return found;
  const {place, clobbers} = scene.columns[n];
  found.column = n;
  const [first, end] = stretchRange(scene.columns[n], lineAt(y - 0.5), lineAt(y + 0.5));
  if (first < end) {
    found.stretch = first;
    return {...found, words: stretchTip(first, line)};
  }
  const {row, edit} = contentOfLine(line);
  const i = rowContent[row];
  if (edit >= 0 && crosses(edit, n)) return {...found, words: lineTip(line)};
  if (edit < 0 && i >= 0 && clobbers[clobberMask[i]]) return {...found, words: clobberTip(i, place)};
  return {...found, words: [`${placeName(place)} is free`]};
}

function crosses(edit, n) {
  const a = columnIndex(editFrom[edit]), b = columnIndex(editTo[edit]);
  return n >= Math.min(a < 0 ? b : a, b) && n <= Math.max(a, b);
}

function point(event) {
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  const found = hit(x, y);
  scene.hover = found;
  tip.hidden = !found || !found.words;
  if (found && found.words) {
    tip.replaceChildren(...found.words.map(words => element('div', {}, words)));
    const width = tip.offsetWidth, height = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8)) + 'px';
    tip.style.top = (event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18) + 'px';
  }
  redraw();
}

function leave() {
  tip.hidden = true;
  scene.hover = null;
  redraw();
}

function choose(event) {
  const box = canvas.getBoundingClientRect();
  const found = hit(event.clientX - box.left, event.clientY - box.top);
  if (!found) return;
  if (found.stretch >= 0) {
    const v = stretchValue[found.stretch];
    const adds = event.shiftKey && scene.filter.shown !== null;
    setFilter(adds ? `${shownWords()} v${v}` : 'v' + v, false);
  } else if (event.clientX - box.left < columnsLeft()) {
    const {row, edit} = contentOfLine(found.line);
    const content = rowContent[row];
    if (edit >= 0 && editValue[edit] >= 0) setFilter('v' + editValue[edit], false);
    else if (content >= 0) setFilter(`${shownWords()} i${content}`, false);
  }
}

function wholeBundle(event) {
  const box = canvas.getBoundingClientRect();
  const found = hit(event.clientX - box.left, event.clientY - box.top);
  const bundle = found && found.stretch >= 0 ? bundleOf(stretchValue[found.stretch]) : -1;
  if (hasTrace && bundle >= 0) setFilter('bundle' + bundle, false);
}

// Keys.

const KEYS = {
  '/': () => { filterField.focus(); filterField.select(); },
  Escape: () => setFilter('', false),
  n: () => step(1), p: () => step(-1), '+': () => zoom(1), '=': () => zoom(1), '-': () => zoom(-1),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target === filterField;
  if (isTyping && event.key !== 'Escape') return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// Fixed parts of the page.

function fillFacts() {
  const counts = [0, 0, 0, 0];
  for (const kind of editKind) counts[kind]++;
  const words = [data.algorithm, countWords(instructionCount, 'instruction'), countWords(blockCount, 'block'),
    countWords(valueCount, 'value'), ...counts.map((n, kind) => countWords(n, EDIT_NAMES[kind]))];
  if (data.fallback) words[0] = `single-pass, because ${data.fallback}`;
  document.getElementById('facts').textContent = words.join(' · ');
}

const LEGEND = [
  ['color', 'a value in its register; one colour per ' + (hasTrace ? 'bundle' : 'value')],
  ['pale', 'in memory'], ['bar', 'written'], ['dot', 'read'], ['cross', 'destroyed by a call'],
  ['move', 'move'], ['load', 'load'], ['store', 'store'], ['remake', 'made again'],
  ...(hasTrace ? [['split', 'split'], ['evict', 'lost its register']] : []),
  ['heat', 'runs often'], ['cold', 'cold'], ['loop', 'loop depth'], ['flow', 'from block to block'],
];

function fillLegend() {
  const legend = document.getElementById('legend');
  for (const [name, words] of LEGEND) {
    legend.append(element('span', {}, element('i', {className: name}), words));
  }
  legend.append(element('span', {}, 'Click a value, double-click its bundle, shift-click for more; ' +
    'keys: / n p + − Esc'));
}

/** Draws frames all over the function, each finished before the next; milliseconds of each. */
function timeFrames(count) {
  const times = [];
  for (let k = 0; k < count; k++) {
    scene.top = lastTop() * k / Math.max(1, count - 1);
    const start = performance.now();
    draw(context);
    context.getImageData(0, 0, 1, 1);
    times.push(performance.now() - start);
  }
  redraw();
  return times.sort((a, b) => a - b);
}

function start() {
  readColors();
  fillFacts();
  fillLegend();
  const changeColors = () => { readColors(); layOut(); fillPanel(); };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changeColors);
  view.addEventListener('scroll', redraw, {passive: true});
  canvas.addEventListener('mousemove', point);
  canvas.addEventListener('mouseleave', leave);
  canvas.addEventListener('click', choose);
  canvas.addEventListener('dblclick', wholeBundle);
  view.addEventListener('wheel', event => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1 : -1, event.clientY - canvas.getBoundingClientRect().top);
  }, {passive: false});
  const scrub = event => {
    if (event.buttons !== 1) return;
    const y = event.clientY - map.getBoundingClientRect().top;
    scrollToLine(y / map.clientHeight * lineCount - visibleLines() / 2);
  };
  for (const kind of ['pointerdown', 'pointermove']) {
    document.getElementById('overview').addEventListener(kind, scrub);
  }
  filterField.addEventListener('input', () => setFilter(filterField.value));
  document.getElementById('controls').addEventListener('submit', event => event.preventDefault());
  narrowBox.addEventListener('change', layOut);
  for (const [id, key] of [['previous', 'p'], ['next', 'n'], ['smaller', '-'], ['larger', '+']]) {
    document.getElementById(id).addEventListener('click', KEYS[key]);
  }
  addEventListener('keydown', press);
  addEventListener('hashchange', () => setFilter(addressed()));
  new ResizeObserver(layOut).observe(view);
  measure();
  setFilter(addressed());
  frame();
  document.documentElement.dataset.stretches = stretchValue.length;
}

start();
