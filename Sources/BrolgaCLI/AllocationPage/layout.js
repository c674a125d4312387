// SPDX-License-Identifier: Apache-2.0
// Where things are, in lines down and columns across: an instruction, a block's entry and an edit
// take a line each.

const lineOfRow = new Int32Array(rowCount + 1);
/** The line of the first edit in front of a row. */
const gapOfRow = new Int32Array(rowCount + 1);
/** The first edit in front of a row, with the end behind. */
const editStart = new Int32Array(rowCount + 2);
for (let row = 0, edit = 0, line = 0; row <= rowCount; row++) {
  gapOfRow[row] = line;
  editStart[row] = edit;
  while (edit < editCount && editRow[edit] <= row) { edit++; line++; }
  lineOfRow[row] = line++;
  editStart[row + 1] = edit;
}
const lineCount = lineOfRow[rowCount];

/** What stands on a line: {row} or {edit}. */
function contentOfLine(line) {
  const row = Math.min(lastAtMost(gapOfRow, line), rowCount);
  return line < lineOfRow[row] ? {row, edit: editStart[row] + line - gapOfRow[row]} : {row, edit: -1};
}
function lineOfEdit(k) { return gapOfRow[editRow[k]] + k - editStart[editRow[k]]; }
function lineOfInstruction(i) { return lineOfRow[rowOf(i)]; }
function lineOfBlock(b) { return lineOfRow[blockStart[b] + b]; }
/** Where a block's lines begin; with its number, where the last one's end. */
const blockLine = new Int32Array(blockCount + 1);
for (let b = 0; b < blockCount; b++) blockLine[b] = lineOfBlock(b);
blockLine[blockCount] = lineCount;

/** Where a stretch begins: the middle of the edit that writes it, or of the instruction. */
function top_(place, point) {
  const row = point >> 1;
  if (point & 1) return lineOfRow[row] + 0.5;
  for (let k = editStart[row + 1] - 1; k >= editStart[row]; k--) {
    if (editTo[k] === place) return lineOfEdit(k) + 0.5;
  }
  return lineOfRow[row];
}

/** Where it ends: the middle of the last edit that reads it, or of the instruction. */
function bottom_(place, point) {
  const row = point >> 1;
  if (point & 1) return lineOfRow[row] + 0.5;
  for (let k = editStart[row + 1] - 1; k >= editStart[row]; k--) {
    if (editFrom[k] === place) return lineOfEdit(k) + 0.5;
  }
  return gapOfRow[row];
}

const stretchTop = stretchFrom.map((point, k) => top_(stretchPlace[k], point));
const stretchBottom = stretchTo.map((point, k) =>
  Math.max(bottom_(stretchPlace[k], point), stretchTop[k] + 0.25));

/** The line on which a point is. */
function lineOfPoint(point) { return lineOfRow[Math.min(point >> 1, rowCount)]; }

// Edges of the control flow, in lanes beside the code: edges of one lane have no line in common.

/** The edges that do not lead to the block below: lines {from, to}, sorted by `top`, lane by lane. */
const edgeLanes = (() => {
  const edges = [];
  data.edges.forEach((list, b) => {
    const from = lastLineOf(b);
    for (const target of new Set(list.map(edge => edge[0]))) {
      if (target === b + 1) continue;
      const to = blockLine[target];
      edges.push({from, to, top: Math.min(from, to), bottom: Math.max(from, to)});
    }
  });
  // From the top down; of those that begin together the longest is the outermost.
  edges.sort((a, b) => a.top - b.top || b.bottom - a.bottom);
  const lanes = [];
  for (const edge of edges) {
    let lane = 0;
    while (lane < lanes.length && lanes[lane][lanes[lane].length - 1].bottom >= edge.top) lane++;
    if (lane === lanes.length) lanes.push([]);
    lanes[lane].push(edge);
  }
  return lanes.map(list => ({list, tops: list.map(edge => edge.top)}));
})();

/** The line of the branch that ends a block. */
function lastLineOf(b) {
  return lineOfInstruction((b + 1 < blockCount ? blockStart[b + 1] : instructionCount) - 1);
}

/** The edges of a lane on the lines from ..< to. */
function edgesOfLane({list, tops}, from, to) {
  const first = Math.max(0, lastAtMost(tops, from));
  const end = lastAtMost(tops, to) + 1;
  return list.slice(first, end).filter(edge => edge.bottom >= from && edge.top < to);
}

// Columns: the registers of every class that has values, and the slots and names that are used.

const TIERS = ['preferred', 'other', 'scratch', 'memory'];

const allColumns = (() => {
  const used = new Set([...stretchPlace, ...editTo, ...editFrom, ...operandPlace]);
  const hasClass = [0, 1, 2].map(c => classes.includes(c));
  const columns = [];
  const known = new Set();
  data.machine.forEach((lists, c) => lists.forEach((places, tier) => {
    for (const place of places) {
      if (known.has(place) || !(used.has(place) || hasClass[c] && tier < 3)) continue;
      known.add(place);
      columns.push({place, group: CLASS_NAMES[c] + ' ' + TIERS[tier], label: String(place & 63)});
    }
  }));
  const rest = [...used].filter(place => place >= 0 && !known.has(place)).sort((a, b) => a - b);
  for (const place of rest) {
    if (place >= SLOT) columns.push({place, group: 'slots', label: String(place - SLOT)});
    else columns.push({place, group: 'outside', label: placeName(place)});
  }
  // The stretches of a place stand together, in order.
  const first = new Map(), end = new Map();
  stretchPlace.forEach((place, k) => {
    if (!first.has(place)) first.set(place, k);
    end.set(place, k + 1);
  });
  for (const column of columns) {
    column.first = first.get(column.place) ?? 0;
    column.end = end.get(column.place) ?? 0;
    column.clobbers = maskRegisters.map(mask => mask.has(column.place));
  }
  return columns;
})();

/** The stretches of a column that reach into the lines from ..< to. */
function stretchRange(column, from, to) {
  let k = Math.max(column.first, lastAtMost(stretchTop, from, column.first, column.end));
  while (k < column.end && stretchBottom[k] <= from) k++;
  let end = k;
  while (end < column.end && stretchTop[end] < to) end++;
  return [k, end];
}

// Marks beside the code: where a piece was split, and where one that lost its register begins.

const SPLIT_MARK = 0, EVICTION_MARK = 1;
/** Sorted by line: [line, kind, event, bundle]. */
const marks = [];
for (let k = 0; k < eventKind.length; k++) {
  const piece = eventPiece[k];
  if (eventKind[k] === EVICTED) {
    marks.push([lineOfPoint(pieceFrom[piece]), EVICTION_MARK, k, pieceBundle[piece]]);
  } else if (eventKind[k] >= SPLIT_AROUND_USE) {
    for (let n = 0; n < eventChildCount[k]; n++) {
      const from = pieceFrom[eventChild[k] + n];
      if (from <= pieceFrom[piece]) continue;
      marks.push([lineOfPoint(from), SPLIT_MARK, k, pieceBundle[piece]]);
    }
  }
}
marks.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
const markLine = marks.map(mark => mark[0]);

/** The marks on the lines from ..< to. */
function marksBetween(from, to) {
  return marks.slice(lastAtMost(markLine, from - 1) + 1, lastAtMost(markLine, to - 1) + 1);
}

// The filter: what is shown in colour.

/**
 * Understands values (v3, v3-9), bundles (bundle4), places (int3, slot2), and where to go (i12, b3).
 * Gives {shown: per value 1 or 0, or null for all; goal: a line, or -1; instruction; errors}.
 */
function parseFilter(text) {
  const shown = new Uint8Array(valueCount);
  const result = {shown: null, goal: -1, instruction: -1, columns: new Set(), errors: []};
  const show = values => { result.shown = shown; for (const v of values) shown[v] = 1; };
  for (const word of text.trim().split(/[\s,&]+/).filter(word => word !== '')) {
    const [, kind, first, last] = /^([a-z]+)=?(\d+)(?:-v?(\d+))?$/i.exec(word) ?? [];
    const n = Number(first);
    const name = (kind ?? '').toLowerCase();
    const c = CLASS_NAMES.indexOf(name);
    if (name === 'v' && n < valueCount && Number(last ?? n) < valueCount) {
      const values = [];
      for (let v = n; v <= Number(last ?? n); v++) values.push(v);
      show(values);
    } else if (last === undefined && name === 'bundle' && n < bundleCount) {
      show(valuesOfBundle.of(n));
    } else if (last === undefined && (name === 'slot' || c >= 0 && n < 64)) {
      const place = name === 'slot' ? SLOT + n : c * 64 + n;
      const column = allColumns.find(column => column.place === place);
      if (!column) result.errors.push('nothing is in ' + word);
      else {
        result.columns.add(place);
        show(stretchValue.subarray(column.first, column.end));
      }
    } else if (last === undefined && name === 'i' && n < instructionCount) {
      result.goal = lineOfInstruction(n);
      result.instruction = n;
    } else if (last === undefined && name === 'b' && n < blockCount) {
      result.goal = lineOfBlock(n);
    } else {
      result.errors.push('there is no ' + word);
    }
  }
  if (result.shown !== null) {
    result.bundles = new Uint8Array(bundleCount);
    for (let v = 0; v < valueCount; v++) if (shown[v] && bundleOf(v) >= 0) result.bundles[bundleOf(v)] = 1;
  }
  return result;
}
