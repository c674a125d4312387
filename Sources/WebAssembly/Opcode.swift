// SPDX-License-Identifier: Apache-2.0
// The operators of WebAssembly 3.0 without garbage collection, and wide arithmetic.

/// An operator. The raw value is its place in tables: the byte of the binary format, or `0x100` plus
/// the number after the prefix `0xFC`, or `0x200` plus the number after `0xFD`.
package enum Opcode: UInt16, CaseIterable, BitwiseCopyable, Sendable {
  case unreachable = 0x00, nop, block, loop, `if`, `else`
  case `throw` = 0x08, throwRef = 0x0A, end, br, brIf, brTable, `return`, call, callIndirect
  case returnCall, returnCallIndirect, callRef, returnCallRef
  case drop = 0x1A, select, selectTyped, tryTable = 0x1F
  case localGet = 0x20, localSet, localTee, globalGet, globalSet, tableGet, tableSet
  case i32Load = 0x28, i64Load, f32Load, f64Load, i32Load8S, i32Load8U, i32Load16S, i32Load16U
  case i64Load8S, i64Load8U, i64Load16S, i64Load16U, i64Load32S, i64Load32U, i32Store, i64Store
  case f32Store, f64Store, i32Store8, i32Store16, i64Store8, i64Store16, i64Store32, memorySize
  case memoryGrow, i32Const, i64Const, f32Const, f64Const, i32Eqz, i32Eq, i32Ne, i32LtS, i32LtU
  case i32GtS, i32GtU, i32LeS, i32LeU, i32GeS, i32GeU, i64Eqz, i64Eq, i64Ne, i64LtS, i64LtU
  case i64GtS, i64GtU, i64LeS, i64LeU, i64GeS, i64GeU, f32Eq, f32Ne, f32Lt, f32Gt, f32Le, f32Ge
  case f64Eq, f64Ne, f64Lt, f64Gt, f64Le, f64Ge, i32Clz, i32Ctz, i32Popcnt, i32Add, i32Sub, i32Mul
  case i32DivS, i32DivU, i32RemS, i32RemU, i32And, i32Or, i32Xor, i32Shl, i32ShrS, i32ShrU
  case i32Rotl, i32Rotr, i64Clz, i64Ctz, i64Popcnt, i64Add, i64Sub, i64Mul, i64DivS, i64DivU
  case i64RemS, i64RemU, i64And, i64Or, i64Xor, i64Shl, i64ShrS, i64ShrU, i64Rotl, i64Rotr, f32Abs
  case f32Neg, f32Ceil, f32Floor, f32Trunc, f32Nearest, f32Sqrt, f32Add, f32Sub, f32Mul, f32Div
  case f32Min, f32Max, f32Copysign, f64Abs, f64Neg, f64Ceil, f64Floor, f64Trunc, f64Nearest
  case f64Sqrt, f64Add, f64Sub, f64Mul, f64Div, f64Min, f64Max, f64Copysign, i32WrapI64
  case i32TruncF32S, i32TruncF32U, i32TruncF64S, i32TruncF64U, i64ExtendI32S, i64ExtendI32U
  case i64TruncF32S, i64TruncF32U, i64TruncF64S, i64TruncF64U, f32ConvertI32S, f32ConvertI32U
  case f32ConvertI64S, f32ConvertI64U, f32DemoteF64, f64ConvertI32S, f64ConvertI32U
  case f64ConvertI64S, f64ConvertI64U, f64PromoteF32, i32ReinterpretF32, i64ReinterpretF64
  case f32ReinterpretI32, f64ReinterpretI64, i32Extend8S, i32Extend16S, i64Extend8S, i64Extend16S
  case i64Extend32S
  case refNull = 0xD0, refIsNull, refFunc
  case refAsNonNull = 0xD4, brOnNull, brOnNonNull
  case i32TruncSatF32S = 0x100, i32TruncSatF32U, i32TruncSatF64S, i32TruncSatF64U
  case i64TruncSatF32S, i64TruncSatF32U, i64TruncSatF64S, i64TruncSatF64U, memoryInit, dataDrop
  case memoryCopy, memoryFill, tableInit, elemDrop, tableCopy, tableGrow, tableSize, tableFill
  case i64Add128 = 0x113, i64Sub128, i64MulWideS, i64MulWideU
  case v128Load = 0x200, v128Load8x8S, v128Load8x8U, v128Load16x4S, v128Load16x4U, v128Load32x2S
  case v128Load32x2U, v128Load8Splat, v128Load16Splat, v128Load32Splat, v128Load64Splat, v128Store
  case v128Const, i8x16Shuffle, i8x16Swizzle, i8x16Splat, i16x8Splat, i32x4Splat, i64x2Splat
  case f32x4Splat, f64x2Splat, i8x16ExtractLaneS, i8x16ExtractLaneU, i8x16ReplaceLane
  case i16x8ExtractLaneS, i16x8ExtractLaneU, i16x8ReplaceLane, i32x4ExtractLane, i32x4ReplaceLane
  case i64x2ExtractLane, i64x2ReplaceLane, f32x4ExtractLane, f32x4ReplaceLane, f64x2ExtractLane
  case f64x2ReplaceLane, i8x16Eq, i8x16Ne, i8x16LtS, i8x16LtU, i8x16GtS, i8x16GtU, i8x16LeS
  case i8x16LeU, i8x16GeS, i8x16GeU, i16x8Eq, i16x8Ne, i16x8LtS, i16x8LtU, i16x8GtS, i16x8GtU
  case i16x8LeS, i16x8LeU, i16x8GeS, i16x8GeU, i32x4Eq, i32x4Ne, i32x4LtS, i32x4LtU, i32x4GtS
  case i32x4GtU, i32x4LeS, i32x4LeU, i32x4GeS, i32x4GeU, f32x4Eq, f32x4Ne, f32x4Lt, f32x4Gt, f32x4Le
  case f32x4Ge, f64x2Eq, f64x2Ne, f64x2Lt, f64x2Gt, f64x2Le, f64x2Ge, v128Not, v128And, v128Andnot
  case v128Or, v128Xor, v128Bitselect, v128AnyTrue, v128Load8Lane, v128Load16Lane, v128Load32Lane
  case v128Load64Lane, v128Store8Lane, v128Store16Lane, v128Store32Lane, v128Store64Lane
  case v128Load32Zero, v128Load64Zero, f32x4DemoteF64x2Zero, f64x2PromoteLowF32x4, i8x16Abs
  case i8x16Neg, i8x16Popcnt, i8x16AllTrue, i8x16Bitmask, i8x16NarrowI16x8S, i8x16NarrowI16x8U
  case f32x4Ceil, f32x4Floor, f32x4Trunc, f32x4Nearest, i8x16Shl, i8x16ShrS, i8x16ShrU, i8x16Add
  case i8x16AddSatS, i8x16AddSatU, i8x16Sub, i8x16SubSatS, i8x16SubSatU, f64x2Ceil, f64x2Floor
  case i8x16MinS, i8x16MinU, i8x16MaxS, i8x16MaxU, f64x2Trunc, i8x16AvgrU, i16x8ExtaddPairwiseI8x16S
  case i16x8ExtaddPairwiseI8x16U, i32x4ExtaddPairwiseI16x8S, i32x4ExtaddPairwiseI16x8U, i16x8Abs
  case i16x8Neg, i16x8Q15mulrSatS, i16x8AllTrue, i16x8Bitmask, i16x8NarrowI32x4S, i16x8NarrowI32x4U
  case i16x8ExtendLowI8x16S, i16x8ExtendHighI8x16S, i16x8ExtendLowI8x16U, i16x8ExtendHighI8x16U
  case i16x8Shl, i16x8ShrS, i16x8ShrU, i16x8Add, i16x8AddSatS, i16x8AddSatU, i16x8Sub, i16x8SubSatS
  case i16x8SubSatU, f64x2Nearest, i16x8Mul, i16x8MinS, i16x8MinU, i16x8MaxS, i16x8MaxU
  case i16x8AvgrU = 0x29B, i16x8ExtmulLowI8x16S, i16x8ExtmulHighI8x16S, i16x8ExtmulLowI8x16U
  case i16x8ExtmulHighI8x16U, i32x4Abs, i32x4Neg, i32x4AllTrue = 0x2A3, i32x4Bitmask
  case i32x4ExtendLowI16x8S = 0x2A7, i32x4ExtendHighI16x8S, i32x4ExtendLowI16x8U
  case i32x4ExtendHighI16x8U, i32x4Shl, i32x4ShrS, i32x4ShrU, i32x4Add, i32x4Sub = 0x2B1
  case i32x4Mul = 0x2B5, i32x4MinS, i32x4MinU, i32x4MaxS, i32x4MaxU, i32x4DotI16x8S
  case i32x4ExtmulLowI16x8S = 0x2BC, i32x4ExtmulHighI16x8S, i32x4ExtmulLowI16x8U
  case i32x4ExtmulHighI16x8U, i64x2Abs, i64x2Neg, i64x2AllTrue = 0x2C3, i64x2Bitmask
  case i64x2ExtendLowI32x4S = 0x2C7, i64x2ExtendHighI32x4S, i64x2ExtendLowI32x4U
  case i64x2ExtendHighI32x4U, i64x2Shl, i64x2ShrS, i64x2ShrU, i64x2Add, i64x2Sub = 0x2D1
  case i64x2Mul = 0x2D5, i64x2Eq, i64x2Ne, i64x2LtS, i64x2GtS, i64x2LeS, i64x2GeS
  case i64x2ExtmulLowI32x4S, i64x2ExtmulHighI32x4S, i64x2ExtmulLowI32x4U, i64x2ExtmulHighI32x4U
  case f32x4Abs, f32x4Neg, f32x4Sqrt = 0x2E3, f32x4Add, f32x4Sub, f32x4Mul, f32x4Div, f32x4Min
  case f32x4Max, f32x4Pmin, f32x4Pmax, f64x2Abs, f64x2Neg, f64x2Sqrt = 0x2EF, f64x2Add, f64x2Sub
  case f64x2Mul, f64x2Div, f64x2Min, f64x2Max, f64x2Pmin, f64x2Pmax, i32x4TruncSatF32x4S
  case i32x4TruncSatF32x4U, f32x4ConvertI32x4S, f32x4ConvertI32x4U, i32x4TruncSatF64x2SZero
  case i32x4TruncSatF64x2UZero, f64x2ConvertLowI32x4S, f64x2ConvertLowI32x4U, i8x16RelaxedSwizzle
  case i32x4RelaxedTruncF32x4S, i32x4RelaxedTruncF32x4U, i32x4RelaxedTruncF64x2SZero
  case i32x4RelaxedTruncF64x2UZero, f32x4RelaxedMadd, f32x4RelaxedNmadd, f64x2RelaxedMadd
  case f64x2RelaxedNmadd, i8x16RelaxedLaneselect, i16x8RelaxedLaneselect, i32x4RelaxedLaneselect
  case i64x2RelaxedLaneselect, f32x4RelaxedMin, f32x4RelaxedMax, f64x2RelaxedMin, f64x2RelaxedMax
  case i16x8RelaxedQ15mulrS, i16x8RelaxedDotI8x16I7x16S, i32x4RelaxedDotI8x16I7x16AddS
}

extension Opcode {
  /// Raw values are below.
  static let placeCount = 0x314

  /// The raw value of the operator with this number after a prefix; nil where no table reaches.
  static func position(_ prefix: UInt8, _ number: UInt32) -> Int? {
    switch prefix {
    case 0xFC: number < 0x100 ? 0x100 &+ Int(truncatingIfNeeded: number) : nil
    case 0xFD: number < 0x114 ? 0x200 &+ Int(truncatingIfNeeded: number) : nil
    default: nil
    }
  }

  /// The prefix of the operator at a position, and its number after it; nil for one of a byte.
  static func prefixed(_ position: UInt16) -> (prefix: UInt8, number: UInt32)? {
    if position < 0x100 { return nil }
    let isVector = position >= 0x200
    return (isVector ? 0xFD : 0xFC, UInt32(position) &- (isVector ? 0x200 : 0x100))
  }
}
