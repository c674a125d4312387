// SPDX-License-Identifier: Apache-2.0
// The toy machine as the allocator sees it: its registers, and what its instructions want.

import RegisterAllocation

/// The toy machine: r0 to r3. Calls destroy r0 and r1, so those are for values that no call lies
/// on; all of its values are integers, and a slot of the frame takes one unit.
let toyMachine: Machine = {
  var machine = Machine()
  machine.preferred = RegisterSet(int: 0b0011)
  machine.nonPreferred = RegisterSet(int: 0b1100)
  return machine
}()
let r0 = PhysicalRegister(.int, 0)
let destroyedByCalls = RegisterSet(int: 0b0011)

/// What an instruction wants of its places, in their order.
func operands(of instruction: Instruction<VirtualRegister>) -> [Operand] {
  let p = instruction.places
  switch instruction.operation {
  case .constant: return [.definition(p[0], .int)]
  // The result in the register of operand 1; the right side may also come from the frame.
  case .add, .subtract, .multiply:
    return [.reuse(p[0], .int, of: 1), .use(p[1], .int), .anyUse(p[2], .int)]
  case .show, .return: return [.fixedUse(p[0], r0)]
  case .branchIfZero: return [.use(p[0], .int)]
  case .jump: return []
  case .move: fatalError("only allocation makes moves")
  }
}
