// SPDX-License-Identifier: Apache-2.0
// The panel: all that is known of what the filter shows, or where the function loses its time.

const LIST_LIMIT = 200;

/** An element with text or elements inside; text is never taken for markup. */
function element(name, attributes, ...content) {
  const result = document.createElement(name);
  Object.assign(result, attributes);
  result.append(...content);
  return result;
}

/** A link that sets the filter. */
function link(filter, text) {
  return element('a', {href: '#' + encodeURIComponent(filter)}, text ?? filter);
}
/** Keeps what is shown and goes to an instruction. */
function goTo(i, text) { return link(`${shownWords()} i${i}`.trim(), text ?? 'i' + i); }

/** The filter without where to go. */
function shownWords() {
  return filterText.split(/[\s,&]+/).filter(word => !/^[ib]=?\d/i.test(word)).join(' ');
}

/** Words with each vN, bN, iN and bundleN made a link. */
function linked(text) {
  const result = [];
  let end = 0;
  for (const match of text.matchAll(/\b(v|b|i|bundle)(\d+)\b/g)) {
    result.push(text.slice(end, match.index));
    result.push(match[1] === 'i' ? goTo(Number(match[2])) : link(match[0]));
    end = match.index + match[0].length;
  }
  result.push(text.slice(end));
  return result;
}

function section(title, lines) {
  const list = element('ul', {});
  for (const line of lines.slice(0, LIST_LIMIT)) {
    list.append(element('li', {}, ...(Array.isArray(line) ? line : linked(line))));
  }
  if (lines.length > LIST_LIMIT) {
    list.append(element('li', {}, `and ${lines.length - LIST_LIMIT} more`));
  }
  return lines.length === 0 ? '' : element('section', {}, element('h3', {}, title), list);
}

function table(title, head, rows) {
  const body = element('tbody', {});
  for (const row of rows) {
    body.append(element('tr', {}, ...row.map(cell => element('td', {}, cell))));
  }
  const heads = head.map(text => element('th', {scope: 'col'}, text));
  return element('section', {}, element('h3', {}, title), element('table', {},
    element('thead', {}, element('tr', {}, ...heads)), body));
}

/** The indices with the greatest positive numbers. */
function greatest(list, count) {
  const indices = [];
  for (let k = 0; k < list.length; k++) if (list[k] > 0) indices.push(k);
  return indices.sort((a, b) => list[b] - list[a] || a - b).slice(0, count);
}

function fillPanel() {
  const {shown, instruction} = scene.filter;
  const parts = [];
  if (instruction >= 0) parts.push(...instructionDetails(instruction));
  const values = [];
  if (shown !== null) for (let v = 0; v < valueCount; v++) if (shown[v]) values.push(v);
  if (values.length === 1) parts.push(...valueDetails(values[0]));
  else if (values.length > 1) parts.push(...manyDetails(values));
  else if (instruction < 0) parts.push(...overview());
  const panel = document.getElementById('panel');
  panel.replaceChildren(...parts.filter(part => part !== ''));
  panel.scrollTop = 0;
}

// Nothing selected: where it costs.

function overview() {
  const costly = greatest(valueCost, 25).map(v => {
    const counts = [0, 0, 0, 0];
    for (const k of editsOf.of(v)) counts[editKind[k]]++;
    return [link('v' + v), numberWords(valueCost[v]), ...counts.map(String)];
  });
  const blocks = greatest(blockCost, 15).map(b =>
    [link('b' + b), frequencyWords(frequency[b]), String(depth[b]), numberWords(blockCost[b]),
      ...blockEdits[b].map(String)]);
  const lines = [];
  for (let k = 0; k < data.report.length; k += 2) lines.push([data.report[k], data.report[k + 1]]);
  return [
    element('h2', {}, 'Where it costs'),
    element('p', {}, 'Moves, loads and stores, each counted as often as its block runs.'),
    table('Values', ['', 'cost', 'moves', 'loads', 'stores', 'remade'], costly),
    table('Blocks', ['', 'runs', 'depth', 'cost', 'moves', 'loads', 'stores', 'remade'], blocks),
    table('The allocation', ['', ''], lines),
  ];
}

// One value.

function valueDetails(v) {
  const bundle = bundleOf(v);
  const chip = element('span', {className: 'chip'});
  chip.style.background = bundleColor(bundle, false);
  const definitions = [], uses = [];
  for (const k of operandsOf.of(v)) {
    const i = operandInstruction[k];
    const text = `i${i} ${frequencyWords(frequency[blockOf(i)])} ${operandWords(k)} in ` +
      placeName(operandPlace[k]);
    (isDefinition(k) ? definitions : uses).push(text);
  }
  if (parameterBlock[v] >= 0) definitions.push('parameter of b' + parameterBlock[v]);
  const edges = (passedBy.get(v) ?? []).map(([b, target, argument, parameter]) =>
    `b${b} to b${target}: v${argument} becomes v${parameter}`);
  const facts = [
    `${CLASS_NAMES[classes[v]]}, ${bundleWords(bundle)}`,
    `${editCountWords(editsOf.of(v))}: ${numberWords(valueCost[v])} by frequency`,
  ];
  if (cheap.has(v)) facts.push(`cheap to make again: ${numberWords(cheap.get(v))} of a load`);
  if (hints.has(v)) facts.push(`would best be in ${placeName(hints.get(v))}`);
  return [
    element('h2', {}, chip, ' v' + v),
    ...facts.map(fact => element('p', {}, ...linked(fact))),
    section('Defined', definitions),
    section('Used', uses),
    section('Passed on', edges),
    section('Where it is', placesOf([v])),
    section('Moves', movesOf([v])),
    ...bundleDetails(bundle),
  ];
}

function placesOf(values) {
  const list = values.flatMap(v => [...stretchesOf.of(v)]);
  list.sort((a, b) => stretchFrom[a] - stretchFrom[b] || stretchPlace[a] - stretchPlace[b]);
  return list.slice(0, LIST_LIMIT + 1).map(k => (values.length > 1 ? `v${stretchValue[k]} ` : '') +
    `${placeName(stretchPlace[k])}: ${pointWords(stretchFrom[k])} to ${pointWords(stretchTo[k])}`);
}

function movesOf(values) {
  const list = values.flatMap(v => [...editsOf.of(v)]).sort((a, b) => a - b);
  return list.map(k => `${editIsAfter[k] ? 'after' : 'before'} i${editInstruction[k]} ` +
    `${frequencyWords(editCost[k])} ${editWords(k)}`);
}

/** What the allocator decided, in the order in which it did. */
function bundleDetails(bundle) {
  if (!hasTrace || bundle < 0) return [];
  const values = [...valuesOfBundle.of(bundle)];
  const pieces = [...piecesOf.of(bundle)].filter(k => pieceState[k] !== 2)
    .sort((a, b) => pieceFrom[a] - pieceFrom[b]);
  return [
    element('h2', {}, link('bundle' + bundle)),
    values.length > 1 ? element('p', {}, ...linked(values.slice(0, LIST_LIMIT).map(v => 'v' + v).join(' '))) : '',
    section('What became of it', [...eventsOf.of(bundle)].map(eventWords)),
    section('Its last pieces', pieces.map(k =>
      `${pieceState[k] === 0 ? placeName(piecePlace[k]) : 'in memory'}: ${pieceWords(k)}`)),
  ];
}

// Several values: a bundle, a place, or what was typed.

function manyDetails(values) {
  const bundles = new Set(values.map(bundleOf));
  const edits = values.flatMap(v => [...editsOf.of(v)]);
  const cost = values.reduce((sum, v) => sum + valueCost[v], 0);
  const isBundle = bundles.size === 1 && hasTrace;
  return [
    element('h2', {}, countWords(values.length, 'value')),
    element('p', {}, ...linked(values.slice(0, LIST_LIMIT).map(v => 'v' + v).join(' '))),
    element('p', {}, `${editCountWords(edits)}: ${numberWords(cost)} by frequency`),
    ...(isBundle ? bundleDetails([...bundles][0]) : []),
    section('Where they are', placesOf(values)),
    section('Moves', movesOf(values)),
  ];
}

// One instruction.

function instructionDetails(i) {
  const b = blockOf(i), row = rowOf(i);
  const operands = [];
  for (let k = operandStart[i]; k < operandStart[i + 1]; k++) {
    operands.push(`${operandWords(k)} in ${placeName(operandPlace[k])}`);
  }
  const before = [], live = [];
  for (let k = editStart[row]; k < editStart[row + 1]; k++) before.push(editWords(k));
  for (const column of allColumns) {
    const k = lastAtMost(stretchFrom, 2 * row, column.first, column.end);
    if (k >= column.first && stretchTo[k] > 2 * row) {
      live.push(`${placeName(column.place)}: v${stretchValue[k]}`);
    }
  }
  return [
    element('h2', {}, 'i' + i),
    element('p', {}, ...linked(`in b${b} ${frequencyWords(frequency[b])}, loop depth ${depth[b]}`)),
    section('Moves before it', before),
    section('Operands', operands),
    clobberMask[i] > 0
      ? section('Destroys', [[...maskRegisters[clobberMask[i]]].map(placeName).join(' ')]) : '',
    section('What is where before it', live),
  ];
}
