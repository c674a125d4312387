// SPDX-License-Identifier: Apache-2.0
// The operators of WebAssembly 3.0 without SIMD, exceptions and garbage collection.

/// An operator. The raw value is its byte in the binary format, or `0xFC00` plus the number after
/// the prefix byte.
package enum Opcode: UInt16, CaseIterable, BitwiseCopyable, Sendable {
  case unreachable = 0x00, nop, block, loop, `if`, `else`
  case end = 0x0B, br, brIf, brTable, `return`, call, callIndirect
  case returnCall, returnCallIndirect, callRef, returnCallRef
  case drop = 0x1A, select, selectTyped
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
  case i32TruncSatF32S = 0xFC00, i32TruncSatF32U, i32TruncSatF64S, i32TruncSatF64U
  case i64TruncSatF32S, i64TruncSatF32U, i64TruncSatF64S, i64TruncSatF64U, memoryInit, dataDrop
  case memoryCopy, memoryFill, tableInit, elemDrop, tableCopy, tableGrow, tableSize, tableFill
}
