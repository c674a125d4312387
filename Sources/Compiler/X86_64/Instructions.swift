// SPDX-License-Identifier: Apache-2.0
// The machine instructions of x86-64: what lowering may ask for and emission can encode.

import RegisterAllocation

/// Where an instruction's source is. The word "source" in `X64Opcode` stands for one of these.
package enum X64Form: UInt8, BitwiseCopyable, Sendable {
  /// The next operand: a register, or a spill slot where its constraint is `any`.
  case register = 0
  /// `immediate`, sign-extended to the operation's size.
  case immediate
  /// Memory at the instruction's address: the address operands stand in the source's place.
  case memory
  /// The destination is memory at the address; the source is the operand before the address.
  case registerToMemory
  /// The destination is memory at the address; the source is `immediate`.
  case immediateToMemory
}

/// An addressing mode. Its operands (registers, never slots) are the last uses of an instruction:
/// base, then index. `displacement` is added unless the mode says otherwise.
package enum X64AddressMode: UInt8, BitwiseCopyable, Sendable {
  case none = 0
  /// `[operand + displacement]`
  case base
  /// `[operand + operand * scale + displacement]`
  case baseIndex
  /// `[operand * scale + displacement]`
  case index
  /// `[r14 + displacement]`, memory 0 at a constant address.
  case memory
  /// `[r14 + operand * scale + displacement]`
  case memoryIndex
  /// `[r15 + displacement]`, the instance context.
  case context
  /// `[rbp + 16 + displacement]`, the caller's outgoing area.
  case incoming
  /// `[rsp + displacement]`, the own outgoing area.
  case outgoing
  /// `displacement` is a byte offset in the area of frame variables.
  case frameVariable
  /// `[rip + …]`; `displacement` is an index into `MachineFunction.constants`.
  case constant

  package var operandCount: Int {
    switch self {
    case .base, .index, .memoryIndex: 1
    case .baseIndex: 2
    default: 0
    }
  }
}

/// A condition: the encodings of x86-64, and two that need the parity flag beside.
package enum X64Condition: UInt8, BitwiseCopyable, Sendable {
  case overflow = 0, noOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
  case sign, noSign, parity, noParity, less, greaterOrEqual, lessOrEqual, greater
  /// After a float comparison: equal and not unordered (ZF and not PF).
  case orderedEqual
  /// After a float comparison: not equal or unordered (not ZF or PF).
  case unorderedNotEqual

  @inline(__always) package var inverted: X64Condition {
    // The pairs are neighbours.
    X64Condition(rawValue: rawValue ^ 1).unsafelyUnwrapped
  }
  /// The condition that holds for swapped operands of a comparison of integers, or of floats when
  /// it is one of the unsigned conditions.
  @inline(__always) package var swapped: X64Condition {
    switch self {
    case .below: .above
    case .aboveOrEqual: .belowOrEqual
    case .belowOrEqual: .aboveOrEqual
    case .above: .below
    case .less: .greater
    case .greaterOrEqual: .lessOrEqual
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    default: self
    }
  }
}

/// The machine instructions.
///
/// Each line gives the operands in the order of `Problem.operands`: `D` a definition, `D=1` one
/// that reuses the register of operand 1, `U` a use in a register, `T` a temporary (an early
/// definition of the allocator's), `source` what `form` says (`U?`: an operand that may be in a
/// spill slot; nothing; or the address operands), `address` the address operands.
/// `F` marks instructions that write the flags; others leave them, as must all moves that
/// allocation inserts: a comparison and the reader of its flags may have moves between them.
/// An expansion may use xmm15 as it likes, and r11 where only fixed operands are alive.
package enum X64Opcode: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  // MARK: Moves

  /// `D, source` (register, memory): 32 or 64 bits; 32 clear the upper half. Also the load.
  case mov = 0
  /// `D`: `immediate`, 32 bits (upper half cleared) or 64 (sign-extended). May be encoded as xor. F
  case movImmediate
  /// `D`: the 64 bits of `constants[immediate]`, as an instruction with a 64-bit immediate.
  case movWide
  /// `D, source` (register, memory): from 8, 16 bits to 32 (and so 64).
  case movzx8, movzx16
  /// `D, source` (register, memory): from 8, 16, 32 bits to `size`.
  case movsx8, movsx16, movsx32
  /// registerToMemory: `U, address`; immediateToMemory: `address`. `size` 8 to 64 bits.
  case store
  /// `D, address`: the address itself, in `size` bits.
  case lea
  /// `D=1, U, source` (register, memory): source if `condition`, otherwise operand 1. Conditions
  /// below `orderedEqual` only.
  case cmov
  /// `D`: 1 or 0 as `condition` (all of them) holds: set, then extended.
  case set

  // MARK: Integer arithmetic

  /// `D=1, U, source` (register, immediate, memory), registerToMemory `U, address`,
  /// immediateToMemory `address`. F
  case add, sub, and, or, xor
  /// `D=1, U, source` (register, immediate, memory): with the carry of the comparison before. F
  case adc, sbb
  /// `D=1, U, source` (register, memory). F
  case imul
  /// `D, source` (register, memory), times `immediate`. F
  case imulImmediate
  /// `D=1, U`. `neg`: F
  case neg, not
  /// `U, source` (register, memory); immediate: `U?`; immediateToMemory: `address`. `size` 8 to
  /// 64 bits for the forms with memory. `cmp` of a register with 0 may be encoded as test. F
  case cmp, test
  /// `D=1, U`, by `immediate`. F
  case shl, shr, sar
  /// `D, U count, source` (register, memory).
  case shlx, shrx, sarx
  /// `D, source` (register, memory), rotated right by `immediate`.
  case rorx
  /// `D=1, U, U`: operand 1 shifted by `immediate`, with the bits of operand 2 moving in. F
  case shld, shrd
  /// `D=1, U, U count in rcx`. F
  case rol, ror
  /// `D, U, source` (register, memory): not operand 1, and source. F
  case andn
  /// `D, source` (register, memory): x & (x - 1); x & -x; x ^ (x - 1). F
  case blsr, blsi, blsmsk
  /// `D, source` (register, memory). F
  case lzcnt, tzcnt, popcnt
  /// `U, source`: CF := bit (source mod size) of operand 1; register or immediate. F
  case bt
  /// `D in rdx, U in rax`: rdx := sign of rax, in `size` bits (cdq, cqo).
  case signExtendAccumulator
  /// `D in rax, D in rdx, U in rax, U in rdx, source` (register, memory): rdx:rax / source.
  /// `idiv` is a trap site of kind integerOverflow. F
  case div, idiv
  /// `D in rax (of no value), D in rdx, U in rax, U in rdx (is 0), source` (register): the signed
  /// remainder, 0 for a source of -1: cmp source, -1; je over; cdq; idiv source; over:  F
  case remainder
  /// `D in rax, D in rdx, U in rax, source` (register, memory): rdx:rax := rax * source. F
  case mul, imulWide

  // MARK: Floating point, scalar, `size` 32 or 64 bits

  /// `D, source` (register, memory): vmovaps between registers, vmovss/vmovsd from memory.
  case fmov
  /// `D`: vxorps.
  case fzero
  /// registerToMemory: `U, address`.
  case fstore
  /// `D, U, source` (register, memory): v…ss, v…sd. Of min and max, the second source is the
  /// result when the operands are unordered or zeros.
  case fadd, fsub, fmul, fdiv, fmin, fmax
  /// `D, U, source` (register, or memory of 16 bytes): vandps, vandnps (not operand 1, and
  /// source), vorps, vxorps. The register operand is never in a slot.
  case vand, vandn, vor, vxor
  /// `D, source` (register, memory). From memory: the destination is cleared first, to break the
  /// dependency; between registers the source is the pass-through too.
  case fsqrt
  /// As `fsqrt`; `immediate` is the mode of vroundss: 8 nearest, 9 floor, 10 ceil, 11 trunc.
  case fround
  /// `D, source`, as `fsqrt`: vcvtss2sd, vcvtsd2ss. `size` is irrelevant.
  case fpromote, fdemote
  /// `U, source` (register, memory): vucomiss, vucomisd. F
  case fucomi
  /// `D, U, source` (register, memory): vcmpss, vcmpsd with predicate `immediate`: 0 equal,
  /// 1 less, 2 less or equal, 3 unordered, 4 not equal or unordered, 7 ordered.
  case fcmp
  /// `D, U, U, U mask`: operand 2 where the mask's sign bit is set, otherwise operand 1.
  case fblend
  /// `D=1, U, source` (register): source if `condition`, otherwise operand 1: a jump over
  /// vmovaps. All conditions.
  case fcmov
  /// `D float, source integer` (register, memory of `size`): the destination is cleared first,
  /// then vcvtsi2ss, vcvtsi2sd. `size` is the integer's, `extra` the float's log2 bytes.
  case cvtFromInteger
  /// `D float, U integer, T integer`: from an unsigned 64-bit integer. `size` is the float's.
  /// vxorps D; test U,U; js 1f; vcvtsi2s* D,D,U; jmp 2f; 1: mov T,U; shr T,1; jae 3f;
  /// or T,1; 3: vcvtsi2s* D,D,T; vadds* D,D,D; 2:  F
  case cvtFromUnsigned64
  /// `D integer, source float` (register, memory): vcvttss2si, vcvttsd2si. `size` is the
  /// integer's, `extra` the float's log2 bytes.
  case cvtToInteger
  /// `D float, source integer` (register): vmovd, vmovq; a load where the source is in a slot.
  case movToFloat
  /// `D integer, source float` (register): as `movToFloat`.
  case movToInteger

  // MARK: Vectors of 16 bytes
  //
  // `extra` is the operation: a raw value of the enumeration that each line names. `size` is 4 where the
  // source is a vector (of which a spill slot has 16 bytes), below where it is a scalar.

  /// `D, source` (register, memory): vmovaps between registers, vmovups from memory.
  case vmov
  /// registerToMemory: `U, address`: all 16 bytes.
  case vstore
  /// `D`: all bits one.
  case vones
  /// `VectorBinary`: `D, U, source` (register, memory).
  case vbinary
  /// `VectorBinaryByte`: as `vbinary`, with `immediate`.
  case vbinaryByte
  /// `VectorTernary`: `D=1, U, U, source` (register, memory).
  case vternary
  /// `VectorTernaryByte`: as `vternary`, with `immediate`.
  case vternaryByte
  /// `VectorSelect`: `D, U, U mask, source` (register, memory).
  case vselect
  /// `VectorUnary`: `D, source` (register, memory).
  case vunary
  /// `VectorUnaryByte`: as `vunary`, with `immediate`.
  case vunaryByte
  /// `VectorShift`: `D, U`, by `immediate`.
  case vshift
  /// `VectorInsert`: `D, U, source` (integer register, memory), lane `immediate`.
  case vinsert
  /// `VectorExtract`, lane `immediate`: `D integer, U`; registerToMemory: `U, address`.
  case vextract
  /// `VectorMask`: `D integer, U`.
  case vmask
  /// `U, source` (register, memory): vptest. F
  case vtest

  // MARK: Blocks of linear memory, of `extra` bytes, in the parts of `BlockParts`

  /// `T…, U destination, U base?, source` (memory): all loads, then all stores. The destination is
  /// relative to r14, or to a base if `immediate` is 1. There is a temporary for each part, but for
  /// one that goes through xmm15 if they are vectors. The first load and the first store are trap
  /// sites.
  case copyBlock
  /// registerToMemory: `U value, address`; immediateToMemory: `address`: each byte := value. The first
  /// store is a trap site.
  case fillBlock

  // MARK: Control

  /// `D…`: the function's arguments in their registers. First instruction of the entry; no code.
  case entry
  /// No operands. One successor.
  case jump
  /// No operands. Two successors: taken if `condition` (all of them) holds, and otherwise.
  case branch
  /// `U index, T, T base`. To block `jumpTargets[immediate + i]` for i below `displacement`, to
  /// `jumpTargets[immediate + displacement]` for others. The index is 32 bits, zero-extended.
  /// cmp index, displacement; jae last; lea base, [rip + table]; movsxd T, [base + index * 4];
  /// add T, base; jmp T.  F
  case jumpTable
  /// `U…`: the results in their registers. Epilogue and ret, which removes `immediate` bytes of
  /// arguments.
  case ret
  /// `U…`: leaves the frame and jumps to function `immediate` of the module. The arguments on the
  /// stack are `displacement` words of the outgoing area; the function's own took `extra` words.
  case tailCall
  /// `U record in rax, U…`: as `tailCall`, through a function record; where its context is another,
  /// through `Helper.tailCall`. `immediate`: words of its results.
  case tailCallReference
  /// `D…, U…`: a call of function `immediate` of the module, in the own instance, with
  /// `displacement` bytes of arguments on the stack: sub rsp, displacement after it.  F
  /// `extra` 1: it ends its block. Two successors: with an exception, which it defines as well, and
  /// otherwise. So too the next.
  case call
  /// `U record, D…, U…`: a call through a function record: mov r15, [record + 8];
  /// mov r14, [r15 + 8]; call [record]; sub rsp, displacement; mov r15, [rbp - 8];
  /// mov r14, [r15 + 8].  F
  case callReference
  /// `D…, U…`: a call of the helper at offset `immediate`, in C's convention: mov rdi, r15;
  /// mov r11, [r15 + helperTable]; call [r11 + immediate].  F
  case callHelper

  // MARK: Traps, of kind `immediate`

  /// No operands. ud2, a trap site. Ends its block, without successors.
  case trap
  /// No operands. If `condition` (all of them): to a cold ud2, a trap site.
  case trapIf
  /// `U float`. If `condition` (below `orderedEqual`): to cold code that traps with
  /// invalidConversionToInteger if the operand (of `size`) is a NaN, otherwise with
  /// integerOverflow: vucomis* U,U; jp 1f; ud2; 1: ud2.
  case trapIfInconvertible
  /// `U`, of 32 bits. If it is not zero, calls `Helper.raise` with it as the kind, in cold code:
  /// test U,U; jne cold; cold: mov esi, U; mov rdi, r15; mov r11, [r15 + helperTable];
  /// call [r11].  F
  case raiseIf
}

/// Registers by their hardware numbers.
package enum X64Register {
  package static let rax = PhysicalRegister(.int, 0)
  package static let rcx = PhysicalRegister(.int, 1)
  package static let rdx = PhysicalRegister(.int, 2)
  package static let rbx = PhysicalRegister(.int, 3)
  package static let rsp = PhysicalRegister(.int, 4)
  package static let rbp = PhysicalRegister(.int, 5)
  package static let rsi = PhysicalRegister(.int, 6)
  package static let rdi = PhysicalRegister(.int, 7)
  package static let r8 = PhysicalRegister(.int, 8)
  package static let r9 = PhysicalRegister(.int, 9)
  package static let r10 = PhysicalRegister(.int, 10)
  package static let r11 = PhysicalRegister(.int, 11)
  package static let r12 = PhysicalRegister(.int, 12)
  package static let r13 = PhysicalRegister(.int, 13)
  package static let r14 = PhysicalRegister(.int, 14)
  package static let r15 = PhysicalRegister(.int, 15)
  package static let xmm0 = PhysicalRegister(.float, 0)
  package static let xmm15 = PhysicalRegister(.float, 15)
}

/// The two parts of `MachineInstruction.address`.
package enum X64Address {
  /// `scale` is the log2 of 1, 2, 4 or 8.
  @inline(__always) package static func packed(_ mode: X64AddressMode, scale: UInt8 = 0) -> UInt8 {
    mode.rawValue | scale &<< 6
  }
  @inline(__always) package static func mode(_ packed: UInt8) -> X64AddressMode {
    X64AddressMode(rawValue: packed & 63).unsafelyUnwrapped
  }
  /// The log2 of the scale.
  @inline(__always) package static func scale(_ packed: UInt8) -> UInt8 { packed &>> 6 }
}

extension MachineInstruction {
  @inline(__always)
  package init(
    _ opcode: X64Opcode, _ form: X64Form = .register, size: UInt8 = 0,
    condition: X64Condition = .overflow, extra: UInt16 = 0, immediate: Int32 = 0
  ) {
    self.init(
      opcode: opcode.rawValue, form: form.rawValue, size: size, condition: condition.rawValue,
      extra: extra, immediate: immediate)
  }
  @inline(__always) package var x64Opcode: X64Opcode {
    X64Opcode(rawValue: opcode).unsafelyUnwrapped
  }
  @inline(__always) package var x64Form: X64Form { X64Form(rawValue: form).unsafelyUnwrapped }
  @inline(__always) package var x64Condition: X64Condition {
    X64Condition(rawValue: condition).unsafelyUnwrapped
  }
  @inline(__always) package var x64AddressMode: X64AddressMode { X64Address.mode(address) }
  /// Whether the instruction writes the flags on its way, or may in some encoding.
  package var writesFlags: Bool { x64Opcode.writesFlags }
}

extension X64Opcode {
  package var writesFlags: Bool {
    switch self {
    case .mov, .movWide, .movzx8, .movzx16, .movsx8, .movsx16, .movsx32, .store, .lea, .cmov, .set,
      .not, .shlx, .shrx, .sarx, .rorx, .signExtendAccumulator, .fmov, .fzero, .fstore, .fadd,
      .fsub, .fmul, .fdiv, .fmin, .fmax, .vand, .vandn, .vor, .vxor, .fsqrt, .fround, .fpromote,
      .fdemote, .fcmp, .fblend, .fcmov, .cvtFromInteger, .cvtToInteger, .movToFloat, .movToInteger,
      .vmov, .vstore, .vones, .vbinary, .vbinaryByte, .vternary, .vternaryByte, .vselect, .vunary,
      .vunaryByte, .vshift, .vinsert, .vextract, .vmask,
      .copyBlock, .fillBlock, .entry,
      .jump, .branch, .ret, .tailCall, .tailCallReference, .trap, .trapIf, .trapIfInconvertible:
      false
    default: true
    }
  }
}
