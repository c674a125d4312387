// SPDX-License-Identifier: Apache-2.0
// Instructions, flat and folded, to any depth without recursion.

import BrolgaEntities

/// A construct or folded instruction that is open.
struct TextFrame: BitwiseCopyable {
  enum Kind: UInt8 {
    /// A folded instruction, in `pending` until its operands are through.
    case plain
    /// `block`, `loop` or `try_table`, flat or folded.
    case block, foldedBlock
    case `if`, `else`
    /// A folded `if` before its `then`, within it, after it, within its `else`, after that.
    case condition, then, thenDone, foldedElse, elseDone
  }

  var kind: Kind
  /// Whether the label has a name.
  var isNamed: Bool
  var symbol: UInt32
  /// Where in `pending` the instruction starts.
  var start: UInt32
  /// The token of the instruction's name.
  var token: UInt32
}

extension TextParser {
  /// Reads instructions up to a closing parenthesis that is not theirs, or just one that is folded,
  /// and appends them to `body`.
  mutating func parseInstructions(
    function: UInt32 = 0, isSingle: Bool = false
  ) throws(TextFailure) {
    frames.removeAll()
    pending.removeAll()
    labels.removeAll()
    labelCount = 0
    repeat {
      switch token.kind {
      case .open: try openFolded(function)
      case .close:
        if frames.isEmpty { return }
        try closeFolded()
        position = position &+ 1
      case .word: try parseFlat(function)
      default: throw unexpected()
      }
    } while !(isSingle && frames.isEmpty)
  }

  /// The row of the instruction whose name is at `position`.
  private mutating func instruction(at position: Int) throws(TextFailure) -> TextInstruction {
    let token = tokens[position]
    guard token.kind == .word, token.value < Keyword.firstCode else {
      self.position = position
      throw unexpected()
    }
    let row = instructions[Int(truncatingIfNeeded: token.value)]
    if !row.feature.isEmpty { try require(row.feature, at: position) }
    return row
  }

  /// Moves what `pending` holds from `start` on to `body`.
  @inline(__always)
  private mutating func flush(from start: Int, token: Int) {
    if isMarking { mark(.code, body.count, at: token) }
    body.append(pending, from: start)
    pending.truncate(to: start)
  }

  // MARK: Flat

  private mutating func parseFlat(_ function: UInt32) throws(TextFailure) {
    if let top = topKind {
      // Only folded instructions may be operands.
      let isOpen = top != .plain && top != .condition && top != .thenDone && top != .elseDone
      guard isOpen else { throw unexpected() }
    }
    let start = position
    let row = try instruction(at: position)
    let first = pending.count
    position = position &+ 1
    switch row.immediates {
    case .block, .loop, .tryTable:
      try parseConstruct(row, .block, at: start, function)
      flush(from: first, token: start)
    case .if:
      try parseConstruct(row, .if, at: start, function)
      flush(from: first, token: start)
    case .else:
      guard topKind == .if else { throw misplaced(start) }
      try checkRepeatedLabel()
      frames.last.kind = .else
      mark(.code, body.count, at: start)
      body.append(0x05)
    case .end:
      guard let top = topKind, top == .block || top == .if || top == .else else {
        throw misplaced(start)
      }
      try checkRepeatedLabel()
      mark(.code, body.count, at: start)
      popLabel()
      body.append(0x0B)
    default:
      try parsePlain(row)
      flush(from: first, token: start)
    }
  }

  private var topKind: TextFrame.Kind? { frames.isEmpty ? nil : frames.last.kind }

  private mutating func misplaced(_ start: Int) -> TextFailure {
    position = start
    return unexpected()
  }

  /// Checks the label that may be repeated after `else` and `end`.
  private mutating func checkRepeatedLabel() throws(TextFailure) {
    guard token.kind == .symbol else { return }
    let frame = frames.last
    guard frame.isNamed, frame.symbol == token.value else { throw failure("mismatching label") }
    position = position &+ 1
  }

  // MARK: Labels

  /// Reads what follows the name of a construct, encodes it in `pending`, and opens its frame.
  private mutating func parseConstruct(
    _ row: TextInstruction, _ kind: TextFrame.Kind, at start: Int, _ function: UInt32
  ) throws(TextFailure) {
    let frameStart = pending.count
    pending.append(UInt8(truncatingIfNeeded: row.code))
    let symbol = takeSymbol()
    try parseBlockType()
    if row.immediates == .tryTable { try parseCatchClauses() }
    guard frames.count < ImplementationLimits.controlDepth else {
      throw TextFailure(.limit, at: Int(tokens[start].start), "too many nested instructions")
    }
    let frame = TextFrame(
      kind: kind, isNamed: symbol != nil, symbol: symbol ?? 0,
      start: UInt32(truncatingIfNeeded: frameStart), token: UInt32(truncatingIfNeeded: start))
    frames.append(frame)
    if let symbol {
      nameEntries.append(
        TextNameEntry(subsection: 3, function: function, index: constructCount, symbol: symbol))
    }
    constructCount = constructCount &+ 1
    // The label of a folded `if` is not yet in scope in its condition.
    if kind != .condition { pushLabel() }
  }

  private mutating func pushLabel() {
    let frame = frames.last
    if frame.isNamed { labels.define(frame.symbol, as: labelCount) }
    labelCount = labelCount &+ 1
  }

  /// Closes the innermost frame, which has a label.
  private mutating func popLabel() {
    if frames.last.isNamed { labels.undefineLast() }
    labelCount = labelCount &- 1
    frames.popLast()
  }

  /// Reads a label: how many constructs out.
  mutating func parseLabel() throws(TextFailure) -> UInt32 {
    guard token.kind == .symbol else { return try parseU32() }
    guard let label = labels[token.value] else {
      throw failure("unknown label \(text(of: token))")
    }
    position = position &+ 1
    return labelCount &- 1 &- label
  }

  // MARK: Folded

  private mutating func openFolded(_ function: UInt32) throws(TextFailure) {
    let start = position &+ 1
    if let top = topKind, top == .condition || top == .thenDone || top == .elseDone {
      if try openBranch(top) { return }
    }
    let row = try instruction(at: start)
    position = start &+ 1
    switch row.immediates {
    case .block, .loop, .tryTable:
      let first = pending.count
      try parseConstruct(row, .foldedBlock, at: start, function)
      flush(from: first, token: start)
    case .if: try parseConstruct(row, .condition, at: start, function)
    case .else, .end: throw misplaced(start)
    default:
      let first = pending.count
      try parsePlain(row)
      guard frames.count < ImplementationLimits.controlDepth else {
        throw TextFailure(.limit, at: Int(tokens[start].start), "too many nested instructions")
      }
      frames.append(
        TextFrame(
          kind: .plain, isNamed: false, symbol: 0, start: UInt32(truncatingIfNeeded: first),
          token: UInt32(truncatingIfNeeded: start)))
    }
  }

  /// Opens the `then` or `else` of a folded `if`; false if something else is next that may be.
  private mutating func openBranch(_ top: TextFrame.Kind) throws(TextFailure) -> Bool {
    let next = tokens[position &+ 1]
    guard next.kind == .word else { return false }
    if top == .condition {
      guard next.value == Keyword.then.code else { return false }
      position = position &+ 2
      let frame = frames.last
      flush(
        from: Int(truncatingIfNeeded: frame.start), token: Int(truncatingIfNeeded: frame.token))
      frames.last.kind = .then
      pushLabel()
      return true
    }
    let isElse =
      next.value < Keyword.firstCode
      && instructions[Int(truncatingIfNeeded: next.value)].immediates == .else
    guard top == .thenDone, isElse else {
      position = position &+ 1
      throw unexpected()
    }
    mark(.code, body.count, at: position &+ 1)
    position = position &+ 2
    body.append(0x05)
    frames.last.kind = .foldedElse
    return true
  }

  private mutating func closeFolded() throws(TextFailure) {
    let frame = frames.last
    switch frame.kind {
    case .plain:
      flush(
        from: Int(truncatingIfNeeded: frame.start), token: Int(truncatingIfNeeded: frame.token))
      frames.popLast()
    case .then: frames.last.kind = .thenDone
    case .foldedElse: frames.last.kind = .elseDone
    case .foldedBlock, .thenDone, .elseDone:
      mark(.code, body.count, at: position)
      popLabel()
      body.append(0x0B)
    case .block, .if, .else, .condition: throw unexpected()
    }
  }
}
