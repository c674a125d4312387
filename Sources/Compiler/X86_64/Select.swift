// SPDX-License-Identifier: Apache-2.0
// Which rule selects which operation.

import RegisterAllocation

extension Lowering where ISA == X64 {
  /// Selects code for one instruction. Pure ones return at once when nobody asks for the value.
  mutating func select(_ i: Int, _ x: Instruction) {
    switch x.opcode {
    case .nop, .param, .iconst, .fconst, .vconst, .result, .caught, .extendU: return
    // What has effects is selected always.
    case .divS, .divU, .remS, .remU: lowerDivision(i, x)
    case .truncS, .truncU: lowerTruncation(i, x)
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U: lowerLoad(i, x)
    case .store, .store8, .store16, .store32, .contextStore, .pointerStore, .frameStore:
      lowerStore(i, x)
    case .memoryCopy: lowerMemoryCopy(x)
    case .memoryFill: lowerMemoryFill(x)
    case .call: lowerCall(i, x)
    case .callReference: lowerCall(i, x)
    case .callHelper: lowerHelperCall(i, x)
    case .trapIf: lowerTrapIf(i, x)
    case .jump: lowerJump(x.a)
    case .branch: lowerBranch(i, x)
    case .unwind: unwindingValue = x.a
    case .branchTable: lowerBranchTable(x)
    case .returns: lowerReturn(x)
    case .tailCall, .tailCallReference: lowerTailCall(x)
    case .trap:
      emit(
        MachineInstruction(.trap, immediate: Int32(truncatingIfNeeded: x.aux)), role: .exit)
    default:
      if registers[i] != Self.noRegister || x.opcode.mustStay { selectPure(i, x) }
    }
  }

  private mutating func selectPure(_ i: Int, _ x: Instruction) {
    switch x.opcode {
    case .add: lowerAdd(i, x)
    case .sub: lowerSub(i, x)
    case .and: lowerAnd(i, x)
    case .or: lowerOr(i, x)
    case .xor: lowerXor(i, x)
    case .mul: lowerMul(i, x)
    case .shl, .shrS, .shrU: lowerShift(i, x)
    case .rotl, .rotr: lowerRotation(i, x)
    case .clz: lowerIntegerUnary(.lzcnt, i, x)
    case .ctz: lowerIntegerUnary(.tzcnt, i, x)
    case .popcnt: lowerIntegerUnary(.popcnt, i, x)
    case .extend8S: lowerExtension(.movsx8, i, x)
    case .extend16S: lowerExtension(.movsx16, i, x)
    case .extend32S, .extendS: lowerExtension(.movsx32, i, x)
    case .wrap: lowerWrap(i, x)
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU, .feq, .fne, .flt, .fle, .fgt,
      .fge:
      lowerComparison(i)
    case .fadd: lowerFloatBinary(.fadd, i, x)
    case .fsub: lowerFloatBinary(.fsub, i, x)
    case .fmul: lowerFloatBinary(.fmul, i, x)
    case .fdiv: lowerFloatBinary(.fdiv, i, x)
    case .fmin, .fmax: lowerMinMax(i, x)
    case .fcopysign: lowerCopysign(i, x)
    case .fneg: lowerFloatMask(.vxor, i, x)
    case .fabs: lowerFloatMask(.vand, i, x)
    case .fsqrt: lowerFloatUnary(.fsqrt, i, x)
    case .fnearest: lowerFloatUnary(.fround, i, x, mode: 8)
    case .ffloor: lowerFloatUnary(.fround, i, x, mode: 9)
    case .fceil: lowerFloatUnary(.fround, i, x, mode: 10)
    case .ftrunc: lowerFloatUnary(.fround, i, x, mode: 11)
    case .truncSatS, .truncSatU: lowerSaturation(i, x)
    case .convertS, .convertU: lowerConversion(i, x)
    case .promote: lowerFloatUnary(.fpromote, i, x)
    case .demote: lowerFloatUnary(.fdemote, i, x)
    case .reinterpret: lowerReinterpretation(i, x)
    case .select: lowerSelect(i, x)
    case .contextLoad, .pointerLoad, .frameLoad: lowerLoad(i, x)
    case .mulHighS, .mulHighU: lowerMulHigh(i, x)
    case .vsplat, .vscalar, .extractLaneS, .extractLane, .replaceLane, .vshuffle, .vswizzle,
      .relaxedSwizzle, .vnot, .vand, .vandnot, .vor, .vxor, .bitselect, .vadd, .vsub, .vmul, .vneg,
      .vabs, .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU, .vminS, .vminU, .vmaxS, .vmaxU, .vavgU,
      .vpopcnt, .vshl, .vshrS, .vshrU, .veq, .vne, .vlt, .vltU, .vle, .vleU, .anyTrue, .allTrue,
      .bitmask, .narrowS, .narrowU, .extendLowS, .extendLowU, .extendHighS, .extendHighU,
      .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU, .extaddS, .extaddU, .vdot, .q15mulSat,
      .vdiv, .vsqrt, .vceil, .vfloor, .vtrunc, .vnearest, .vfmin, .vfmax, .vpmin, .vpmax,
      .vtruncSatS, .vtruncSatU, .vconvertS, .vconvertU, .vdemote, .vpromote, .relaxedMadd,
      .relaxedNmadd, .relaxedSelect, .relaxedMin, .relaxedMax, .relaxedTruncS, .relaxedTruncU,
      .relaxedQ15mul, .relaxedDot, .relaxedDotAdd:
      selectVector(i, x)
    case .nop, .param, .iconst, .fconst, .vconst, .result, .caught, .extendU, .divS, .divU, .remS,
      .remU,
      .truncS,
      .truncU, .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U, .store, .store8,
      .store16, .store32, .memoryCopy, .memoryFill, .contextStore, .pointerStore, .frameStore,
      .call, .callReference,
      .callHelper, .trapIf, .jump, .branch, .branchTable, .returns, .tailCall, .tailCallReference,
      .trap, .unwind:
      fatalError("lower: function \(function.index): \(x.opcode.info.name) is selected elsewhere")
    }
  }
}
