// SPDX-License-Identifier: Apache-2.0
// Draws what is in view, and nothing else: a frame costs the same however long the function is.

const DEPTH_WIDTH = 30, EDGE_WIDTH = 34, MARK_WIDTH = 22, HEADER = 40;
const LINE_HEIGHTS = [1, 2, 3, 4, 6, 9, 13, 16, 20, 26];

/** What the next frame shows. `top` is a line, `left` a number of pixels. */
const scene = {
  width: 0, height: 0, lineHeight: 16, columnWidth: 24, code: 250, top: 0, left: 0,
  columns: allColumns, filter: parseFilter(''), hover: null,
};

let colors = {};
function readColors() {
  const style = getComputedStyle(document.documentElement);
  colors = {};
  for (const name of ['paper', 'ink', 'faint', 'rule', 'band', 'heat', 'cold', 'move', 'load', 'store',
    'remake', 'clobber', 'focus', 'split', 'evict', 'loop']) {
    colors[name] = style.getPropertyValue('--' + name).trim();
  }
  colors.isDark = style.getPropertyValue('--dark').trim() === '1';
}

const FONT = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';

/** Neighbouring numbers get hues far apart. In memory the same hue is paler. */
function bundleColor(bundle, inMemory) {
  if (bundle < 0) return colors.isDark ? 'hsl(0 0% 48%)' : 'hsl(0 0% 62%)';
  const hue = (bundle * 137.508) % 360;
  if (colors.isDark) return `hsl(${hue} ${inMemory ? 26 : 48}% ${inMemory ? 34 : 46}%)`;
  return `hsl(${hue} ${inMemory ? 45 : 62}% ${inMemory ? 82 : 68}%)`;
}

function isShown(v) { return scene.filter.shown === null || v >= 0 && scene.filter.shown[v] === 1; }
function isBundleShown(bundle) {
  return scene.filter.shown === null || scene.filter.bundles[bundle] === 1;
}

/** 0 for what runs at most once, 1 for the hottest block. */
const hottest = Math.max(2, frequency.reduce((most, f) => Math.max(most, f), 0));
function heatOf(b) {
  return Math.max(0, Math.min(1, Math.log(Math.max(frequency[b], 1)) / Math.log(hottest)));
}

// Geometry.

function edgesLeft() { return DEPTH_WIDTH; }
function codeLeft() { return DEPTH_WIDTH + EDGE_WIDTH; }
function marksLeft() { return codeLeft() + scene.code; }
function columnsLeft() { return marksLeft() + MARK_WIDTH; }
function yOf(line) { return HEADER + (line - scene.top) * scene.lineHeight; }
function lineAt(y) { return scene.top + (y - HEADER) / scene.lineHeight; }
function xOf(n) { return columnsLeft() + n * scene.columnWidth - scene.left; }
function columnIndex(place) { return scene.columns.findIndex(column => column.place === place); }
function visibleLines() { return (scene.height - HEADER) / scene.lineHeight; }
/** Of the bottom of the view, 0 if all fits. */
function lastTop() { return Math.max(0, lineCount + 1 - visibleLines()); }

/** How many stretches the last frame drew. */
let drawnStretches = 0;

function draw(context) {
  const {width, height, lineHeight} = scene;
  const from = Math.max(0, Math.floor(scene.top));
  const to = Math.min(lineCount, Math.ceil(scene.top + visibleLines()));
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, height);
  drawBlocks(context, from, to);
  context.save();
  context.beginPath();
  context.rect(columnsLeft(), HEADER, width, height);
  context.clip();
  drawGrid(context, from, to);
  if (lineHeight >= 2) drawClobbers(context, from, to);
  drawStretches(context, from, to);
  drawGhosts(context, from, to);
  if (lineHeight >= 6) drawOperands(context, from, to);
  drawEdits(context, from, to);
  context.restore();
  drawFlow(context, from, to);
  drawMarks(context, from, to);
  if (lineHeight >= 9) drawCode(context, from, to);
  drawHover(context);
  drawHeader(context);
}

/** The content of a line that is in view, from its first row on without searching for each. */
function forLines(from, to, body) {
  let {row} = contentOfLine(from);
  for (let line = from; line < to; line++) {
    while (line > lineOfRow[row]) row++;
    body(line, row, line < lineOfRow[row] ? editStart[row] + line - gapOfRow[row] : -1);
  }
}

// Behind everything: how hot and how deep the blocks are.

function drawBlocks(context, from, to) {
  for (let b = Math.max(0, lastAtMost(blockLine, from, 0, blockCount)); b < blockCount; b++) {
    if (blockLine[b] >= to) break;
    const y = yOf(blockLine[b]), end = yOf(blockLine[b + 1]);
    const heat = heatOf(b);
    if (isCold[b]) {
      context.globalAlpha = 0.12;
      context.fillStyle = colors.cold;
      context.fillRect(0, y, scene.width, end - y);
    } else if (heat > 0) {
      context.globalAlpha = 0.03 + 0.15 * heat;
      context.fillStyle = colors.heat;
      context.fillRect(0, y, scene.width, end - y);
    }
    context.globalAlpha = 1;
    context.fillStyle = colors.loop;
    for (let level = 0; level < Math.min(depth[b], 6); level++) {
      context.fillRect(2 + level * 4.5, y, 3, end - y);
    }
    context.fillStyle = colors.rule;
    context.fillRect(0, Math.round(y), scene.width, 1);
  }
}

function drawGrid(context, from, to) {
  const y = yOf(from), length = yOf(to) - y;
  scene.columns.forEach((column, n) => {
    const x = xOf(n);
    if (x > scene.width || x + scene.columnWidth < columnsLeft()) return;
    if (n > 0 && scene.columns[n - 1].group === column.group) {
      context.fillStyle = colors.band;
      context.fillRect(Math.round(x), y, 1, length);
    } else {
      context.fillStyle = colors.faint;
      context.fillRect(Math.round(x), y, 1.5, length);
    }
  });
}

/** A clobber happens after the work: the lower half of the line. */
function drawClobbers(context, from, to) {
  context.strokeStyle = colors.clobber;
  context.fillStyle = colors.clobber;
  context.lineWidth = 1.2;
  context.beginPath();
  const size = Math.min(scene.lineHeight, 14) * 0.22;
  forLines(from, to, (line, row, edit) => {
    if (edit >= 0 || rowContent[row] < 0) return;
    const mask = clobberMask[rowContent[row]];
    if (mask === 0) return;
    const y = yOf(line) + scene.lineHeight * 0.7;
    scene.columns.forEach((column, n) => {
      if (!column.clobbers[mask]) return;
      const x = xOf(n) + scene.columnWidth / 2;
      if (size < 1) context.rect(x - 2, y, 4, 0.5);
      else {
        context.moveTo(x - size, y - size);
        context.lineTo(x + size, y + size);
        context.moveTo(x - size, y + size);
        context.lineTo(x + size, y - size);
      }
    });
  });
  context.stroke();
}

function drawStretches(context, from, to) {
  drawnStretches = 0;
  const width = scene.columnWidth - 3;
  const hasText = scene.lineHeight >= 9 && width >= 17;
  context.font = `${Math.min(11, scene.lineHeight - 1)}px ${FONT}`;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  scene.columns.forEach((column, n) => {
    const x = xOf(n) + 2;
    if (x > scene.width || x + width < columnsLeft()) return;
    const inMemory = isMemory(column.place);
    const [first, end] = stretchRange(column, from, to);
    for (let k = first; k < end; k++) {
      const v = stretchValue[k];
      const y = yOf(stretchTop[k]), length = Math.max(1, yOf(stretchBottom[k]) - y);
      const shown = isShown(v);
      context.globalAlpha = shown ? 1 : 0.22;
      context.fillStyle = shown ? bundleColor(bundleOf(v), inMemory) : colors.faint;
      context.fillRect(x, y, width, length);
      drawnStretches++;
      if (shown && scene.filter.shown !== null) {
        context.strokeStyle = colors.ink;
        context.lineWidth = 1;
        context.strokeRect(x, y, width, length);
      }
      if (hasText && length >= 9 && shown) {
        // At the top of what is in view of it.
        const at = Math.max(y, HEADER) + 7;
        if (at + 3 > y + length) continue;
        context.fillStyle = colors.isDark ? '#fff' : '#111';
        context.fillText('v' + v, x + width / 2, at, width);
      }
    }
  });
  context.globalAlpha = 1;
}

/** Where the shown bundles were before they lost their register. */
function drawGhosts(context, from, to) {
  if (scene.filter.shown === null) return;
  context.strokeStyle = colors.evict;
  context.setLineDash([3, 3]);
  context.lineWidth = 1.2;
  for (const k of ghosts) {
    const piece = eventPiece[k];
    const top = lineOfPoint(pieceFrom[piece]), end = lineOfPoint(pieceTo[piece]);
    const n = columnIndex(eventRegister[k]);
    if (n < 0 || top >= to || end <= from) continue;
    context.strokeRect(xOf(n) + 1, yOf(top), scene.columnWidth - 1, yOf(end) - yOf(top));
  }
  context.setLineDash([]);
}

/** The evictions of shown bundles; set with the filter. */
let ghosts = [];
function findGhosts() {
  ghosts = [];
  if (scene.filter.shown === null) return;
  for (let k = 0; k < eventKind.length; k++) {
    if (eventKind[k] === EVICTED && isBundleShown(pieceBundle[eventPiece[k]])) ghosts.push(k);
  }
}

/** A dot reads, a bar writes. */
function drawOperands(context, from, to) {
  const half = Math.min(5, scene.columnWidth / 2 - 3);
  const radius = Math.max(1.5, Math.min(3, scene.lineHeight / 5));
  const at = new Map(scene.columns.map((column, n) => [column.place, n]));
  context.fillStyle = colors.ink;
  forLines(from, to, (line, row, edit) => {
    const i = rowContent[row];
    if (edit >= 0 || i < 0) return;
    for (let k = operandStart[i]; k < operandStart[i + 1]; k++) {
      const n = at.get(operandPlace[k]);
      if (n === undefined || !isShown(operandValue[k])) continue;
      const x = xOf(n) + scene.columnWidth - 5;
      if (isDefinition(k)) {
        context.fillRect(xOf(n) + 2, yOf(line) + scene.lineHeight * (isLate(k) ? 0.5 : 0.05) - 0.5,
          scene.columnWidth - 3, 2);
      } else {
        context.beginPath();
        context.arc(x, yOf(line) + scene.lineHeight * (isLate(k) ? 0.7 : 0.3), Math.min(radius, half),
          0, 2 * Math.PI);
        context.fill();
      }
    }
  });
}

function editColor(k) { return colors[EDIT_NAMES[editKind[k]]]; }

function drawEdits(context, from, to) {
  const at = new Map(scene.columns.map((column, n) => [column.place, n]));
  const size = Math.min(4, scene.lineHeight / 2);
  forLines(from, to, (line, row, k) => {
    if (k < 0) return;
    const n = at.get(editTo[k]), m = at.get(editFrom[k]) ?? n;
    if (n === undefined || m === undefined) return;
    const y = yOf(line + 0.5);
    const x = xOf(n) + scene.columnWidth / 2, start = xOf(m) + scene.columnWidth / 2;
    context.globalAlpha = isShown(editValue[k]) ? 1 : 0.15;
    context.strokeStyle = context.fillStyle = editColor(k);
    context.lineWidth = scene.lineHeight < 4 ? 1 : 1.6;
    const side = x >= start ? 1 : -1;
    if (m === n) {
      // Made here: a diamond.
      context.beginPath();
      for (const [dx, dy] of [[-size, 0], [0, -size], [size, 0], [0, size]]) {
        context.lineTo(x + dx, y + dy);
      }
      context.fill();
      return;
    }
    context.beginPath();
    context.moveTo(start, y);
    context.lineTo(x, y);
    context.stroke();
    context.fillRect(start - 1.5, y - size / 2, 3, size);
    context.beginPath();
    context.moveTo(x + 2 * side, y);
    context.lineTo(x - size * 1.4 * side, y - size);
    context.lineTo(x - size * 1.4 * side, y + size);
    context.fill();
  });
  context.globalAlpha = 1;
}

// Left of the columns.

/** How many edges of the control flow the last frame drew. */
let drawnEdges = 0;

/** From the branch that leaves a block to the entry of the other: outer edges on the left. */
function drawFlow(context, from, to) {
  drawnEdges = 0;
  const right = codeLeft() - 3;
  const size = Math.max(1, Math.min(3, scene.lineHeight / 3));
  edgeLanes.forEach((lane, n) => {
    // Deeper ones share the innermost lane.
    const x = edgesLeft() + 3 + Math.min(n, 5) * 5;
    for (const edge of edgesOfLane(lane, from, to)) {
      const start = yOf(edge.from + 0.5), end = yOf(edge.to + 0.5);
      const isHovered = scene.hover?.line === edge.from || scene.hover?.line === edge.to;
      context.strokeStyle = context.fillStyle =
        isHovered ? colors.focus : edge.to <= edge.from ? colors.loop : colors.move;
      context.lineWidth = isHovered ? 2 : 1;
      context.beginPath();
      context.moveTo(right, start);
      context.lineTo(x, start);
      context.lineTo(x, end);
      context.lineTo(right - size, end);
      context.stroke();
      context.beginPath();
      context.moveTo(right, end);
      context.lineTo(right - 2 * size, end - size);
      context.lineTo(right - 2 * size, end + size);
      context.fill();
      drawnEdges++;
    }
  });
}

function drawMarks(context, from, to) {
  context.fillStyle = colors.rule;
  context.fillRect(columnsLeft() - 1, HEADER, 1, scene.height);
  const size = Math.max(1, Math.min(4, scene.lineHeight / 2));
  for (const [line, kind, , bundle] of marksBetween(from, to)) {
    const x = marksLeft() + (kind === SPLIT_MARK ? 6 : 15), y = yOf(line + 0.5);
    context.globalAlpha = isBundleShown(bundle) ? 1 : 0.15;
    context.fillStyle = kind === SPLIT_MARK ? colors.split : colors.evict;
    context.beginPath();
    if (kind === SPLIT_MARK) {
      context.rect(x - size, y - 1, 2 * size, 2);
    } else {
      context.moveTo(x, y - size);
      context.lineTo(x + size, y + size);
      context.lineTo(x - size, y + size);
    }
    context.fill();
  }
  context.globalAlpha = 1;
}

function drawCode(context, from, to) {
  context.save();
  context.beginPath();
  context.rect(0, HEADER, marksLeft(), scene.height);
  context.clip();
  const size = Math.min(12, scene.lineHeight - 2);
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  forLines(from, to, (line, row, edit) => {
    const y = yOf(line + 0.5) + 0.5, content = rowContent[row];
    const x = codeLeft() + 2;
    context.font = `${size}px ${FONT}`;
    if (edit >= 0) {
      context.globalAlpha = isShown(editValue[edit]) ? 1 : 0.35;
      context.fillStyle = editColor(edit);
      context.fillText('    ' + editWords(edit), x, y);
    } else if (content < 0) {
      context.font = `bold ${size}px ${FONT}`;
      context.fillStyle = colors.ink;
      context.fillText(blockWords(-1 - content), x, y);
    } else {
      context.globalAlpha = isInstructionShown(content) ? 1 : 0.35;
      context.fillStyle = colors.ink;
      context.fillText('  ' + instructionWords(content), x, y);
    }
    context.globalAlpha = 1;
  });
  context.restore();
}

function isInstructionShown(i) {
  if (scene.filter.shown === null || scene.filter.instruction === i) return true;
  for (let k = operandStart[i]; k < operandStart[i + 1]; k++) {
    if (operandValue[k] >= 0 && scene.filter.shown[operandValue[k]]) return true;
  }
  return false;
}

function drawHover(context) {
  const goal = scene.filter.instruction;
  if (goal >= 0) {
    context.strokeStyle = colors.focus;
    context.lineWidth = 1.5;
    context.strokeRect(1, yOf(lineOfInstruction(goal)), scene.width - 2, Math.max(2, scene.lineHeight));
  }
  const hover = scene.hover;
  if (!hover) return;
  context.globalAlpha = 0.14;
  context.fillStyle = colors.focus;
  context.fillRect(0, yOf(hover.line), scene.width, Math.max(1, scene.lineHeight));
  if (hover.column >= 0) {
    context.fillRect(xOf(hover.column), HEADER, scene.columnWidth, scene.height);
  }
  context.globalAlpha = 1;
}

function drawHeader(context) {
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, scene.width, HEADER);
  context.fillStyle = colors.rule;
  context.fillRect(0, HEADER - 1, scene.width, 1);
  context.fillStyle = colors.ink;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.font = `11px ${FONT}`;
  context.fillText('loop', 2, HEADER - 10);
  context.fillText('  code and moves', codeLeft() + 2, HEADER - 10);
  context.save();
  context.beginPath();
  context.rect(columnsLeft(), 0, scene.width, HEADER);
  context.clip();
  const narrow = scene.columnWidth < 18;
  scene.columns.forEach((column, n) => {
    const x = xOf(n);
    if (n === 0 || scene.columns[n - 1].group !== column.group) {
      let end = n;
      while (end < scene.columns.length && scene.columns[end].group === column.group) end++;
      // In view as long as one of its columns is.
      const left = Math.max(x, columnsLeft()) + 4, right = xOf(end) - 4;
      context.textAlign = 'left';
      context.font = `600 11px system-ui, sans-serif`;
      if (right - left > 20) context.fillText(column.group, left, 11, right - left);
      context.fillStyle = colors.faint;
      context.fillRect(Math.round(x), 2, 1.5, HEADER - 3);
      context.fillStyle = colors.ink;
    }
    context.textAlign = 'center';
    context.font = `${narrow ? 9 : 11}px ${FONT}`;
    context.fillText(column.label, x + scene.columnWidth / 2, HEADER - 10, scene.columnWidth - 2);
  });
  context.restore();
}

// The whole function beside the view.

function drawMap(canvas) {
  const {clientWidth: width, clientHeight: height} = canvas;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, height);
  const scale = height / Math.max(lineCount, 1);
  for (let b = 0; b < blockCount; b++) {
    const heat = heatOf(b);
    if (heat === 0) continue;
    context.globalAlpha = 0.1 + 0.5 * heat;
    context.fillStyle = colors.heat;
    context.fillRect(0, blockLine[b] * scale, 12, Math.max(0.5, (blockLine[b + 1] - blockLine[b]) * scale));
  }
  context.globalAlpha = 1;
  // Loads and stores per pixel, weighted with the frequency: the hottest spots reach across.
  const weights = new Float64Array(Math.max(1, Math.ceil(height)));
  for (let k = 0; k < editCount; k++) {
    if (editKind[k] === LOAD || editKind[k] === STORE) {
      weights[Math.min(weights.length - 1, Math.floor(lineOfEdit(k) * scale))] += editCost[k];
    }
  }
  const most = Math.log1p(weights.reduce((a, b) => Math.max(a, b), 0)) || 1;
  context.fillStyle = colors.store;
  weights.forEach((weight, y) => {
    const share = Math.log1p(weight) / most;
    if (share > 0) context.fillRect(14, y, 24 * share, 1);
  });
  if (scene.filter.shown === null) return;
  for (let k = 0; k < stretchValue.length; k++) {
    if (!scene.filter.shown[stretchValue[k]]) continue;
    context.fillStyle = isMemory(stretchPlace[k]) ? colors.faint : colors.focus;
    context.fillRect(isMemory(stretchPlace[k]) ? 48 : 41, stretchTop[k] * scale, 6,
      Math.max(1, (stretchBottom[k] - stretchTop[k]) * scale));
  }
}
