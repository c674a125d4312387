// SPDX-License-Identifier: Apache-2.0
// Validates what references bring: calls through them, tests for null, locals without a default.

import BrolgaEntities

extension FunctionValidator {
  // MARK: References

  mutating func validateReference(_ opcode: Opcode) throws(WasmError) -> Operator {
    switch opcode {
    case .refNull:
      let type = ValueType(reference: try reader.readHeapType(), isNullable: true)
      push(type)
      return Operator(.refNull, immediate: UInt64(truncatingIfNeeded: type.raw))
    case .refIsNull:
      _ = try popReference()
      push(.i32)
      return Operator(.refIsNull)
    case .refAsNonNull:
      let type = try popReference()
      push(type.nonNull)
      return Operator(.refAsNonNull, index2: type.isNullable ? 1 : 0)
    default:
      let index = try reader.readU32()
      guard Int(truncatingIfNeeded: index) < functionTypes.count else {
        throw unknown("function", index)
      }
      guard module.unsafelyUnwrapped.isReferenced(function: index) else {
        throw invalid("undeclared function reference \(index)")
      }
      let type = HeapType(typeIndex: functionTypes[Int(truncatingIfNeeded: index)])
      push(ValueType(reference: type, isNullable: false))
      return Operator(.refFunc, index: index)
    }
  }

  /// Takes a reference of any type; one to nothing known in unreachable code.
  private mutating func popReference() throws(WasmError) -> ValueType {
    let type = try popAny()
    if type == .unknown { return ValueType(reference: .unknown, isNullable: false) }
    guard type.isReference else {
      throw invalid("type mismatch: expected a reference, found \(type)")
    }
    return type
  }

  mutating func validateBranchOnNull() throws(WasmError) -> Operator {
    let label = try readLabel()
    let type = try popReference()
    let types = labelTypes(label)
    try popTypes(types)
    try pushTypes(types)
    push(type.nonNull)
    return Operator(.brOnNull, index: label)
  }

  mutating func validateBranchOnNonNull() throws(WasmError) -> Operator {
    let label = try readLabel()
    let all = labelTypes(label)
    guard let last = all.last, last.isReference else {
      throw invalid("type mismatch: the label of br_on_non_null takes no reference")
    }
    try pop(ValueType(reference: last.heapType, isNullable: true))
    let types = UnsafeBufferPointer(rebasing: all.dropLast())
    try popTypes(types)
    try pushTypes(types)
    return Operator(.brOnNonNull, index: label)
  }

  // MARK: Calls

  func notAFunctionType(_ index: UInt32) -> WasmError {
    WasmError(.invalid, at: offset, "type mismatch: type \(index) is not a function type")
  }

  private mutating func checkFunctionType(_ type: UInt32) throws(WasmError) {
    guard Int(truncatingIfNeeded: type) < types.count else { throw unknown("type", type) }
    guard types.isFunction(type) else { throw notAFunctionType(type) }
  }

  /// Reads type and table of an indirect call, and takes the index.
  mutating func readIndirectCallee() throws(WasmError) -> (type: UInt32, table: UInt32) {
    let type = try reader.readU32()
    let table = try reader.readU32()
    guard Int(truncatingIfNeeded: table) < tables.count else { throw unknown("table", table) }
    try checkFunctionType(type)
    let tableType = tables[Int(truncatingIfNeeded: table)]
    guard types.isSubtype(tableType.element, .funcref) else {
      throw invalid("type mismatch: expected a table of funcref, found \(tableType.element)")
    }
    try pop(tableType.addressType)
    return (type, table)
  }

  mutating func validateRareCall(_ opcode: Opcode) throws(WasmError) -> Operator {
    var call = Operator(opcode)
    var type: UInt32
    switch opcode {
    case .returnCall:
      call.index = try reader.readU32()
      guard Int(truncatingIfNeeded: call.index) < functionTypes.count else {
        throw unknown("function", call.index)
      }
      type = functionTypes[Int(truncatingIfNeeded: call.index)]
    case .returnCallIndirect:
      (call.index, call.index2) = try readIndirectCallee()
      type = call.index
    default:
      type = try reader.readU32()
      try checkFunctionType(type)
      call.index = type
      // What is on the stack may be known not to be null where the type does not say so.
      let isKnown = height > floor && operands[height &- 1].isReference
      call.index2 = isKnown && !operands[height &- 1].isNullable ? 0 : 1
      try pop(ValueType(reference: HeapType(typeIndex: type), isNullable: true))
    }
    let signature = types.signature(Int(truncatingIfNeeded: type))
    try popTypes(signature.parameters)
    if opcode == .callRef {
      try pushTypes(signature.results)
    } else {
      try checkTailResults(signature.results)
      setUnreachable()
    }
    return call
  }

  /// What a tail call gives must do as the function's results.
  private mutating func checkTailResults(
    _ found: UnsafeBufferPointer<ValueType>
  ) throws(WasmError) {
    let expected = frames[0].signature.results
    guard found.count == expected.count else {
      throw invalid("type mismatch: a tail call of a function with other results")
    }
    for i in found.indices where !types.isSubtype(found[i], expected[i]) {
      throw invalid("type mismatch: expected \(expected[i]), found \(found[i])")
    }
  }

  // MARK: Locals without a default

  /// Checks a local that does not stand before all those without a default.
  @inline(never)
  mutating func checkTrackedLocal(_ index: UInt32, isSet: Bool) throws(WasmError) {
    let position = Int(truncatingIfNeeded: index)
    guard position < localCount else { throw unknown("local", index) }
    if isInitialized[position &- firstUninitialized] { return }
    guard isSet else { throw invalid("uninitialized local \(index)") }
    isInitialized[position &- firstUninitialized] = true
    initializedLocals.append(index)
  }

  /// Leaves only the first `count` initialisations.
  @inline(never)
  mutating func forgetInitializations(downTo count: Int) {
    while initializedLocals.count > count {
      let index = Int(truncatingIfNeeded: initializedLocals.popLast())
      isInitialized[index &- firstUninitialized] = false
    }
  }
}

/// The result types of blocks that have one which is a reference, at addresses that do not change.
struct BlockTypes: ~Copyable {
  private static let chunkCount = 256

  private var chunks = Vector<UnsafeMutablePointer<ValueType>>()
  private var count = 0

  init() {}

  deinit { for i in chunks.indices { chunks[i].deallocate() } }

  /// Forgets the types and keeps the memory.
  mutating func removeAll() { count = 0 }

  /// The place of a copy of `type`, valid until `removeAll`.
  mutating func place(_ type: ValueType) -> UnsafePointer<ValueType> {
    let chunk = count / Self.chunkCount
    if chunk == chunks.count { chunks.append(.allocate(capacity: Self.chunkCount)) }
    let place = chunks[chunk] + count % Self.chunkCount
    place.initialize(to: type)
    count = count &+ 1
    return UnsafePointer(place)
  }
}
