// SPDX-License-Identifier: Apache-2.0
// What things are called, in the words of the text form.

function operandWords(k) {
  if (operandValue[k] < 0) return 'outside ' + placeName(operandPayload[k]);
  const payload = operandPayload[k];
  const constraint = [
    ':any', '', ':stack', ':' + placeName(payload), ':reuse' + payload, ':below' + 2 ** payload,
  ][operandFlags[k] >> 2];
  const kind = isDefinition(k) ? (isLate(k) ? 'def' : 'def.early') : (isLate(k) ? 'use.late' : 'use');
  return `${kind} v${operandValue[k]}${constraint}`;
}

function instructionWords(i) {
  const words = [];
  for (let k = operandStart[i]; k < operandStart[i + 1]; k++) words.push(operandWords(k));
  // What the client calls it, first.
  const own = data.texts[i] ? ' ' + data.texts[i] + (words.length > 0 ? ' ·' : '') : '';
  let text = 'i' + i + own + (words.length > 0 ? ' ' + words.join(', ') : '');
  if (clobberMask[i] > 0) text += ' clobbers c' + clobberMask[i];
  if (role[i] === 2) text += ' exit';
  if (role[i] === 1) {
    text += ' branch';
    for (const [target, ...list] of data.edges[blockOf(i)]) {
      text += ' b' + target + (list.length > 0 ? '(' + list.map(v => 'v' + v).join(' ') + ')' : '');
    }
  }
  return text;
}

function frequencyWords(f) {
  return '×' + (f === 0 || f >= 0.01 && f < 1e6 ? String(Number(f.toPrecision(3))) : f.toExponential(1));
}

function blockWords(b) {
  let text = `b${b} ${frequencyWords(frequency[b])}`;
  if (isCold[b]) text += ' cold';
  if (data.parameters[b].length > 0) text += '(' + data.parameters[b].map(v => 'v' + v).join(' ') + ')';
  const from = predecessors[b];
  if (from.length > 0) {
    text += ' from ' + from.slice(0, 8).map(p => 'b' + p).join(' ') + (from.length > 8 ? ' …' : '');
  }
  return text;
}

function editWords(k) {
  const value = editValue[k] < 0 ? '' : ' v' + editValue[k];
  if (editKind[k] === REMADE) return `remake v${-2 - editFrom[k]} → ${placeName(editTo[k])}`;
  return `${EDIT_NAMES[editKind[k]]}${value} ${placeName(editFrom[k])} → ${placeName(editTo[k])}`;
}

/** A point as people say it. */
function pointWords(point) {
  const row = point >> 1;
  if (row >= rowCount) return 'the end';
  const content = rowContent[row];
  if (content < 0) return 'b' + (-1 - content);
  return (point & 1 ? 'i' : 'before i') + content;
}

function numberWords(x) {
  if (x === Infinity) return '∞';
  return Math.abs(x) >= 1e6 ? x.toExponential(2) : String(Number(x.toPrecision(4)));
}

function countWords(n, one, many) { return n + ' ' + (n === 1 ? one : many ?? one + 's'); }

function bundleWords(bundle) {
  if (!hasTrace) return 'no bundle';
  if (bundle < 0) return 'no bundle: in fixed places only';
  return `bundle${bundle} (${countWords(valuesOfBundle.of(bundle).length, 'value')})`;
}

/** Moves, loads, stores, values made again, for those that there are. */
function editCountWords(edits) {
  const counts = [0, 0, 0, 0];
  for (const k of edits) counts[editKind[k]]++;
  const words = counts.map((n, kind) => n === 0 ? '' : countWords(n, EDIT_NAMES[kind]))
    .filter(word => word !== '');
  return words.join(', ') || 'no moves';
}

function pieceWords(k) {
  return `${pointWords(pieceFrom[k])} to ${pointWords(pieceTo[k])}, weight ${numberWords(pieceWeight[k])}` +
    `, cost ${numberWords(pieceCost[k])}`;
}

function eventWords(k) {
  const piece = eventPiece[k];
  switch (eventKind[k]) {
  case ASSIGNED: return `${placeName(eventRegister[k])}: ${pieceWords(piece)}`;
  case EVICTED: {
    const winner = evictedFor[k];
    const whom = winner < 0 ? '' : ` for bundle${pieceBundle[eventPiece[winner]]}` +
      ` (weight ${numberWords(pieceWeight[eventPiece[winner]])})`;
    return `evicted from ${placeName(eventRegister[k])}${whom}: ${pieceWords(piece)}`;
  }
  default: {
    const how = eventKind[k] === SPLIT_AROUND_USE ? 'split around its hottest use' : 'split at its uses';
    return `${how}: ${pieceWords(piece)}, into ${countWords(eventChildCount[k], 'piece')}`;
  }
  }
}

// What the pointer is on, as lines of text.

/** The piece of a bundle that holds a point of a place, the last made first; -1 if none does. */
function pieceAt(bundle, place, from, to) {
  if (!hasTrace || bundle < 0) return -1;
  const pieces = piecesOf.of(bundle);
  for (let n = pieces.length - 1; n >= 0; n--) {
    const k = pieces[n];
    const fits = place >= SLOT ? pieceState[k] === 1 : pieceState[k] === 0 && piecePlace[k] === place;
    if (fits && pieceFrom[k] < to && from < pieceTo[k]) return k;
  }
  return -1;
}

function stretchTip(k, line) {
  const v = stretchValue[k], place = stretchPlace[k];
  const lines = [
    `v${v} ${CLASS_NAMES[classes[v]]} in ${placeName(place)} · ${bundleWords(bundleOf(v))}`,
    `${pointWords(stretchFrom[k])} to ${pointWords(stretchTo[k])}`,
  ];
  const piece = pieceAt(bundleOf(v), place, stretchFrom[k], stretchTo[k]);
  if (piece >= 0) {
    lines.push(`piece ${STATE_NAMES[pieceState[piece]]}: weight ${numberWords(pieceWeight[piece])}` +
      `, cost in memory ${numberWords(pieceCost[piece])}`);
  }
  const edits = editsOf.of(v);
  lines.push(`v${v}: ${editCountWords(edits)}, ${numberWords(valueCost[v])} by frequency`);
  const {row, edit} = contentOfLine(line);
  const i = rowContent[row];
  if (edit >= 0) lines.push(editWords(edit));
  else if (i >= 0) {
    for (let n = operandStart[i]; n < operandStart[i + 1]; n++) {
      if (operandPlace[n] === place) lines.push(`i${i}: ${operandWords(n)} in ${placeName(place)}`);
    }
  }
  return lines;
}

function lineTip(line) {
  const {row, edit} = contentOfLine(line);
  const content = rowContent[row];
  const b = blockOfRow(row);
  const where = `b${b} ${frequencyWords(frequency[b])}, loop depth ${depth[b]}${isCold[b] ? ', cold' : ''}`;
  if (edit >= 0) {
    return [editWords(edit), `${editIsAfter[edit] ? 'after' : 'before'} i${editInstruction[edit]} in ${where}`];
  }
  if (content < 0) {
    const counts = blockEdits[b].map((n, kind) => countWords(n, EDIT_NAMES[kind])).join(', ');
    return [blockWords(b), where, counts];
  }
  const lines = [instructionWords(content), where];
  for (let k = operandStart[content]; k < operandStart[content + 1]; k++) {
    lines.push(`${operandWords(k)} in ${placeName(operandPlace[k])}`);
  }
  return lines;
}

function clobberTip(i, place) {
  return [`i${i} destroys ${placeName(place)} (clobbers c${clobberMask[i]})`];
}
