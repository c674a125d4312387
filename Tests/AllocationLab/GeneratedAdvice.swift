// SPDX-License-Identifier: Apache-2.0
// What a client may say beyond what must hold, at random.

import RegisterAllocation

extension ProblemGenerator {
  /// Marks, hints, orders and labels at random.
  public static func advise(_ problem: inout Problem, _ random: inout Random) {
    for i in 0..<problem.instructionCount {
      let range = problem.operandRange(i)
      let record = problem.instructions.storage[i]
      guard range.count == 1, record.clobberMask == 0, record.role == .ordinary else { continue }
      let operand = problem.operands[range.lowerBound]
      guard operand.isDefinition, operand.isLate, operand.tag == .any || operand.tag == .register
      else { continue }
      if random.chance(70) {
        problem.rematerializations.append(
          Rematerialization(operand.register, cost: Float(random.below(5)) * 0.25))
      }
    }
    var marks = problem.rematerializations.buffer
    marks.sort { $0.value < $1.value }
    for c in RegisterClass.allCases {
      var rest = problem.machine.preferred.union(problem.machine.nonPreferred)[c]
      var all: [PhysicalRegister] = []
      while rest != 0 {
        all.append(PhysicalRegister(c, rest.trailingZeroBitCount))
        rest &= rest &- 1
      }
      for v in 0..<problem.classes.count
      where problem.classes.storage[v] == c && !all.isEmpty && random.chance(20) {
        problem.hints.append(Hint(VirtualRegister(v), all[random.below(all.count)]))
      }
      while !all.isEmpty && random.chance(70) {
        problem.registerOrder.append(all.remove(at: random.below(all.count)))
      }
    }
    for v in 0..<problem.classes.count where random.chance(40) {
      let from = random.below(problem.instructionCount)
      let to = from + random.below(problem.instructionCount - from) + 1
      problem.labels.append(
        DebugLabel(
          VirtualRegister(v), from: InstructionIndex(from), to: InstructionIndex(to),
          label: UInt32(v)))
    }
  }
}
