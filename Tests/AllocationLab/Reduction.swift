// SPDX-License-Identifier: Apache-2.0
// Makes generated problems smaller, one thing at a time.

import BrolgaEntities
import RegisterAllocation

extension ProblemGenerator {
  /// Takes away the thing with this number; false if it must stay, nil if there are not so many.
  /// What is left need not be valid.
  mutating func reduce(_ number: Int) -> Bool? {
    var left = number
    func isNext() -> Bool {
      left -= 1
      return left < 0
    }
    if isNext() {
      defer { adviceSeed = nil }
      return adviceSeed != nil
    }
    for b in nodes.indices {
      if isNext() { return removeBlock(b) }
      if isNext() { return endBlock(b) }
      for k in nodes[b].parameters.indices where isNext() { return removeParameter(k, of: b) }
      for i in nodes[b].instructions.indices {
        if isNext() {
          if nodes[b].instructions[i].role != .ordinary { return false }
          nodes[b].instructions.remove(at: i)
          return true
        }
        if isNext() {
          let isChange = !nodes[b].instructions[i].clobbers.isEmpty
          nodes[b].instructions[i].clobbers = RegisterSet()
          return isChange
        }
        for k in nodes[b].instructions[i].operands.indices where isNext() {
          return nodes[b].instructions[i].removeOperand(k)
        }
      }
    }
    return nil
  }

  private mutating func removeBlock(_ b: Int) -> Bool {
    if b == 0 || nodes.contains(where: { $0.successors.contains(b) }) { return false }
    nodes.remove(at: b)
    for k in nodes.indices {
      nodes[k].successors = nodes[k].successors.map { $0 > b ? $0 - 1 : $0 }
    }
    return true
  }

  private mutating func endBlock(_ b: Int) -> Bool {
    if nodes[b].successors.isEmpty { return false }
    nodes[b].successors = []
    nodes[b].arguments = []
    nodes[b].instructions[nodes[b].instructions.count - 1].role = .exit
    return true
  }

  private mutating func removeParameter(_ index: Int, of b: Int) -> Bool {
    nodes[b].parameters.remove(at: index)
    for p in nodes.indices {
      for k in nodes[p].successors.indices where nodes[p].successors[k] == b {
        nodes[p].arguments[k].remove(at: index)
      }
    }
    return true
  }
}

extension ProblemGenerator.Instruction {
  fileprivate mutating func removeOperand(_ index: Int) -> Bool {
    for k in operands.indices where operands[k].tag == .reuse {
      let input = Int(operands[k].payload)
      if input == index && k != index { return false }
      if input > index {
        operands[k] = .reuse(operands[k].register, operands[k].registerClass, of: input - 1)
      }
    }
    operands.remove(at: index)
    return true
  }
}
