// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator on most instructions: nothing fixed, nothing clobbered.

import BrolgaEntities

/// Kind, position and constraint of an operand as one small number.
@inline(__always) private func shape(_ operand: Operand) -> UInt64 { operand.raw &>> 32 & 31 }

private let earlyUseAny: UInt64 = 1 &<< 0
private let earlyUseRegister: UInt64 = 1 &<< 4
private let lateDefinitionAny: UInt64 = 1 &<< 3
private let lateDefinitionRegister: UInt64 = 1 &<< 7
private let lateDefinitionReuse: UInt64 = 1 &<< 19
private let nonAllocatable: UInt64 = 1 &<< 24
private let simpleShapes =
  earlyUseAny | earlyUseRegister | lateDefinitionAny | lateDefinitionRegister
  | lateDefinitionReuse | nonAllocatable

extension SinglePass {
  mutating func visitInstruction(_ i: Int) throws(AllocationError) {
    let range = view.operandRange(i)
    var shapes: UInt64 = 0
    var definition = -1
    var definitionCount = 0
    for k in range {
      let s = shape(view.operands[k])
      shapes |= 1 &<< s
      if s & 1 != 0 {
        definition = k
        definitionCount &+= 1
      }
    }
    let record = view.instructions[i]
    let isSimple =
      shapes & ~simpleShapes == 0 && definitionCount <= 1 && record.clobberMask == 0
      && record.role == .ordinary
    if isSimple {
      try visitSimple(i, range, definition, shapes)
    } else if range.count != 0 || record.clobberMask != 0 {
      try visitGeneral(i, range)
    }
  }

  /// What the operands of a simple instruction tell each other.
  private struct SimpleState: BitwiseCopyable {
    var locked = ClassWords()
    /// Not to be given to other inputs: the register of a reused input that lives on elsewhere.
    var reserved = ClassWords()
    /// The reused operand, or -1; where its value lives on, that too and the copy's register.
    var reusedOperand = -1
    var copied = -1
    var copyTarget = noRegister
    /// The defined value, if it has a slot: no other value of this instruction may take that.
    var freed = -1
  }

  /// At most one definition, late; uses early; no constraint but "register", "any" and "reuse".
  private mutating func visitSimple(
    _ i: Int, _ range: Range<Int>, _ definition: Int, _ shapes: UInt64
  ) throws(AllocationError) {
    var state = SimpleState()
    if definition >= 0 { try placeSimpleDefinition(i, range, definition, &state) }
    for k in range {
      let operand = view.operands[k]
      guard shape(operand) == 4, k != state.reusedOperand else { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      let c = Int(truncatingIfNeeded: operand.registerClass.rawValue)
      var register = values[v].register
      if register == noRegister {
        let free = registers.allocatable[c] & ~held[c] & ~state.reserved[c]
        if free != 0 {
          register = choose(v, c, free)
        } else {
          register = try spillVictim(i, c, except: state.locked[c])
        }
        hold(v, register)
      }
      state.locked.insert(register)
      lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
      out[k] = Allocation(packed: register)
    }
    if shapes & (earlyUseAny | nonAllocatable) != 0 {
      visitLenientUses(i, range, state.reserved, except: state.reusedOperand)
    }
    if state.copied >= 0 {
      let register = values[state.copied].register
      let from =
        register != noRegister ? Allocation(packed: register) : slot(of: state.copied)
      emit(.before(i), from, Allocation(packed: state.copyTarget), state.copied)
    }
    if state.freed >= 0 { giveSlot(state.freed) }
  }

  /// Places operand `k`, the only definition, and the input that it reuses.
  @inline(__always)
  private mutating func placeSimpleDefinition(
    _ i: Int, _ range: Range<Int>, _ k: Int, _ state: inout SimpleState
  ) throws(AllocationError) {
    let operand = view.operands[k]
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let c = Int(truncatingIfNeeded: operand.registerClass.rawValue)
    var register = values[v].register
    if register != noRegister {
      held.remove(register)
      values[v].register = noRegister
    } else if operand.tag == .any && values[v].slot >= 0 {
      out[k] = slot(of: v)
      state.freed = v
      return
    } else {
      let free = registers.allocatable[c] & ~held[c]
      if free != 0 {
        register = choose(v, c, free)
      } else {
        register = try spillVictim(i, c, except: 0)
        held.remove(register)
      }
      used.insert(register)
    }
    out[k] = Allocation(packed: register)
    lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
    if values[v].slot >= 0 {
      emit(.after(i), Allocation(packed: register), slot(of: v), v)
      state.freed = v
    }
    if operand.tag != .reuse { return }
    let input = range.lowerBound &+ Int(truncatingIfNeeded: operand.payload)
    let u = Int(truncatingIfNeeded: view.operands[input].register.raw)
    state.reusedOperand = input
    out[input] = Allocation(packed: register)
    if values[u].register == noRegister {
      hold(u, register)
      state.locked.insert(register)
    } else {
      state.copied = u
      state.copyTarget = register
      state.reserved.insert(register)
    }
  }

  /// The uses that evict nobody.
  private mutating func visitLenientUses(
    _ i: Int, _ range: Range<Int>, _ reserved: ClassWords, except done: Int
  ) {
    for k in range {
      let operand = view.operands[k]
      if operand.tag == .fixedNonAllocatable { out[k] = Allocation(operand.fixedRegister) }
      guard shape(operand) == 0, k != done else { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      let c = Int(truncatingIfNeeded: operand.registerClass.rawValue)
      var register = values[v].register
      if register == noRegister {
        let free = registers.allocatable[c] & ~held[c] & ~reserved[c]
        if free == 0 {
          out[k] = slot(of: v)
          continue
        }
        register = choose(v, c, free)
        hold(v, register)
      }
      lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
      out[k] = Allocation(packed: register)
    }
  }

  /// Sends the value of some held register to its slot, across instruction `i`, and returns the
  /// register; it still counts as held.
  private mutating func spillVictim(
    _ i: Int, _ c: Int, except locked: UInt64
  ) throws(AllocationError) -> UInt8 {
    let candidates = held[c] & ~locked & registers.allocatable[c]
    if candidates == 0 { throw .tooManyLiveRegisters(InstructionIndex(i)) }
    let register = victim(candidates, c)
    let w = Int(occupant[Int(register)])
    values[w].register = noRegister
    emit(.after(i), slot(of: w), Allocation(packed: register), w)
    return register
  }
}
