// SPDX-License-Identifier: Apache-2.0
// Validates control operators: constructs, branches, calls through tables, select.

import BrolgaEntities

extension FunctionValidator {
  // MARK: Constructs

  mutating func push(_ kind: Opcode, _ signature: Signature) {
    floor = height
    isUnreachable = false
    frames.append(
      ControlFrame(
        signature: signature, height: UInt32(truncatingIfNeeded: floor), stamp: 0,
        initialized: UInt32(truncatingIfNeeded: initializedLocals.count), kind: kind,
        isUnreachable: false))
    controlDepth = frames.count
  }

  // What a construct has initialised, it has for itself alone.
  @inline(__always)
  private mutating func forgetInitializations() {
    if _slowPath(initializedLocals.count > Int(truncatingIfNeeded: frames.last.initialized)) {
      forgetInitializations(downTo: Int(truncatingIfNeeded: frames.last.initialized))
    }
  }

  /// Opens a construct of type `blockSignature`.
  mutating func enter(_ kind: Opcode) throws(WasmError) {
    guard frames.count < ImplementationLimits.controlDepth else {
      throw .limit("nested constructs", at: offset, ImplementationLimits.controlDepth)
    }
    let signature = blockSignature
    try popTypes(signature.parameters)
    frames.last.isUnreachable = isUnreachable
    push(kind, signature)
    try pushTypes(signature.parameters)
  }

  /// Checks that the innermost construct leaves its results and nothing else.
  private mutating func closeOperands() throws(WasmError) {
    try popTypes(frames.last.signature.results)
    guard height == floor else {
      let count = height &- floor
      throw invalid("type mismatch: \(count) values too many at the end of the construct")
    }
  }

  mutating func validateElse() throws(WasmError) {
    guard frames.last.kind == .if else {
      throw WasmError(.malformed, at: offset, "unexpected else: END opcode expected")
    }
    try closeOperands()
    forgetInitializations()
    let signature = frames.last.signature
    frames.last.kind = .else
    isUnreachable = false
    try pushTypes(signature.parameters)
  }

  mutating func validateEnd() throws(WasmError) {
    try closeOperands()
    forgetInitializations()
    let frame = frames.last
    if frame.kind == .if { try checkMissingElse(frame.signature) }
    frames.popLast()
    controlDepth = frames.count
    if frames.isEmpty {
      guard reader.isAtEnd else {
        throw reader.malformed("section size mismatch: bytes after the function", at: offset)
      }
      isAtEnd = true
      isUnreachable = false
    } else {
      floor = Int(truncatingIfNeeded: frames.last.height)
      isUnreachable = frames.last.isUnreachable
    }
    try pushTypes(frame.signature.results)
  }

  /// Without `else`, the parameters of an `if` must do as its results.
  private mutating func checkMissingElse(_ signature: Signature) throws(WasmError) {
    let parameters = signature.parameters
    let results = signature.results
    var isEqual = parameters.count == results.count
    if isEqual {
      for i in 0..<results.count where !types.isSubtype(parameters[i], results[i]) {
        isEqual = false
      }
    }
    guard isEqual else { throw invalid("type mismatch: if without else must keep its types") }
  }

  @inline(__always)
  mutating func setUnreachable() {
    height = floor
    isUnreachable = true
  }

  @inline(__always)
  mutating func readBlockType() throws(WasmError) -> Signature {
    let position = reader.position
    if position < reader.end {
      let byte = reader.base[position]
      if byte == 0x40 {
        reader.position = position &+ 1
        return .empty
      }
      if byte &- 0x7C < 4 {
        reader.position = position &+ 1
        return single(Int(truncatingIfNeeded: byte))
      }
    }
    return try readOtherBlockType()
  }

  @inline(never)
  private mutating func readOtherBlockType() throws(WasmError) -> Signature {
    let start = reader.position
    let index = try reader.readS33()
    if index >= 0 {
      guard index < Int64(truncatingIfNeeded: types.count) else {
        throw WasmError(.invalid, at: start, "unknown type \(index)")
      }
      guard types.isFunction(UInt32(truncatingIfNeeded: index)) else {
        throw notAFunctionType(UInt32(truncatingIfNeeded: index))
      }
      return types.signature(Int(truncatingIfNeeded: index))
    }
    reader.position = start
    return Signature(
      parameters: UnsafeBufferPointer(start: nil, count: 0),
      results: UnsafeBufferPointer(start: blockTypes.place(try reader.readValueType()), count: 1))
  }

  /// A signature with one numeric result: entry `index` of `singles`.
  private func single(_ index: Int) -> Signature {
    let start = UnsafePointer(singles.buffer.baseAddress.unsafelyUnwrapped) + index
    return Signature(
      parameters: UnsafeBufferPointer(start: nil, count: 0),
      results: UnsafeBufferPointer(start: start, count: 1))
  }

  // MARK: Branches

  @inline(__always)
  mutating func readLabel() throws(WasmError) -> UInt32 {
    let label = try reader.readU32()
    guard Int(truncatingIfNeeded: label) < frames.count else { throw unknown("label", label) }
    return label
  }

  @inline(__always)
  mutating func validateBranch() throws(WasmError) -> Operator {
    let label = try readLabel()
    try popTypes(labelTypes(label))
    setUnreachable()
    return Operator(.br, index: label)
  }

  /// Takes the label's types and leaves them.
  @inline(__always)
  mutating func validateBranchIf() throws(WasmError) -> Operator {
    let label = try readLabel()
    try pop(.i32)
    let types = labelTypes(label)
    if types.count > 0 {
      try popTypes(types)
      try pushTypes(types)
    }
    return Operator(.brIf, index: label)
  }

  @inline(__always)
  mutating func validateReturn() throws(WasmError) {
    try popTypes(frames[0].signature.results)
    setUnreachable()
  }

  @inline(__always)
  func labelTypes(_ label: UInt32) -> UnsafeBufferPointer<ValueType> {
    frames[frames.count &- 1 &- Int(truncatingIfNeeded: label)].labelTypes
  }

  mutating func validateBranchTable() throws(WasmError) -> Operator {
    let start = reader.position
    let count = try reader.readU32()
    guard count <= ImplementationLimits.branchTableLabels else {
      if Int(truncatingIfNeeded: count) >= reader.remaining { throw reader.unexpectedEnd() }
      throw .limit(
        "labels in a br_table", at: start, ImplementationLimits.branchTableLabels)
    }
    branchTargets.removeAll()
    for _ in 0...count { branchTargets.append(try readLabel()) }
    try pop(.i32)
    let byDefault = branchTargets.last
    let defaultTypes = labelTypes(byDefault)
    stamp = stamp &+ 1
    if stamp == 0 { stamp = 1 }
    for i in branchTargets.indices {
      let place = frames.count &- 1 &- Int(truncatingIfNeeded: branchTargets[i])
      // Each construct once, so that a table costs no more than its labels and their types.
      if frames[place].stamp == stamp { continue }
      frames[place].stamp = stamp
      let types = frames[place].labelTypes
      guard types.count == defaultTypes.count else {
        throw invalid("type mismatch: the labels of a br_table differ in arity")
      }
      if types.baseAddress != defaultTypes.baseAddress { try checkOperands(types) }
    }
    try popTypes(defaultTypes)
    setUnreachable()
    return Operator(.brTable, index: count)
  }

  /// Checks that the topmost operands have the types, and leaves them as they are.
  private mutating func checkOperands(
    _ types: UnsafeBufferPointer<ValueType>
  ) throws(WasmError) {
    var position = height
    var i = types.count
    while i > 0 {
      i = i &- 1
      guard position > floor else {
        if isUnreachable { return }
        throw invalid("type mismatch: expected \(types[i]), but nothing is on the stack")
      }
      position = position &- 1
      guard self.types.isSubtype(operands[position], types[i]) else {
        throw invalid("type mismatch: expected \(types[i]), found \(operands[position])")
      }
    }
  }

  // MARK: Calls and select

  @inline(__always)
  mutating func validateCall() throws(WasmError) -> Operator {
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < functionTypes.count else {
      throw unknown("function", index)
    }
    let type = functionTypes[Int(truncatingIfNeeded: index)]
    try applySignature(types.signature(Int(truncatingIfNeeded: type)))
    return Operator(.call, index: index)
  }

  mutating func validateCallIndirect() throws(WasmError) -> Operator {
    let (type, table) = try readIndirectCallee()
    try applySignature(types.signature(Int(truncatingIfNeeded: type)))
    return Operator(.callIndirect, index: type, index2: table)
  }

  mutating func validateSelect() throws(WasmError) -> Operator {
    try pop(.i32)
    let second = try popAny()
    let first = try popAny()
    guard !first.isReference, !second.isReference else {
      throw invalid("type mismatch: select without a type takes numbers")
    }
    guard first == second || first == .unknown || second == .unknown else {
      throw invalid("type mismatch: expected \(first), found \(second)")
    }
    selectType = first == .unknown ? second : first
    push(selectType)
    return Operator(.select)
  }

  mutating func validateTypedSelect() throws(WasmError) -> Operator {
    guard try reader.readU32() == 1 else { throw invalid("invalid result arity") }
    let type = try reader.readValueType()
    try pop(.i32)
    try pop(type)
    try pop(type)
    push(type)
    selectType = type
    return Operator(.selectTyped, immediate: UInt64(truncatingIfNeeded: type.raw))
  }
}
