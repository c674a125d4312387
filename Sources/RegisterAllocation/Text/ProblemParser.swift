// SPDX-License-Identifier: Apache-2.0
// Reads the text form of problems. `docs/allocation-problem.md` describes it.

import BrolgaEntities

/// Where and why a text is not a problem.
public struct ProblemParseError: Error, Hashable, CustomStringConvertible {
  /// Counted from 1.
  public var line: Int
  /// Where the word that does not fit starts, in bytes, counted from 1.
  public var column: Int
  /// One line, for people.
  public var reason: String
  public var description: String { "line \(line), column \(column): \(reason)" }
}

extension Problem {
  /// Reads the text form `.ra`. The result is sealed, but not validated: see `validate()`.
  public init(parsing text: String) throws(ProblemParseError) {
    self.init()
    var parser = ProblemParser(text: text)
    try parser.parse(into: &self)
  }
}

/// Reads line by line; keeps nothing of the text but its position. Cost: linear in the text.
struct ProblemParser {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0
  /// Where the last word started that was looked for: every search begins with `skipSpaces`.
  private var wordStart = 0
  private var hasValues = false
  /// The instruction read last ended its block.
  private var isBlockEnded = true

  init(text: String) { bytes = Array(text.utf8) }

  mutating func parse(into problem: inout Problem) throws(ProblemParseError) {
    skipBlankLines()
    guard word() == "problem", number() == 1 else { throw error("expected 'problem 1'") }
    try endLine()
    while position < bytes.count {
      try parseLine(&problem)
      try endLine()
    }
    if !isBlockEnded { throw error("the last block has no branch or exit") }
    problem.seal()
  }

  private mutating func parseLine(_ problem: inout Problem) throws(ProblemParseError) {
    let start = position
    let keyword = word()
    switch keyword {
    case "class": try parseClass(&problem.machine)
    case "clobbers": try parseClobbers(&problem)
    case "values": try parseValues(&problem)
    case "order": try parseOrder(&problem)
    case "rematerialize": try parseRematerializations(&problem)
    case "hints": try parseHints(&problem)
    case "repeats": problem.repeatsDefinitions = true
    case "label": try parseLabel(&problem)
    case "block": try parseBlock(&problem)
    case "problem": throw error("a second problem: a text holds one")
    default:
      position = start
      guard id("i") == problem.instructions.count else {
        throw error("expected a keyword, or instruction i\(problem.instructions.count)")
      }
      try parseInstruction(&problem)
    }
  }

  // MARK: Header

  private mutating func parseClass(_ machine: inout Machine) throws(ProblemParseError) {
    let c = try registerClass()
    while let key = optionalWord() {
      switch key {
      case "preferred": machine.preferred[c] = try set()
      case "other": machine.nonPreferred[c] = try set()
      case "memory": machine.fixedStackSlots[c] = try set()
      case "scratch":
        guard let n = number(), n < 64 else { throw error("expected a register below 64") }
        switch c {
        case .int: machine.intScratch = PhysicalRegister(c, n)
        case .float: machine.floatScratch = PhysicalRegister(c, n)
        case .vector: machine.vectorScratch = PhysicalRegister(c, n)
        }
      case "units":
        guard let n = number(), n < 256 else { throw error("expected a number below 256") }
        switch c {
        case .int: machine.intSlotUnits = UInt8(n)
        case .float: machine.floatSlotUnits = UInt8(n)
        case .vector: machine.vectorSlotUnits = UInt8(n)
        }
      default: throw error("no such property of a class: '\(key)'")
      }
    }
  }

  private mutating func parseClobbers(_ problem: inout Problem) throws(ProblemParseError) {
    guard id("c") == problem.clobberMasks.count else {
      throw error("expected clobber mask c\(problem.clobberMasks.count)")
    }
    if problem.clobberMasks.count > 0xffff { throw error("more than 65536 clobber masks") }
    var mask = RegisterSet()
    skipSpaces()
    while !isAtLineEnd {
      let c = try registerClass()
      mask[c] = try set()
      skipSpaces()
    }
    problem.clobberMasks.append(mask)
  }

  private mutating func parseValues(_ problem: inout Problem) throws(ProblemParseError) {
    if hasValues { throw error("'values' stands twice") }
    hasValues = true
    skipSpaces()
    while !isAtLineEnd {
      let c = try registerClass()
      var units = 0
      if accept(UInt8(ascii: ":")) {
        guard let n = number(), n > 0, n < 256 else {
          throw error("expected the units of a slot, below 256")
        }
        units = n
      }
      var count = 1
      if accept(UInt8(ascii: "*")) {
        guard let n = number() else { throw error("expected a count") }
        count = n
      }
      if problem.classes.count + count >= VirtualRegister.limit { throw error("too many values") }
      if units != 0 {
        let missing = problem.classes.count - problem.ownUnits.count
        problem.ownUnits.append(repeating: 0, count: missing)
        problem.ownUnits.append(repeating: UInt8(units), count: count)
      }
      problem.classes.storage.append(repeating: c, count: count)
      skipSpaces()
    }
  }

  // MARK: Advice

  private mutating func parseOrder(_ problem: inout Problem) throws(ProblemParseError) {
    skipSpaces()
    while !isAtLineEnd {
      guard let register = register(word()) else { throw error("expected a register") }
      problem.registerOrder.append(register)
      skipSpaces()
    }
  }

  private mutating func parseRematerializations(
    _ problem: inout Problem
  ) throws(ProblemParseError) {
    while let v = id("v") {
      let value = try value(v, problem)
      guard accept(UInt8(ascii: ":")), let cost = real() else { throw error("expected ':COST'") }
      problem.rematerializations.append(Rematerialization(value, cost: cost))
    }
  }

  private mutating func parseHints(_ problem: inout Problem) throws(ProblemParseError) {
    while let v = id("v") {
      let value = try value(v, problem)
      guard accept(UInt8(ascii: ":")), let register = register(word()) else {
        throw error("expected ':REGISTER'")
      }
      problem.hints.append(Hint(value, register))
    }
  }

  private mutating func parseLabel(_ problem: inout Problem) throws(ProblemParseError) {
    guard let label = number(), label <= Int(UInt32.max), let v = id("v"), let from = id("i"),
      let to = id("i"), max(from, to) <= Int(UInt32.max)
    else { throw error("expected 'label NUMBER vN iFIRST iEND'") }
    problem.labels.append(
      DebugLabel(
        try value(v, problem), from: InstructionIndex(from), to: InstructionIndex(to),
        label: UInt32(truncatingIfNeeded: label)))
  }

  // MARK: Blocks and instructions

  private mutating func parseBlock(_ problem: inout Problem) throws(ProblemParseError) {
    if !isBlockEnded { throw error("the block before has no branch or exit") }
    isBlockEnded = false
    guard id("b") == problem.blocks.count else {
      throw error("expected block b\(problem.blocks.count)")
    }
    var record = BlockRecord(
      instructionStart: UInt32(problem.instructions.count),
      successorStart: UInt32(problem.successors.count),
      predecessorStart: UInt32(problem.predecessors.count),
      parameterStart: UInt32(problem.parameters.count))
    while let key = optionalWord() {
      switch key {
      case "parameters":
        while let v = id("v") { problem.parameters.append(try value(v, problem)) }
      case "from":
        while let b = id("b") { problem.predecessors.append(try block(b)) }
      case "frequency":
        guard let frequency = real() else { throw error("expected a number") }
        record.frequency = frequency
      case "cold": record.isCold = true
      default: throw error("no such property of a block: '\(key)'")
      }
    }
    problem.blocks.append(record)
  }

  private mutating func parseInstruction(_ problem: inout Problem) throws(ProblemParseError) {
    if isBlockEnded { throw error("an instruction outside a block") }
    var record = InstructionRecord(operandStart: UInt32(problem.operands.count))
    while let key = optionalWord() {
      switch key {
      case "use": problem.operands.append(try operand(.use, .early, problem))
      case "use.late": problem.operands.append(try operand(.use, .late, problem))
      case "def": problem.operands.append(try operand(.definition, .late, problem))
      case "def.early": problem.operands.append(try operand(.definition, .early, problem))
      case "outside":
        skipSpaces()
        guard let register = register(word()) else { throw error("expected a register") }
        problem.operands.append(.nonAllocatable(register))
      case "clobbers":
        guard let c = id("c"), c < problem.clobberMasks.count else {
          throw error("expected a clobber mask declared above")
        }
        record.clobberMask = UInt16(c)
        continue
      case "branch":
        record.role = .branch
        try parseSuccessors(&problem)
      case "exit": record.role = .exit
      default: throw error("no such part of an instruction: '\(key)'")
      }
      _ = accept(UInt8(ascii: ","))
    }
    isBlockEnded = record.role != .ordinary
    let i = problem.instructions.append(record)
    if let text = try quoted() { problem.setText(of: i, to: text) }
  }

  private mutating func parseSuccessors(_ problem: inout Problem) throws(ProblemParseError) {
    while let b = id("b") {
      problem.successors.append(try block(b))
      problem.argumentStart.append(UInt32(problem.arguments.count))
      guard accept(UInt8(ascii: "(")) else { continue }
      while let v = id("v") { problem.arguments.append(try value(v, problem)) }
      skipSpaces()
      if !accept(UInt8(ascii: ")")) { throw error("expected an argument or ')'") }
    }
  }

  private mutating func operand(
    _ kind: Operand.Kind, _ position: Operand.Position, _ problem: borrowing Problem
  ) throws(ProblemParseError) -> Operand {
    guard let raw = id("v") else { throw error("expected a value") }
    let v = try value(raw, problem)
    let c = problem.classes[v]
    guard accept(UInt8(ascii: ":")) else { return Operand(v, c, kind, position, .register) }
    let constraint = word()
    if constraint == "any" { return Operand(v, c, kind, position, .any) }
    if constraint == "stack" { return Operand(v, c, kind, position, .stack) }
    if let n = suffix(constraint, "reuse"), n < 32 {
      return Operand(v, c, kind, position, .reuse, payload: UInt8(n))
    }
    if let n = suffix(constraint, "below"), n > 0, n <= 64, n & (n - 1) == 0 {
      return Operand(
        v, c, kind, position, .limit, payload: UInt8(n.trailingZeroBitCount))
    }
    guard let register = register(constraint) else {
      throw error("no such constraint: '\(constraint)'")
    }
    if register.registerClass != c {
      throw error("the register is of another class than the value")
    }
    return Operand(v, c, kind, position, .fixed, payload: register.raw)
  }

  private func value(
    _ raw: Int, _ problem: borrowing Problem
  ) throws(ProblemParseError) -> VirtualRegister {
    if raw >= problem.classes.count {
      throw error("v\(raw) is not among the values declared above")
    }
    return VirtualRegister(raw)
  }

  private func block(_ raw: Int) throws(ProblemParseError) -> Block {
    if raw >= Int(UInt32.max) { throw error("no such block") }
    return Block(raw)
  }

  // MARK: Tokens

  private var isAtLineEnd: Bool {
    position >= bytes.count || bytes[position] == UInt8(ascii: "\n")
      || bytes[position] == UInt8(ascii: ";")
  }

  private mutating func skipSpaces() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\r") {
        break
      }
      position += 1
    }
    wordStart = position
  }

  /// Moves past the end of the line and all lines that hold nothing.
  private mutating func endLine() throws(ProblemParseError) {
    skipSpaces()
    if !isAtLineEnd { throw error("something is left over") }
    skipBlankLines()
  }

  private mutating func skipBlankLines() {
    while position < bytes.count {
      skipSpaces()
      if position < bytes.count && bytes[position] == UInt8(ascii: ";") {
        while position < bytes.count && bytes[position] != UInt8(ascii: "\n") { position += 1 }
      }
      if position >= bytes.count || bytes[position] != UInt8(ascii: "\n") { return }
      position += 1
      line += 1
      lineStart = position
    }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    if position < bytes.count && bytes[position] == byte {
      position += 1
      return true
    }
    return false
  }

  /// Text between quotation marks, in which a backslash stands before those, itself, and an `n` for a
  /// new line; nil if there is none.
  private mutating func quoted() throws(ProblemParseError) -> String? {
    skipSpaces()
    if !accept(UInt8(ascii: "\"")) { return nil }
    var text: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      var byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
      if byte == UInt8(ascii: "\\"), position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
        byte = bytes[position] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : bytes[position]
        position += 1
      }
      text.append(byte)
    }
    throw error("expected '\"' at the end of the text")
  }

  /// Letters, digits and dots.
  private mutating func word() -> String {
    skipSpaces()
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      let isLetter = byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
      let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      if !isLetter && !isDigit && byte != UInt8(ascii: ".") { break }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// The next word of this line, if there is one.
  private mutating func optionalWord() -> String? {
    skipSpaces()
    if isAtLineEnd { return nil }
    let start = position
    let found = word()
    if position == start { return nil }
    return found
  }

  /// A number below 2^31.
  private mutating func number() -> Int? {
    skipSpaces()
    return digits()
  }

  private mutating func digits() -> Int? {
    let start = position
    var n = 0
    while position < bytes.count, bytes[position] >= UInt8(ascii: "0"),
      bytes[position] <= UInt8(ascii: "9")
    {
      n = n * 10 + Int(bytes[position] - UInt8(ascii: "0"))
      position += 1
      if n >= 1 << 31 { return nil }
    }
    return position == start ? nil : n
  }

  /// A number after a letter, as in `v12`; nothing is read if there is none.
  private mutating func id(_ prefix: Unicode.Scalar) -> Int? {
    let start = position
    skipSpaces()
    if accept(UInt8(ascii: prefix)), let n = digits() { return n }
    position = start
    return nil
  }

  private mutating func real() -> Float? {
    skipSpaces()
    let start = position
    while position < bytes.count, bytes[position] > UInt8(ascii: " "),
      bytes[position] != UInt8(ascii: ";")
    {
      position += 1
    }
    return Float(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func registerClass() throws(ProblemParseError) -> RegisterClass {
    switch word() {
    case "int": return .int
    case "float": return .float
    case "vector": return .vector
    default: throw error("expected 'int', 'float' or 'vector'")
    }
  }

  /// `{0-2,7}`
  private mutating func set() throws(ProblemParseError) -> UInt64 {
    skipSpaces()
    if !accept(UInt8(ascii: "{")) { throw error("expected '{'") }
    var set: UInt64 = 0
    while !accept(UInt8(ascii: "}")) {
      guard let first = number(), first < 64 else { throw error("expected a register below 64") }
      var last = first
      if accept(UInt8(ascii: "-")) {
        guard let n = number(), n < 64, n >= first else {
          throw error("expected a higher register")
        }
        last = n
      }
      for n in first...last { set |= 1 << UInt64(n) }
      _ = accept(UInt8(ascii: ","))
    }
    return set
  }

  private func register(_ name: String) -> PhysicalRegister? {
    if let n = suffix(name, "int"), n < 64 { return PhysicalRegister(.int, n) }
    if let n = suffix(name, "float"), n < 64 { return PhysicalRegister(.float, n) }
    if let n = suffix(name, "vector"), n < 64 { return PhysicalRegister(.vector, n) }
    return nil
  }

  /// The number that follows `prefix` in `name`.
  private func suffix(_ name: String, _ prefix: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    let rest = name.utf8.dropFirst(prefix.utf8.count)
    if rest.isEmpty || rest.count > 9 { return nil }
    var n = 0
    for byte in rest {
      if byte < UInt8(ascii: "0") || byte > UInt8(ascii: "9") { return nil }
      n = n * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return n
  }

  private func error(_ reason: String) -> ProblemParseError {
    ProblemParseError(line: line, column: wordStart - lineStart + 1, reason: reason)
  }
}
