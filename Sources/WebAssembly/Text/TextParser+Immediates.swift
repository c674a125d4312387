// SPDX-License-Identifier: Apache-2.0
// What follows an instruction's name.

import BrolgaEntities

extension TextParser {
  /// Reads the immediates of an instruction that is no construct, and encodes it in `pending`.
  mutating func parsePlain(_ row: TextInstruction) throws(TextFailure) {
    if row.immediates == .select { return try parseSelect() }
    writeOpcode(row.code)
    switch row.immediates {
    case .none: break
    case .local: pending.appendU32(try parseLocal())
    case .label: pending.appendU32(try parseLabel())
    case .access: try parseAccess(row)
    case .i32: pending.appendS32(Int32(truncatingIfNeeded: try parseInteger(bits: 32)))
    case .i64: pending.appendS64(Int64(bitPattern: try parseInteger(bits: 64)))
    case .f32: pending.appendFixed32(UInt32(truncatingIfNeeded: try parseFloat(isDouble: false)))
    case .f64: pending.appendFixed64(try parseFloat(isDouble: true))
    case .v128: pending.append(try parseVector())
    case .shuffle: try parseShuffle()
    case .lane: pending.append(try parseLane())
    case .laneAccess:
      try parseAccess(row)
      pending.append(try parseLane())
    case .function: pending.appendU32(try parseIndex(.function))
    case .global: pending.appendU32(try parseIndex(.global))
    case .tag: pending.appendU32(try parseIndex(.tag))
    case .type: pending.appendU32(try parseIndex(.type))
    case .labelTable: try parseLabelTable()
    case .functionIndirect:
      let table = isIndex ? try parseIndex(.table) : 0
      pending.appendU32(try parseTypeUse(allowsNames: false))
      pending.appendU32(table)
    case .table: pending.appendU32(isIndex ? try parseIndex(.table) : 0)
    case .memory: pending.appendU32(try parseOptionalMemory())
    case .tableCopy: try parseCopy(.table)
    case .memoryCopy: try parseCopy(.memory)
    case .tableInit: try parseInit(.table, .element)
    case .memoryInit:
      usesDataCount = true
      try parseInit(.memory, .data)
    case .element: pending.appendU32(try parseIndex(.element))
    case .data:
      usesDataCount = true
      pending.appendU32(try parseIndex(.data))
    case .heapType: pending.append(try parseHeapType())
    case .block, .loop, .if, .else, .end, .tryTable, .select: break
    }
  }

  private mutating func writeOpcode(_ code: UInt16) {
    guard let (prefix, number) = Opcode.prefixed(code) else {
      return pending.append(UInt8(truncatingIfNeeded: code))
    }
    pending.append(prefix)
    pending.appendU32(number)
  }

  private mutating func parseLocal() throws(TextFailure) -> UInt32 {
    guard token.kind == .symbol else { return try parseU32() }
    guard let local = locals[token.value] else {
      throw failure("unknown local \(text(of: token))")
    }
    position = position &+ 1
    return local
  }

  private mutating func parseLabelTable() throws(TextFailure) {
    // The count comes before the labels, of which the last is the default.
    var targets = ByteWriter()
    var count: UInt32 = 0
    repeat {
      targets.appendU32(try parseLabel())
      count = count &+ 1
    } while isIndex
    pending.appendU32(count &- 1)
    pending.append(targets)
  }

  /// Reads the clauses of `try_table`, which is not open yet: their labels count from the construct
  /// around it.
  mutating func parseCatchClauses() throws(TextFailure) {
    var clauses = ByteWriter()
    var count: UInt32 = 0
    while let kind = takeCatch() {
      clauses.append(kind.rawValue)
      if kind.hasTag { clauses.appendU32(try parseIndex(.tag)) }
      clauses.appendU32(try parseLabel())
      try expectClose()
      count = count &+ 1
    }
    pending.appendU32(count)
    pending.append(clauses)
  }

  /// Takes `(` and the word for a kind of clauses if they are next.
  private mutating func takeCatch() -> CatchClause.Kind? {
    if takeOpen(.catch) { return .catch }
    if takeOpen(.catchRef) { return .catchRef }
    if takeOpen(.catchAll) { return .catchAll }
    return takeOpen(.catchAllRef) ? .catchAllRef : nil
  }

  private mutating func parseSelect() throws(TextFailure) {
    guard isOpen(.result) else { return pending.append(0x1B) }
    let start = types.beginType()
    while takeOpen(.result) {
      while token.kind != .close { types.append(try parseValueType()) }
      try expectClose()
    }
    pending.append(0x1C)
    pending.appendU32(UInt32(truncatingIfNeeded: types.pool.count &- start))
    for i in start..<types.pool.count { pending.append(types.pool[i]) }
    types.abandon(from: start)
  }

  // MARK: Memories and tables

  private mutating func parseOptionalMemory() throws(TextFailure) -> UInt32 {
    isIndex ? try parseIndex(.memory) : 0
  }

  /// Reads both indices or none: the target and the source.
  private mutating func parseCopy(_ space: TextSpace) throws(TextFailure) {
    guard isIndex else {
      pending.append(0)
      return pending.append(0)
    }
    pending.appendU32(try parseIndex(space))
    pending.appendU32(try parseIndex(space))
  }

  /// Reads the target, which may be left out, and the segment; encodes them the other way round.
  private mutating func parseInit(
    _ space: TextSpace, _ segments: TextSpace
  ) throws(TextFailure) {
    var target: UInt32 = 0
    let next = tokens[position &+ 1].kind
    if isIndex && (next == .number || next == .symbol) { target = try parseIndex(space) }
    pending.appendU32(try parseIndex(segments))
    pending.appendU32(target)
  }

  /// Reads memory, offset and alignment of a load or store.
  private mutating func parseAccess(_ row: TextInstruction) throws(TextFailure) {
    // A number before a lane is a memory only if more follows.
    let isLane =
      row.immediates == .laneAccess && token.kind == .number && !isAccess(at: position &+ 1)
    let memory = isLane ? 0 : try parseOptionalMemory()
    let offset = try takeAssignment("offset=") ?? 0
    var alignment = UInt32(row.width)
    let place = position
    if let bytes = try takeAssignment("align=") {
      guard bytes != 0, bytes & (bytes &- 1) == 0 else {
        position = place
        throw failure("alignment must be a power of two")
      }
      alignment = UInt32(truncatingIfNeeded: bytes.trailingZeroBitCount)
    }
    pending.appendU32(memory == 0 ? alignment : alignment | 0x40)
    if memory != 0 { pending.appendU32(memory) }
    pending.appendU64(offset)
  }

  /// Whether the token may follow the memory of an access to a lane.
  private func isAccess(at position: Int) -> Bool {
    let token = tokens[position]
    if token.kind == .number { return true }
    return token.kind == .word && token.value == Keywords.unknown
      && (starts(token, with: "offset=") || starts(token, with: "align="))
  }

  private func starts(_ token: TextToken, with name: StaticString) -> Bool {
    let text = bytes(token)
    let count = name.utf8CodeUnitCount
    return text.count >= count && TextNumber.equal(.init(rebasing: text[..<count]), name)
  }

  /// Takes a word of the form `name=number` if it is next.
  private mutating func takeAssignment(_ name: StaticString) throws(TextFailure) -> UInt64? {
    guard token.kind == .word, token.value == Keywords.unknown else { return nil }
    guard starts(token, with: name) else { return nil }
    let number = bytes(token)[name.utf8CodeUnitCount...]
    do throws(TextNumberError) {
      let value = try TextNumber.integer(
        .init(rebasing: number), bits: 64, isSigned: false)
      position = position &+ 1
      return value
    } catch {
      throw failure(error == .outOfRange ? "offset out of range" : "unknown operator")
    }
  }

  // MARK: Constants

  mutating func parseInteger(bits: UInt64) throws(TextFailure) -> UInt64 {
    guard token.kind == .number else { throw unexpected() }
    do throws(TextNumberError) {
      let value = try TextNumber.integer(bytes(token), bits: bits, isSigned: true)
      position = position &+ 1
      return value
    } catch {
      throw failure(error == .outOfRange ? "constant out of range" : "unknown operator")
    }
  }

  mutating func parseFloat(isDouble: Bool) throws(TextFailure) -> UInt64 {
    guard token.kind == .number || token.kind == .word else { throw unexpected() }
    do throws(TextNumberError) {
      let value = try TextNumber.float(bytes(token), isDouble: isDouble)
      position = position &+ 1
      return value
    } catch {
      throw failure(error == .outOfRange ? "constant out of range" : "unknown operator")
    }
  }
}
