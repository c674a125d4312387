// SPDX-License-Identifier: Apache-2.0
// The allocation as tables; `PageData.swift` says what stands in them.

const data = JSON.parse(document.getElementById('data').textContent);

const CLASS_NAMES = ['int', 'float', 'vector'];
const SLOT = 256;

function placeName(place) {
  if (place <= -2) return 'made again';
  if (place < 0) return 'none';
  if (place >= SLOT) return 'slot' + (place - SLOT);
  return CLASS_NAMES[Math.min(place >> 6, 2)] + (place & 63);
}

const memoryPlaces = new Set();
for (const lists of data.machine) for (const place of lists[3]) memoryPlaces.add(place);

function isMemory(place) { return place >= SLOT || memoryPlaces.has(place); }

/** Of a list of rows of `width` numbers, column `k`. What is null is infinite. */
function column(list, width, k) {
  const result = new Float64Array(list.length / width);
  for (let at = k, n = 0; at < list.length; at += width, n++) result[n] = list[at] ?? Infinity;
  return result;
}

/** From counts per element to where each one's part starts, with the end behind. */
function starts(counts) {
  const result = new Int32Array(counts.length + 1);
  for (let k = 0; k < counts.length; k++) result[k + 1] = result[k] + counts[k];
  return result;
}

/** The indices 0 ..< keys.length grouped by key, which is below `count`; negative keys are left out. */
function group(keys, count) {
  const counts = new Int32Array(count);
  for (const key of keys) if (key >= 0) counts[key]++;
  const start = starts(counts);
  const next = start.slice();
  const items = new Int32Array(start[count]);
  for (let k = 0; k < keys.length; k++) if (keys[k] >= 0) items[next[keys[k]]++] = k;
  return {of: key => items.subarray(start[key], start[key + 1])};
}

/** The last index in lower ..< upper whose element is at most `wanted`; lower - 1 if none is. */
function lastAtMost(list, wanted, lower = 0, upper = list.length) {
  while (lower < upper) {
    const middle = (lower + upper) >> 1;
    if (list[middle] <= wanted) lower = middle + 1; else upper = middle;
  }
  return lower - 1;
}

// Blocks, instructions, operands.

const blockStart = column(data.blocks, 4, 0);
const frequency = column(data.blocks, 4, 1);
const isCold = column(data.blocks, 4, 2);
const depth = column(data.blocks, 4, 3);
const blockCount = blockStart.length;
const predecessors = Array.from({length: blockCount}, () => []);
data.edges.forEach((edges, b) => { for (const edge of edges) predecessors[edge[0]].push(b); });

const operandStart = starts(column(data.instructions, 3, 0));
const clobberMask = column(data.instructions, 3, 1);
const role = column(data.instructions, 3, 2);
const instructionCount = clobberMask.length;
const operandValue = column(data.operands, 4, 0);
const operandFlags = column(data.operands, 4, 1);
const operandPayload = column(data.operands, 4, 2);
const operandPlace = column(data.operands, 4, 3);
const operandInstruction = new Int32Array(operandValue.length);
for (let i = 0; i < instructionCount; i++) operandInstruction.fill(i, operandStart[i], operandStart[i + 1]);

const maskRegisters = data.masks.map(mask => new Set(mask));

function blockOf(i) { return lastAtMost(blockStart, i); }
function rowOf(i) { return i + blockOf(i) + 1; }
function isDefinition(k) { return (operandFlags[k] & 1) !== 0; }
function isLate(k) { return (operandFlags[k] & 2) !== 0; }

// Rows of two points: each block's entry, then its instructions.

const rowCount = instructionCount + blockCount;
/** An instruction, or -1 - b for the entry of block b. */
const rowContent = new Int32Array(rowCount);
for (let b = 0; b < blockCount; b++) {
  const end = b + 1 < blockCount ? blockStart[b + 1] : instructionCount;
  rowContent[blockStart[b] + b] = -1 - b;
  for (let i = blockStart[b]; i < end; i++) rowContent[i + b + 1] = i;
}
function blockOfRow(row) {
  const content = rowContent[Math.max(0, Math.min(row, rowCount - 1))];
  return content < 0 ? -1 - content : blockOf(content);
}

// Values.

const classes = data.classes;
const valueCount = classes.length;
const operandsOf = group(operandValue, valueCount);
const parameterBlock = new Int32Array(valueCount).fill(-1);
data.parameters.forEach((list, b) => { for (const v of list) parameterBlock[v] = b; });
/** Per value the edges that pass it, or that pass its parameter: [block, target, argument, parameter]. */
const passedBy = new Map();
data.edges.forEach((edges, b) => {
  for (const [target, ...list] of edges) list.forEach((argument, n) => {
    const parameter = data.parameters[target][n];
    for (const v of new Set([argument, parameter])) {
      if (!passedBy.has(v)) passedBy.set(v, []);
      passedBy.get(v).push([b, target, argument, parameter]);
    }
  });
});
const cheap = new Map();
for (let k = 0; k < data.cheap.length; k += 2) cheap.set(data.cheap[k], data.cheap[k + 1]);
const hints = new Map();
for (let k = 0; k < data.hints.length; k += 2) hints.set(data.hints[k], data.hints[k + 1]);

// What the allocator made of them.

const stretchPlace = column(data.stretches, 4, 0);
const stretchValue = column(data.stretches, 4, 1);
const stretchFrom = column(data.stretches, 4, 2);
const stretchTo = column(data.stretches, 4, 3);
const stretchesOf = group(stretchValue, valueCount);

const editInstruction = column(data.edits, 5, 0);
const editIsAfter = column(data.edits, 5, 1);
const editFrom = column(data.edits, 5, 2);
const editTo = column(data.edits, 5, 3);
const editValue = column(data.edits, 5, 4);
const editsOf = group(editValue, valueCount);
const editCount = editValue.length;
/** The row in front of whose first point the edit is. */
const editRow = editInstruction.map((i, k) => rowOf(i) + editIsAfter[k]);

const MOVE = 0, LOAD = 1, STORE = 2, REMADE = 3;
const EDIT_NAMES = ['move', 'load', 'store', 'remake'];
const editKind = editFrom.map((from, k) =>
  from <= -2 ? REMADE : isMemory(from) ? LOAD : isMemory(editTo[k]) ? STORE : MOVE);
const editCost = editInstruction.map(i => frequency[blockOf(i)]);

// The bundles of the backtracking allocator; without them each value is its own.

const hasTrace = data.bundles.length > 0;
function bundleOf(v) { return hasTrace ? data.bundles[v] : v; }
const bundleCount = hasTrace ? data.bundles.reduce((most, b) => Math.max(most, b), -1) + 1 : valueCount;
const valuesOfBundle = group(hasTrace ? data.bundles : classes.map((_, v) => v), bundleCount);

const pieceBundle = column(data.pieces, 7, 0);
const pieceFrom = column(data.pieces, 7, 1);
const pieceTo = column(data.pieces, 7, 2);
const pieceCost = column(data.pieces, 7, 3);
const pieceWeight = column(data.pieces, 7, 4);
const pieceState = column(data.pieces, 7, 5);
const piecePlace = column(data.pieces, 7, 6);
const piecesOf = group(pieceBundle, bundleCount);
const STATE_NAMES = ['placed', 'in memory', 'split'];

const ASSIGNED = 0, EVICTED = 1, SPLIT_AROUND_USE = 2;
const eventKind = column(data.events, 5, 0);
const eventPiece = column(data.events, 5, 1);
const eventRegister = column(data.events, 5, 2);
const eventChild = column(data.events, 5, 3);
const eventChildCount = column(data.events, 5, 4);
const eventsOf = group(eventPiece.map(piece => pieceBundle[piece]), bundleCount);

/** For an eviction, the assignment to the register that it made room for; -1 if there is none. */
const evictedFor = (() => {
  const result = new Int32Array(eventKind.length).fill(-1);
  const next = new Int32Array(SLOT).fill(-1);
  for (let k = eventKind.length - 1; k >= 0; k--) {
    if (eventKind[k] === ASSIGNED) next[eventRegister[k]] = k;
    else if (eventKind[k] === EVICTED) result[k] = next[eventRegister[k]];
  }
  return result;
})();

/** Whatever edits there are of it, by frequency: what the value costs. */
const valueCost = new Float64Array(valueCount);
const blockCost = new Float64Array(blockCount);
/** Per block moves, loads, stores and values made again. */
const blockEdits = Array.from({length: blockCount}, () => [0, 0, 0, 0]);
for (let k = 0; k < editCount; k++) {
  const b = blockOf(editInstruction[k]);
  blockCost[b] += editCost[k];
  blockEdits[b][editKind[k]]++;
  if (editValue[k] >= 0) valueCost[editValue[k]] += editCost[k];
}
