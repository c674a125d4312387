// SPDX-License-Identifier: Apache-2.0
// Validates the operators after a prefix: those of vectors and of wide arithmetic.

import BrolgaEntities

extension FunctionValidator {
  @inline(never)
  mutating func validatePrefixed(_ byte: UInt8) throws(WasmError) -> Operator {
    let number = try reader.readU32()
    guard let place = Opcode.position(byte, number), table[place].shape != .illegal,
      reader.features.isSuperset(of: table[place].feature)
    else { throw refusal(byte, number) }
    // In place: as in `next`.
    let info = UnsafePointer(table.buffer.baseAddress.unsafelyUnwrapped) + place
    switch info.pointee.shape {
    case .unary: try applyUnary(info)
    case .binary: try applyBinary(info)
    case .load: return try validateLoad(info)
    case .store: return try validateStore(info)
    case .rare: return try validateRare(info.pointee.opcode)
    case .v128Const, .shuffle: return try validateBytes(info)
    case .extractLane, .replaceLane, .loadLane, .storeLane: return try validateLane(info)
    case .ternary:
      for _ in 0..<3 { try pop(.v128) }
      push(.v128)
    case .shift:
      try pop(.i32)
      try pop(.v128)
      push(.v128)
    case .wideSum, .wideProduct:
      // Both results have room: two bytes have been read.
      for _ in 0..<(info.pointee.shape == .wideSum ? 4 : 2) { try pop(info.pointee.operandType) }
      for _ in 0..<2 { push(info.pointee.resultType) }
    default: throw refusal(byte, number)
    }
    return Operator(info.pointee.opcode)
  }

  @inline(never)
  private func refusal(_ byte: UInt8, _ number: UInt32) -> WasmError {
    let features = reader.features
    return OperatorTable.refusal(byte, prefixed: number, features: features, at: offset)
      ?? WasmError(.malformed, at: offset, "illegal opcode")
  }

  /// Of `v128.const` and `i8x16.shuffle`.
  private mutating func validateBytes(
    _ info: UnsafePointer<OperatorInfo>
  ) throws(WasmError) -> Operator {
    let place = try reader.readBytes(16)
    if info.pointee.shape == .shuffle {
      // Lanes of two vectors, one behind the other.
      for i in place where reader.base[i] >= 32 { throw invalidLane(reader.base[i], at: i) }
      try pop(.v128)
      try pop(.v128)
    }
    push(.v128)
    return Operator(
      info.pointee.opcode, immediate: UInt64(truncatingIfNeeded: place.lowerBound))
  }

  private mutating func validateLane(
    _ info: UnsafePointer<OperatorInfo>
  ) throws(WasmError) -> Operator {
    let shape = info.pointee.shape
    let isAccess = shape == .loadLane || shape == .storeLane
    var operation =
      isAccess ? try readMemoryAccess(info) : Operator(info.pointee.opcode)
    let start = reader.position
    operation.lane = try reader.readByte()
    guard operation.lane < info.pointee.laneCount else {
      throw invalidLane(operation.lane, at: start)
    }
    if shape == .replaceLane { try pop(info.pointee.operandType) }
    try pop(.v128)
    if isAccess { try pop(addressType(ofMemory: operation.index)) }
    if shape != .storeLane { push(info.pointee.resultType) }
    return operation
  }

  @inline(never)
  private func invalidLane(_ lane: UInt8, at start: Int) -> WasmError {
    WasmError(.invalid, at: start, "invalid lane index \(lane)")
  }
}
