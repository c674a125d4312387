// SPDX-License-Identifier: Apache-2.0
// Checks what a problem says beyond what must hold: see `Advice.swift`.

import BrolgaEntities

extension Problem {
  /// Cost: linear in the tables, and once through the operands if values are rematerialized.
  func checkAdvice() throws(ProblemError) {
    try checkRematerializations()
    for k in hints.indices {
      let hint = hints[k]
      if Int(hint.value.raw) >= classes.count
        || hint.register.raw &>> 6 != classes[hint.value].rawValue
      {
        throw .badHint(hint.value)
      }
    }
    var rest = machine.preferred.union(machine.nonPreferred)
    for k in registerOrder.indices {
      if !rest.contains(registerOrder[k]) { throw .badOrder(registerOrder[k]) }
      rest.remove(registerOrder[k])
    }
    for k in labels.indices {
      let label = labels[k]
      if Int(label.value.raw) >= classes.count || label.from.raw > label.to.raw
        || Int(label.to.raw) > instructionCount
      {
        throw .badLabel(k)
      }
    }
  }

  private func checkRematerializations() throws(ProblemError) {
    if rematerializations.isEmpty { return }
    var last = -1
    for k in rematerializations.indices {
      let entry = rematerializations[k]
      let v = Int(entry.value.raw)
      if v <= last || v >= classes.count || !(entry.cost >= 0) {
        throw .badRematerialization(entry.value)
      }
      last = v
    }
    // Each entry's value must be met as the only operand of an instruction.
    var found = 0
    for i in 0..<instructionCount {
      let range = operandRange(i)
      for k in range where operands[k].isDefinition {
        let operand = operands[k]
        guard rematerialization(of: operand.register) != nil else { continue }
        let record = instructions.storage[i]
        guard range.count == 1, operand.isLate, record.clobberMask == 0, record.role == .ordinary
        else { throw .badRematerialization(operand.register) }
        switch operand.tag {
        case .any, .register, .limit: found += 1
        default: throw .badRematerialization(operand.register)
        }
      }
    }
    if found == rematerializations.count { return }
    for k in parameters.indices where rematerialization(of: parameters[k]) != nil {
      throw .badRematerialization(parameters[k])
    }
    throw .badRematerialization(rematerializations[0].value)
  }

  /// The entry of a value that can be made again. Cost: logarithmic in the entries.
  public func rematerialization(of value: VirtualRegister) -> Rematerialization? {
    var low = 0
    var high = rematerializations.count
    while low < high {
      let middle = (low + high) / 2
      if rematerializations[middle].value < value { low = middle + 1 } else { high = middle }
    }
    if low == rematerializations.count || rematerializations[low].value != value { return nil }
    return rematerializations[low]
  }
}
