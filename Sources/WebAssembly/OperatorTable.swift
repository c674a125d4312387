// SPDX-License-Identifier: Apache-2.0
// How each operator is decoded and typed, as a table, and which others are recognised.

import BrolgaEntities

/// How an operator's immediates and types are treated.
enum OperatorShape: UInt8 {
  case illegal, prefix
  case nop, unreachable, block, loop, `if`, `else`, end, br, brIf, brTable, `return`
  case call, callIndirect, drop, select, selectTyped
  case localGet, localSet, localTee, globalGet, globalSet
  case load, store
  case i32Const, i64Const, f32Const, f64Const
  /// Takes one operand, or two of the same type, and leaves one result.
  case unary, binary
  /// Takes three vectors, or a vector and an `i32`, or two vectors and 16 numbers of lanes in place.
  case ternary, shift, shuffle
  case v128Const
  /// Has the number of a lane in place: takes a vector, a vector and the lane's new value, or what
  /// an access takes and the vector.
  case extractLane, replaceLane, loadLane, storeLane
  /// Takes two numbers of two halves each, or two of one half, and leaves one of two.
  case wideSum, wideProduct
  /// Tables, references, exceptions, and memories as a whole.
  case rare
}

/// An entry of the operator table. Types are the low bytes of numbers' and vectors' types.
struct OperatorInfo: BitwiseCopyable {
  var opcode = Opcode.nop
  var shape = OperatorShape.illegal
  var operand: UInt8 = 0
  var result: UInt8 = 0
  /// Of a memory access: log2 of the bytes accessed; of an operator on a lane, of the lane's.
  var width: UInt8 = 0
  /// Raw value of the feature that it needs. Makes the size a power of two, for scaled addressing.
  var featureBits: UInt16 = 0

  @inline(__always)
  var operandType: ValueType { ValueType(raw: UInt32(truncatingIfNeeded: operand)) }
  @inline(__always)
  var resultType: ValueType { ValueType(raw: UInt32(truncatingIfNeeded: result)) }

  var feature: Features { Features(rawValue: UInt32(truncatingIfNeeded: featureBits)) }
  /// Lanes of a vector.
  var laneCount: UInt8 { 16 &>> width }
}

enum OperatorTable {
  /// Entries by the raw values of operators, and prefixes.
  static func make() -> Vector<OperatorInfo> {
    var table = Vector<OperatorInfo>()
    table.reset(count: Opcode.placeCount, to: OperatorInfo())
    for opcode in Opcode.allCases { table[Int(opcode.rawValue)] = info(opcode) }
    for row in OperatorRow.all { table[Int(row.opcode.rawValue)] = info(row) }
    for byte in 0xFB...0xFE { table[byte].shape = .prefix }
    return table
  }

  private static func info(_ row: OperatorRow) -> OperatorInfo {
    var info = OperatorInfo(opcode: row.opcode)
    info.shape = row.shape
    if let operand = row.operand { info.operand = code(operand) }
    if let result = row.result { info.result = code(result) }
    info.width = row.width
    info.featureBits = UInt16(truncatingIfNeeded: row.feature.rawValue)
    return info
  }

  private static func info(_ opcode: Opcode) -> OperatorInfo {
    var info = OperatorInfo(opcode: opcode)
    switch opcode.rawValue {
    case 0x28...0x3E:
      let (type, width) = access(opcode)
      let isLoad = opcode.rawValue <= 0x35
      info.shape = isLoad ? .load : .store
      info.width = width
      if isLoad { info.result = code(type) } else { info.operand = code(type) }
    case 0x45...0xC4, 0x100...0x107:
      let (shape, operand, result) = numeric(opcode)
      info.shape = shape
      info.operand = code(operand)
      info.result = code(result)
    default: info.shape = shape(opcode)
    }
    return info
  }

  private static func code(_ type: ValueType) -> UInt8 { UInt8(truncatingIfNeeded: type.raw) }

  private static func shape(_ opcode: Opcode) -> OperatorShape {
    switch opcode {
    case .nop: .nop
    case .unreachable: .unreachable
    case .block: .block
    case .loop: .loop
    case .if: .if
    case .else: .else
    case .end: .end
    case .br: .br
    case .brIf: .brIf
    case .brTable: .brTable
    case .return: .return
    case .call: .call
    case .callIndirect: .callIndirect
    case .drop: .drop
    case .select: .select
    case .selectTyped: .selectTyped
    case .localGet: .localGet
    case .localSet: .localSet
    case .localTee: .localTee
    case .globalGet: .globalGet
    case .globalSet: .globalSet
    case .i32Const: .i32Const
    case .i64Const: .i64Const
    case .f32Const: .f32Const
    case .f64Const: .f64Const
    default: .rare
    }
  }

  /// The value type of a load or store and log2 of its bytes.
  private static func access(_ opcode: Opcode) -> (ValueType, UInt8) {
    switch opcode {
    case .i32Load, .i32Store: (.i32, 2)
    case .i64Load, .i64Store: (.i64, 3)
    case .f32Load, .f32Store: (.f32, 2)
    case .f64Load, .f64Store: (.f64, 3)
    case .i32Load8S, .i32Load8U, .i32Store8: (.i32, 0)
    case .i32Load16S, .i32Load16U, .i32Store16: (.i32, 1)
    case .i64Load8S, .i64Load8U, .i64Store8: (.i64, 0)
    case .i64Load16S, .i64Load16U, .i64Store16: (.i64, 1)
    default: (.i64, 2)
    }
  }

  private static func numeric(_ opcode: Opcode) -> (OperatorShape, ValueType, ValueType) {
    switch opcode.rawValue {
    case 0x45: (.unary, .i32, .i32)
    case 0x46...0x4F: (.binary, .i32, .i32)
    case 0x50: (.unary, .i64, .i32)
    case 0x51...0x5A: (.binary, .i64, .i32)
    case 0x5B...0x60: (.binary, .f32, .i32)
    case 0x61...0x66: (.binary, .f64, .i32)
    case 0x67...0x69: (.unary, .i32, .i32)
    case 0x6A...0x78: (.binary, .i32, .i32)
    case 0x79...0x7B: (.unary, .i64, .i64)
    case 0x7C...0x8A: (.binary, .i64, .i64)
    case 0x8B...0x91: (.unary, .f32, .f32)
    case 0x92...0x98: (.binary, .f32, .f32)
    case 0x99...0x9F: (.unary, .f64, .f64)
    case 0xA0...0xA6: (.binary, .f64, .f64)
    default: conversion(opcode)
    }
  }

  private static func conversion(_ opcode: Opcode) -> (OperatorShape, ValueType, ValueType) {
    switch opcode {
    case .i32WrapI64: (.unary, .i64, .i32)
    case .i32TruncF32S, .i32TruncF32U, .i32ReinterpretF32, .i32TruncSatF32S, .i32TruncSatF32U:
      (.unary, .f32, .i32)
    case .i32TruncF64S, .i32TruncF64U, .i32TruncSatF64S, .i32TruncSatF64U: (.unary, .f64, .i32)
    case .i64ExtendI32S, .i64ExtendI32U: (.unary, .i32, .i64)
    case .i64TruncF32S, .i64TruncF32U, .i64TruncSatF32S, .i64TruncSatF32U: (.unary, .f32, .i64)
    case .i64TruncF64S, .i64TruncF64U, .i64ReinterpretF64, .i64TruncSatF64S, .i64TruncSatF64U:
      (.unary, .f64, .i64)
    case .f32ConvertI32S, .f32ConvertI32U, .f32ReinterpretI32: (.unary, .i32, .f32)
    case .f32ConvertI64S, .f32ConvertI64U: (.unary, .i64, .f32)
    case .f32DemoteF64: (.unary, .f64, .f32)
    case .f64ConvertI32S, .f64ConvertI32U: (.unary, .i32, .f64)
    case .f64ConvertI64S, .f64ConvertI64U, .f64ReinterpretI64: (.unary, .i64, .f64)
    case .f64PromoteF32: (.unary, .f32, .f64)
    case .i32Extend8S, .i32Extend16S: (.unary, .i32, .i32)
    default: (.unary, .i64, .i64)
    }
  }

  /// Why an operator is refused: it belongs to a feature that is not among `features`, or is none.
  /// Nil for those that are not refused.
  static func refusal(
    _ byte: UInt8, prefixed: UInt32?, features: Features, at offset: Int
  ) -> WasmError? {
    if let feature = feature(byte, prefixed: prefixed), !features.contains(feature) {
      return .unsupported(feature, at: offset)
    }
    let place = prefixed.map { Opcode.position(byte, $0) } ?? Int(byte)
    if let place, Opcode(rawValue: UInt16(place)) != nil { return nil }
    var message = "illegal opcode \(hexadecimal(byte))"
    if let prefixed { message += " \(String(prefixed, radix: 16))" }
    return WasmError(.malformed, at: offset, message)
  }

  /// The feature that an operator, or what may become one, belongs to; nil for those of no feature.
  static func feature(_ byte: UInt8, prefixed: UInt32?) -> Features? {
    switch byte {
    case 0x06, 0x07, 0x09, 0x18, 0x19: .legacyExceptionHandling
    case 0x08, 0x0A, 0x1F: .exceptionHandling
    case 0xD3: .garbageCollection
    case 0xE0...0xE5: .stackSwitching
    case 0xFB: prefixed ?? 0 <= 0x1E ? .garbageCollection : nil
    case 0xFC: (19...22).contains(prefixed ?? 0) ? .wideArithmetic : nil
    case 0xFD: prefixed ?? 0 < 0x100 ? .simd : prefixed ?? 0 < 0x114 ? .relaxedSIMD : nil
    case 0xFE: (4...15).contains(prefixed ?? 0) || prefixed ?? 0 > 0x4E ? nil : .threads
    default: nil
    }
  }
}
