// SPDX-License-Identifier: Apache-2.0
// The text form of a function: parsing. docs/ir.md has the grammar.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// Why a text is not a function.
package struct IRParseError: Error, Equatable, CustomStringConvertible {
  /// The line, from 1.
  package var line: Int
  package var message: String
  package var description: String { "line \(line): \(message)" }
}

extension Function {
  /// Parses one function.
  ///
  /// Values keep the numbers that the text gives them; edges are numbered in the order of the
  /// text. What the verifier checks is not checked here, but all indices are in their tables.
  package static func parse(_ text: String) throws(IRParseError) -> Function {
    var parser = Parser(text)
    try parser.parse()
    return parser.function
  }
}

private struct Parser: ~Copyable {
  var function = Function()
  private var lines: [[Token]]
  private var line = 0
  private var position = 0
  /// Parameter values by number, from the headings: they take no line of their own.
  private var parameters: [UInt32: (block: UInt32, position: UInt32, type: Type)] = [:]
  private var parameterCounts: [Int] = []
  /// Where each value number above all lines was used, to be checked at the end.
  private var uses: [(value: UInt32, line: Int)] = []
  private var targets: [(edge: Edge, arguments: [UInt32], line: Int)] = []
  private static let opcodes: [String: Opcode] = Dictionary(
    uniqueKeysWithValues: Opcode.allCases.map { ("\($0.info.name)", $0) })

  private enum Token: Equatable {
    case word(String)
    /// After `#`.
    case immediate(String)
    /// After `@`.
    case origin(String)
    case punctuation(Character)
    case arrow
  }

  init(_ text: String) {
    lines = [[]]
    var start = -1
    let bytes = Array(text.utf8)
    var isComment = false
    for (k, byte) in bytes.enumerated() {
      let isNewline = byte == UInt8(ascii: "\n")
      let mark = Self.punctuation(byte)
      let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 13
      let isSemicolon = byte == UInt8(ascii: ";")
      if isNewline || mark != nil || isBlank || isSemicolon {
        if start >= 0 { add(bytes[start..<k]) }
        start = -1
        if let mark, !isComment { lines[lines.count - 1].append(.punctuation(mark)) }
        if isSemicolon { isComment = true }
        if isNewline {
          lines.append([])
          isComment = false
        }
      } else if start < 0 && !isComment {
        start = k
      }
    }
    if start >= 0 { add(bytes[start...]) }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    let text = String(decoding: bytes, as: UTF8.self)
    let token: Token =
      switch bytes.first {
      case UInt8(ascii: "#"): .immediate(String(text.dropFirst()))
      case UInt8(ascii: "@"): .origin(String(text.dropFirst()))
      default: text == "->" ? .arrow : .word(text)
      }
    lines[lines.count - 1].append(token)
  }

  private static func punctuation(_ byte: UInt8) -> Character? {
    switch byte {
    case UInt8(ascii: "("): "("
    case UInt8(ascii: ")"): ")"
    case UInt8(ascii: ","): ","
    case UInt8(ascii: ":"): ":"
    case UInt8(ascii: "="): "="
    case UInt8(ascii: "{"): "{"
    case UInt8(ascii: "}"): "}"
    default: nil
    }
  }

  // MARK: Function

  mutating func parse() throws(IRParseError) {
    try collectHeadings()
    line = -1
    guard nextLine() else { throw error("there is no function") }
    try expectWord("function")
    function.index = try number()
    try expectWord("type")
    function.typeIndex = try number()
    try expect("{")
    try expectEnd()
    guard nextLine() else { throw error("the function does not end") }
    if peekWord == "frame" { try parseFrame() }
    var isOpen = false
    while peek != .punctuation("}") {
      if isHeading {
        if isOpen { throw error("the block before has no terminator") }
        try parseHeading()
        isOpen = true
      } else {
        if !isOpen { throw error("an instruction outside a block") }
        if try parseInstruction() {
          function.blocks.storage.last.instructionEnd = UInt32(function.instructions.count)
          isOpen = false
        }
      }
      guard nextLine() else { throw error("the function does not end") }
    }
    if isOpen { throw error("the last block has no terminator") }
    position += 1
    try expectEnd()
    if nextLine() { throw error("there is something after the function") }
    try finish()
  }

  private mutating func parseFrame() throws(IRParseError) {
    position += 1
    repeat {
      function.frameVariables.append(try type(named: word()))
    } while accept(",")
    try expectEnd()
    guard nextLine() else { throw error("the function does not end") }
  }

  /// Finds the parameters of all blocks first: an instruction without a result takes the next
  /// number that is none of them.
  private mutating func collectHeadings() throws(IRParseError) {
    for index in lines.indices {
      line = index
      position = 0
      if !isHeading { continue }
      let block = UInt32(parameterCounts.count)
      let name = try word()
      if name != "b\(block)" { throw error("expected block b\(block), found \(name)") }
      var count: UInt32 = 0
      if accept("(") {
        repeat {
          let value = try entity("v", word())
          try expect(":")
          let type = try type(named: word())
          if parameters.updateValue((block, count, type), forKey: value) != nil {
            throw error("v\(value) is defined twice")
          }
          count += 1
        } while accept(",")
        try expect(")")
      }
      parameterCounts.append(Int(count))
    }
  }

  private mutating func parseHeading() throws(IRParseError) {
    let block = function.blocks.nextID
    _ = try word()
    var data = BlockData()
    data.instructionStart = UInt32(function.instructions.count)
    data.instructionEnd = data.instructionStart
    data.parameterStart = UInt32(function.lists.count)
    data.parameterCount = UInt32(parameterCounts[block.index])
    if accept("(") {
      repeat {
        function.lists.append(try entity("v", word()))
        try expect(":")
        _ = try word()
      } while accept(",")
      try expect(")")
    }
    if acceptWord("depth") {
      guard let depth = UInt16(try word()) else { throw error("a depth is a small number") }
      data.loopDepth = depth
    }
    data.isLoopHeader = acceptWord("header")
    data.isCold = acceptWord("cold")
    try expect(":")
    try expectEnd()
    function.blocks.append(data)
  }

  // MARK: Instructions

  /// Returns whether it was a terminator.
  private mutating func parseInstruction() throws(IRParseError) -> Bool {
    var result: UInt32?
    if position + 1 < lines[line].count, lines[line][position + 1] == .punctuation("=") {
      result = try entity("v", word())
      position += 1
    }
    let name = try word()
    let parts = name.split(separator: ".", maxSplits: 1)
    guard let opcode = Self.opcodes[String(parts[0])], opcode != .param else {
      throw error("there is no operation \(parts[0])")
    }
    let type = parts.count == 2 ? try type(named: String(parts[1])) : .none
    if (type == .none) != (result == nil) {
      throw error("a result needs a type, and a type a result")
    }
    if let result, parameters[result] != nil { throw error("v\(result) is defined twice") }
    try fill(upTo: result)
    var values: [UInt32] = []
    var immediates: [String] = []
    while position < lines[line].count {
      if case .immediate(let text) = lines[line][position] {
        immediates.append(text)
        position += 1
      } else if case .word(let text) = lines[line][position] {
        values.append(try use(text))
        position += 1
      } else {
        break
      }
      if !accept(",") { break }
    }
    var i = Instruction(opcode, type)
    try assign(&i, values, immediates)
    if accept(.arrow) {
      try parseTargets(&i)
    } else if opcode.info.shape.fields.hasEdges {
      throw error("\(opcode.info.name) needs targets")
    }
    var origin: UInt32 = 0
    if position < lines[line].count, case .origin(let text) = lines[line][position] {
      guard let offset = UInt32(text) else { throw error("an origin is a number") }
      origin = offset
      position += 1
    }
    try expectEnd()
    function.instructions.append(i)
    function.origins.append(origin)
    return opcode.isTerminator
  }

  /// Puts parameters, and gaps where the text leaves numbers out, before the next instruction.
  private mutating func fill(upTo result: UInt32?) throws(IRParseError) {
    if let result {
      if Int(result) < function.instructions.count {
        throw error("v\(result) comes after a higher number")
      }
      // Keeps a made-up number from costing memory.
      if Int(result) > function.instructions.count + 1_000_000 {
        throw error("v\(result) is far above the number before")
      }
    }
    while true {
      let next = UInt32(function.instructions.count)
      if let parameter = parameters[next] {
        function.instructions.append(
          Instruction(.param, parameter.type, a: parameter.block, b: parameter.position))
      } else if let result, next < result {
        function.instructions.append(Instruction(.nop, .none))
      } else {
        return
      }
      function.origins.append(0)
    }
  }

  private mutating func assign(
    _ i: inout Instruction, _ values: [UInt32], _ immediates: [String]
  ) throws(IRParseError) {
    let name = i.opcode.info.name
    let shape = i.opcode.info.shape.fields
    let traits = i.opcode.traits
    var next = 0
    let hasList = traits.readsList
    let fixedCount = [traits.readsA, traits.readsB, traits.readsC].count { $0 }
    if hasList ? values.count < fixedCount : values.count != fixedCount {
      throw error("\(name) takes \(fixedCount) values, not \(values.count)")
    }
    func take() -> UInt32 {
      next += 1
      return values[next - 1]
    }
    if traits.readsA { i.a = take() }
    if traits.readsB { i.b = take() }
    if traits.readsC { i.c = take() }
    if hasList {
      i.b = UInt32(function.lists.count)
      i.c = UInt32(values.count - next)
      // The type follows with the immediates.
      if traits.hasTail { function.lists.append(0) }
      for value in values[next...] { function.lists.append(value) }
    }
    var rest = immediates[...]
    try assign(shape.a, &i.a, &rest)
    if shape.b == .lowBits {
      i = .constant(i.type, bits: try constant(try immediate(&rest), i.type))
    } else if shape.list == .typedArguments {
      function.lists[Int(i.b)] = try number(try immediate(&rest))
    } else {
      try assign(shape.b, &i.b, &rest)
    }
    if shape.c == .vector { try assign(.vector, &i.c, &rest) }
    var aux: UInt32 = 0
    try assign(shape.aux, &aux, &rest)
    guard let small = UInt16(exactly: aux) else { throw error("\(aux) is too large") }
    i.aux = small
    if !rest.isEmpty { throw error("\(name) does not take \(immediates.count) immediates") }
  }

  private func immediate(_ rest: inout ArraySlice<String>) throws(IRParseError) -> String {
    guard let text = rest.popFirst() else { throw error("an immediate is missing") }
    return text
  }

  private mutating func assign(
    _ field: Field, _ raw: inout UInt32, _ rest: inout ArraySlice<String>
  ) throws(IRParseError) {
    switch field {
    case .memoryOffset, .byteCount, .byteOffset, .frameVariable, .function, .resultIndex:
      raw = try number(try immediate(&rest))
    case .memory, .readOnly:
      guard let text = rest.popFirst() else { return }
      raw = text == "readonly" ? UInt32(Instruction.readOnly) : try number(text)
    case .memories:
      guard let first = rest.popFirst() else { return }
      let (to, from) = (try number(first), try number(try immediate(&rest)))
      guard to <= 255, from <= 255 else { throw error("the number of a memory is too large") }
      raw = to | from << 8
    case .helper:
      let name = try immediate(&rest)
      guard let helper = Helper.allCases.first(where: { "\($0)" == name }) else {
        throw error("there is no helper \(name)")
      }
      raw = UInt32(helper.rawValue)
    case .trapKind:
      let name = try immediate(&rest)
      guard let kind = TrapKind.allCases.first(where: { $0.caseName == name }) else {
        throw error("there is no trap \(name)")
      }
      raw = UInt32(kind.rawValue)
    case .vector:
      let text = try immediate(&rest)
      guard text.utf8.count == 34, text.hasPrefix("0x"),
        let high = UInt64(text.dropFirst(2).prefix(16), radix: 16),
        let low = UInt64(text.dropFirst(18), radix: 16)
      else { throw error("a vector is 0x and 32 digits") }
      raw = UInt32(function.vectors.count)
      function.vectors.append(V128(low: low, high: high))
    case .lanes, .lane:
      let name = try immediate(&rest)
      guard let lanes = LaneShape.allCases.first(where: { "\($0)" == name }) else {
        throw error("there is no shape \(name)")
      }
      raw = UInt32(lanes.rawValue)
      if field == .lane {
        let lane = try number(try immediate(&rest))
        guard lane < 16 else { throw error("the number of a lane is too large") }
        raw |= lane << 8
      }
    case .unused, .value, .edge, .list, .count, .block, .position, .lowBits, .highBits: break
    }
  }

  private func constant(_ text: String, _ type: Type) throws(IRParseError) -> UInt64 {
    if text.hasPrefix("0x"), let bits = UInt64(text.dropFirst(2), radix: 16) {
      if type == .f64 || type == .i64 || bits <= 0xffff_ffff { return bits }
    } else if let signed = Int64(text) {
      if type == .i64 { return UInt64(bitPattern: signed) }
      if type == .i32, let narrow = Int32(exactly: signed) {
        return UInt64(UInt32(bitPattern: narrow))
      }
    }
    throw error("\(text) is not a constant of type \(type.name)")
  }

  private mutating func parseTargets(_ i: inout Instruction) throws(IRParseError) {
    var edges: [Edge] = []
    let shape = i.opcode.info.shape.fields
    let isTable = shape.list == .edges
    let first = targets.count
    repeat {
      let block = try entity("b", word())
      if block >= UInt32(parameterCounts.count) { throw error("there is no block b\(block)") }
      var arguments: [UInt32] = []
      if accept("(") {
        repeat { arguments.append(try use(word())) } while accept(",")
        try expect(")")
      }
      if arguments.count != parameterCounts[Int(block)] {
        throw error("b\(block) takes \(parameterCounts[Int(block)]) arguments")
      }
      // Equal targets of a table are one edge.
      if isTable,
        let known = targets[first...].first(where: {
          function.edges[$0.edge].to.raw == block && $0.arguments == arguments
        })
      {
        edges.append(known.edge)
        continue
      }
      let from = Block(function.blocks.count - 1)
      let edge = function.edges.append(EdgeData(from: from, to: Block(raw: block)))
      targets.append((edge, arguments, line))
      edges.append(edge)
    } while accept(",")
    if isTable {
      i.b = UInt32(function.lists.count)
      i.c = UInt32(edges.count)
      for edge in edges { function.lists.append(edge.raw) }
      return
    }
    if shape.edgeCount != edges.count {
      throw error("\(i.opcode.info.name) does not take \(edges.count) targets")
    }
    var rest = edges[...]
    if shape.a == .edge { i.a = rest.removeFirst().raw }
    if shape.b == .edge { i.b = rest.removeFirst().raw }
    if shape.c == .edge { i.c = rest.removeFirst().raw }
  }

  // MARK: The end

  private mutating func finish() throws(IRParseError) {
    // The last parameters may stand behind all blocks.
    let last = parameters.keys.max() ?? 0
    try fill(upTo: Int(last) < function.instructions.count ? nil : last)
    for use in uses where Int(use.value) >= function.instructions.count {
      line = use.line
      throw error("v\(use.value) is not defined")
    }
    for target in targets {
      function.edges[target.edge].argumentStart = UInt32(function.lists.count)
      for value in target.arguments { function.lists.append(value) }
    }
    var incoming: [[UInt32]] = Array(repeating: [], count: function.blocks.count)
    for e in function.edges.storage.indices {
      incoming[function.edges[Edge(e)].to.index].append(UInt32(e))
    }
    for (b, edges) in incoming.enumerated() {
      function.blocks[Block(b)].predecessorStart = UInt32(function.lists.count)
      function.blocks[Block(b)].predecessorCount = UInt32(edges.count)
      function.lists.append(contentsOf: edges)
    }
  }

  // MARK: Tokens

  private func error(_ message: String) -> IRParseError {
    IRParseError(line: line + 1, message: message)
  }

  /// Goes to the next line that is not empty.
  private mutating func nextLine() -> Bool {
    position = 0
    repeat {
      if line + 1 >= lines.count { return false }
      line += 1
    } while lines[line].isEmpty
    return true
  }

  private var peek: Token? { position < lines[line].count ? lines[line][position] : nil }
  private var peekWord: String? {
    if case .word(let text) = peek { return text }
    return nil
  }

  /// A line that starts in `bN` and ends in a colon.
  private var isHeading: Bool {
    guard case .word(let name) = lines[line].first, name.first == "b" else { return false }
    return lines[line].last == .punctuation(":")
  }

  private mutating func accept(_ character: Character) -> Bool {
    accept(.punctuation(character))
  }

  private mutating func accept(_ token: Token) -> Bool {
    if peek != token { return false }
    position += 1
    return true
  }

  private mutating func acceptWord(_ text: String) -> Bool { accept(.word(text)) }

  private mutating func expect(_ character: Character) throws(IRParseError) {
    if !accept(character) { throw error("expected '\(character)'") }
  }

  private mutating func expectWord(_ text: String) throws(IRParseError) {
    if !acceptWord(text) { throw error("expected '\(text)'") }
  }

  private func expectEnd() throws(IRParseError) {
    if position != lines[line].count { throw error("unexpected text at the end of the line") }
  }

  private mutating func word() throws(IRParseError) -> String {
    guard case .word(let text) = peek else { throw error("expected a name") }
    position += 1
    return text
  }

  private mutating func number() throws(IRParseError) -> UInt32 {
    try number(word())
  }

  private func number(_ text: String) throws(IRParseError) -> UInt32 {
    guard let value = UInt32(text) else { throw error("\(text) is not a number below 2^32") }
    return value
  }

  private func entity(_ prefix: Character, _ text: String) throws(IRParseError) -> UInt32 {
    guard text.first == prefix, let raw = UInt32(text.dropFirst()), raw != .max else {
      throw error("expected \(prefix) and a number, found \(text)")
    }
    return raw
  }

  private mutating func use(_ text: String) throws(IRParseError) -> UInt32 {
    let value = try entity("v", text)
    uses.append((value, line))
    return value
  }

  private func type(named name: String) throws(IRParseError) -> Type {
    switch name {
    case "i32": .i32
    case "i64": .i64
    case "f32": .f32
    case "f64": .f64
    case "v128": .v128
    default: throw error("there is no type \(name)")
    }
  }
}
