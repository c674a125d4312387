// SPDX-License-Identifier: Apache-2.0
// Selection of loads, stores and addresses.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Addresses

  /// The address that a load or store accesses.
  mutating func address(of x: Instruction) -> X64Source {
    switch x.opcode {
    case .contextLoad, .contextStore:
      X64Source(.context, displacement: Int32(truncatingIfNeeded: x.b))
    case .frameLoad, .frameStore:
      X64Source(.frameVariable, displacement: Int32(truncatingIfNeeded: x.b) &* frameVariableStride)
    case .pointerLoad, .pointerStore: pointerAddress(x)
    default: memoryAddress(x)
    }
  }

  /// An address in a linear memory. An i32 address wraps at 32 bits and the machine's does not, so
  /// that parts of it may become parts of the machine's only where they cannot wrap; an i64 address
  /// wraps as the machine's does.
  mutating func memoryAddress(_ access: Instruction) -> X64Source {
    let base = access.aux == 0 ? VirtualRegister.none : memoryBase(access.aux)
    var index = access.a
    var displacement = Int64(truncatingIfNeeded: access.b)
    var x = instruction(index)
    if x.opcode == .extendU {
      index = x.a
      x = instruction(index)
    }
    if x.opcode == .iconst {
      let sum = displacement &+ Int64(bitPattern: x.bits)
      if sum >= 0 && sum < 1 &<< 31 {
        return X64Source(
          base.isNone ? .memory : .base, displacement: Int32(truncatingIfNeeded: sum), first: base)
      }
    } else if x.opcode == .add, let c = constant(x.b), options.countsUses,
      let sum = absorbedConstant(index, x, c, displacement)
    {
      index = x.a
      displacement = sum
      x = instruction(index)
    }
    var scale: UInt8 = 0
    if x.opcode == .shl, let k = constant(x.b), k >= 0, k <= 3, options.countsUses,
      x.type == .i64
        ? isUsedOnce(index)
        : function.possibleBits(x.a) &<< UInt64(bitPattern: k) <= 0xffff_ffff && !isLiveAfter(index)
    {
      index = x.a
      scale = UInt8(truncatingIfNeeded: k)
    }
    let offset = Int32(truncatingIfNeeded: displacement)
    if base.isNone {
      return X64Source(.memoryIndex, scale: scale, displacement: offset, first: register(index))
    }
    return X64Source(
      .baseIndex, scale: scale, displacement: offset, first: base, second: register(index))
  }

  /// The displacement with the constant `c` of the address `x` in it; nil where `x` has to be
  /// computed.
  private mutating func absorbedConstant(
    _ address: UInt32, _ x: Instruction, _ c: Int64, _ displacement: Int64
  ) -> Int64? {
    if x.type == .i64 {
      let sum = displacement &+ c
      return isUsedOnce(address) && Int64(Int32(truncatingIfNeeded: sum)) == sum ? sum : nil
    }
    let unsigned = Int64(UInt32(truncatingIfNeeded: c))
    let sum = displacement &+ unsigned
    let mayWrap = function.possibleBits(x.a) &+ UInt64(bitPattern: unsigned) > 0xffff_ffff
    return mayWrap || sum >= 1 &<< 31 ? nil : sum
  }

  /// The base of a memory other than 0, whose base is pinned.
  mutating func memoryBase(_ memory: UInt16) -> VirtualRegister {
    let entry =
      unit.unsafelyUnwrapped.memories
      &+ Int32(truncatingIfNeeded: memory) &* ContextLayout.MemoryEntry.stride
    return contextRegister(entry &+ ContextLayout.MemoryEntry.base)
  }

  /// An address of the runtime's memory. It is 64 bits wide, as the machine's: sums fold.
  private mutating func pointerAddress(_ x: Instruction) -> X64Source {
    var base = x.a
    var displacement = Int64(truncatingIfNeeded: x.b)
    var sum = instruction(base)
    if sum.opcode == .add, let c = constant(sum.b), isUsedOnce(base),
      Int64(Int32(truncatingIfNeeded: displacement &+ c)) == displacement &+ c
    {
      base = sum.a
      displacement &+= c
      sum = instruction(base)
    }
    let offset = Int32(truncatingIfNeeded: displacement)
    if sum.opcode != .add || !isUsedOnce(base) || sum.type != .i64 {
      return X64Source(.base, displacement: offset, first: register(base))
    }
    var index = sum.b
    var scale: UInt8 = 0
    let shift = instruction(index)
    if shift.opcode == .shl, let k = constant(shift.b), k >= 0, k <= 3, isUsedOnce(index) {
      index = shift.a
      scale = UInt8(truncatingIfNeeded: k)
    }
    let first = register(sum.a)
    return X64Source(
      .baseIndex, scale: scale, displacement: offset, first: first, second: register(index))
  }

  // MARK: Loads

  mutating func lowerLoad(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let s = address(of: x)
    if x.type == .v128 {
      emitUnary(.vmov, size: 4, d, .float, s, .int)
      return
    }
    if x.type.isFloat {
      emitUnary(.fmov, size: Self.size(x.type), d, .float, s, .int)
      return
    }
    let opcode: X64Opcode
    var size = Self.size(x.type)
    switch x.opcode {
    case .load8S: opcode = .movsx8
    case .load8U:
      opcode = .movzx8
      size = 2
    case .load16S: opcode = .movsx16
    case .load16U:
      opcode = .movzx16
      size = 2
    case .load32S: opcode = .movsx32
    case .load32U:
      opcode = .mov
      size = 2
    default: opcode = .mov
    }
    emitUnary(opcode, size: size, d, .int, s, .int)
  }

  // MARK: Stores

  mutating func lowerStore(_ i: Int, _ x: Instruction) {
    let value: UInt32
    switch x.opcode {
    case .contextStore, .frameStore: value = x.a
    default: value = x.c
    }
    let type = type(value)
    let size: UInt8
    switch x.opcode {
    case .store8: size = 0
    case .store16: size = 1
    case .store32: size = 2
    default: size = Self.size(type)
    }
    if type == .v128 {
      storeRegister(.vstore, register(value), .float, 4, address(of: x))
    } else if lowerLaneStore(x, value, size) {
      return
    } else if type.isFloat {
      storeFloat(value, size, x)
    } else if !lowerReadModifyWrite(x, value, size) {
      var s: X64Source
      if let c = storeImmediate(value, size) {
        s = address(of: x)
        s.form = .immediateToMemory
        emit(.store, size: size, s, immediate: c)
        appendAddress(s)
      } else {
        storeRegister(.store, register(stored(value, size)), .int, size, address(of: x))
      }
    }
  }

  /// `U, address`.
  mutating func storeRegister(
    _ opcode: X64Opcode, _ r: VirtualRegister, _ c: RegisterClass, _ size: UInt8, _ s: X64Source
  ) {
    var s = s
    s.form = .registerToMemory
    emit(opcode, size: size, s)
    operands.append(.use(r, c))
    appendAddress(s)
  }

  /// A value with the same low bits: a store of a byte or of two needs no mask.
  private mutating func stored(_ value: UInt32, _ size: UInt8) -> UInt32 {
    var v = narrowed(value, size)
    let x = instruction(v)
    if size < 2 && x.opcode == .and && isUsedOnce(v) && !isLiveAfter(v), let c = constant(x.b) {
      let mask: Int64 = size == 0 ? 0xff : 0xffff
      if c & mask == mask { v = low(x.a) }
    }
    return v
  }

  /// Below 64 bits any constant will do, as only its low bits are stored.
  private mutating func storeImmediate(_ value: UInt32, _ size: UInt8) -> Int32? {
    guard let c = constant(value) else { return nil }
    let low = Int32(truncatingIfNeeded: c)
    return size < 3 || Int64(low) == c ? low : nil
  }

  private mutating func storeFloat(_ value: UInt32, _ size: UInt8, _ x: Instruction) {
    let v = instruction(value)
    if v.opcode == .fconst {
      let low = Int32(truncatingIfNeeded: v.bits)
      if size == 2 || UInt64(bitPattern: Int64(low)) == v.bits {
        var s = address(of: x)
        s.form = .immediateToMemory
        emit(.store, size: size, s, immediate: low)
        appendAddress(s)
        return
      }
    }
    storeRegister(.fstore, register(value), .float, size, address(of: x))
  }

  /// Folds `store p, (op (load p), y)` into one instruction.
  private mutating func lowerReadModifyWrite(
    _ x: Instruction, _ value: UInt32, _ size: UInt8
  ) -> Bool {
    if !isUsedOnce(value) || isLiveAfter(value) { return false }
    let operation = instruction(value)
    let opcode: X64Opcode
    switch operation.opcode {
    case .add: opcode = .add
    case .sub: opcode = .sub
    case .and: opcode = .and
    case .or: opcode = .or
    case .xor: opcode = .xor
    default: return false
    }
    var y = operation.b
    if !isSamePlace(operation.a, x, size) {
      if operation.opcode == .sub || !isSamePlace(operation.b, x, size) { return false }
      y = operation.a
    }
    // The load and the other operand: the latter must not be the load itself.
    let load = y == operation.b ? operation.a : operation.b
    if y == load { return false }
    facts[Int(truncatingIfNeeded: load)] |= 4
    if let c = storeImmediate(y, size) {
      var s = address(of: x)
      s.form = .immediateToMemory
      emit(opcode, size: size, s, immediate: c)
      appendAddress(s)
    } else {
      let r = register(narrowed(y, size))
      storeRegister(opcode, r, .int, size, address(of: x))
    }
    return true
  }

  /// Whether the value is a load from where `store` writes, as wide, that may move down to it.
  private mutating func isSamePlace(_ value: UInt32, _ store: Instruction, _ size: UInt8) -> Bool {
    if !canAbsorb(value) { return false }
    let load = instruction(value)
    let width: UInt8
    switch (load.opcode, store.opcode) {
    case (.load8U, .store8), (.load8S, .store8): width = 0
    case (.load16U, .store16), (.load16S, .store16): width = 1
    case (.load32U, .store32), (.load32S, .store32): width = 2
    case (.load, .store), (.pointerLoad, .pointerStore): width = Self.size(load.type)
    case (.contextLoad, .contextStore), (.frameLoad, .frameStore):
      return Self.size(load.type) == size && load.b == store.b
    default: return false
    }
    return width == size && load.a == store.a && load.b == store.b
      && (load.aux == store.aux || load.opcode == .pointerLoad)
  }
}
