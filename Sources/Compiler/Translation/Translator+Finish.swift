// SPDX-License-Identifier: Apache-2.0
// Ends a translation: fills in the arguments of block parameters and drops the needless ones.

import BrolgaEntities

/// Working memory of `finish`.
struct FinishScratch: ~Copyable {
  var aliases = Aliases()
  /// Per parameter, in order of creation: where its arguments start in `arguments`, one per
  /// incoming edge of its block; `.max` for one that has been replaced.
  var starts = Vector<UInt32>()
  var arguments = Vector<UInt32>()
  /// Per block: its remaining parameters, linked by `next` in order of creation.
  var first = Vector<UInt32>()
  var last = Vector<UInt32>()
  var next = Vector<UInt32>()

  init() {}
}

extension Translator {
  /// Completes the function: parameters, arguments, predecessors, cold blocks.
  ///
  /// Cost: linear in the instructions and the arguments; arguments are look-ups, which the budget
  /// bounds. Returns false, with the function half done, where it is exceeded.
  mutating func finish(budget: Int) -> Bool {
    guard collectArguments(budget: budget) else { return false }
    dropNeedlessParameters()
    layOutParameters()
    layOutEdges()
    replaceOperands(in: &builder.function, by: &finishing.aliases)
    markColdBlocks()
    return true
  }

  private mutating func replace(_ parameter: Int, by value: UInt32) {
    finishing.aliases.replace(
      locals.parameters[parameter].value, by: value, count: builder.function.instructions.count)
    finishing.starts[parameter] = .max
  }

  /// Asks for the value of each parameter at each incoming edge. That may make further
  /// parameters, which stand behind in the list and get their turn.
  private mutating func collectArguments(budget: Int) -> Bool {
    finishing.aliases.removeAll()
    finishing.starts.removeAll()
    finishing.arguments.removeAll()
    var p = 0
    while p < locals.parameters.count {
      let parameter = locals.parameters[p]
      finishing.starts.append(UInt32(truncatingIfNeeded: finishing.arguments.count))
      var outside: UInt32?
      if parameter.loop >= 0 {
        outside = locals.valueFromOutside(of: parameter, &builder.function)
      }
      if let outside {
        replace(p, by: outside)
      } else {
        collectArguments(of: parameter)
      }
      if locals.steps > budget { return false }
      p &+= 1
    }
    if !finishing.aliases.isEmpty {
      finishing.aliases.grow(to: builder.function.instructions.count)
    }
    return true
  }

  private mutating func collectArguments(of parameter: LocalValues.Parameter) {
    var edge = locals.incoming.lists[Int(truncatingIfNeeded: parameter.block)].first
    while edge != .max {
      let info = locals.incoming.edges[Int(truncatingIfNeeded: edge)]
      var value: UInt32
      if parameter.isOperand {
        value =
          locals.incoming.operands[
            Int(truncatingIfNeeded: info.operandStart &+ parameter.local)]
      } else {
        value = locals.value(of: parameter.local, at: info.point, &builder.function)
      }
      finishing.arguments.append(value)
      edge = info.next
    }
  }

  /// Replaces each parameter whose arguments are one value, or itself. What one replacement makes
  /// possible, the next round finds; a few rounds find nearly all, and the rest is left to
  /// `removeRedundantParameters`, which walks lists that are not there yet.
  private mutating func dropNeedlessParameters() {
    for _ in 0..<3 {
      var changed = false
      // Inner loops' parameters come later; theirs go first.
      var p = locals.parameters.count &- 1
      while p >= 0 {
        if finishing.starts[p] != .max, let value = onlyArgument(p) {
          replace(p, by: value)
          changed = true
        }
        p &-= 1
      }
      if !changed { break }
    }
  }

  /// The one value that a parameter can have, if there is only one.
  private mutating func onlyArgument(_ p: Int) -> UInt32? {
    let parameter = locals.parameters[p]
    let start = Int(truncatingIfNeeded: finishing.starts[p])
    let count = Int(
      truncatingIfNeeded: locals.incoming.lists[Int(truncatingIfNeeded: parameter.block)].count)
    var only: UInt32 = .max
    for i in 0..<count {
      let value = finishing.aliases.resolve(finishing.arguments[start &+ i])
      if value == parameter.value || value == only { continue }
      if only != .max { return nil }
      only = value
    }
    return only == .max ? nil : only
  }

  /// Gives each block the list of its parameters.
  private mutating func layOutParameters() {
    let blockCount = builder.function.blocks.count
    finishing.first.reset(count: blockCount, to: .max)
    finishing.last.reset(count: blockCount, to: .max)
    finishing.next.reset(count: locals.parameters.count, to: .max)
    for p in 0..<locals.parameters.count where finishing.starts[p] != .max {
      let block = Int(truncatingIfNeeded: locals.parameters[p].block)
      let id = UInt32(truncatingIfNeeded: p)
      if finishing.first[block] == .max {
        finishing.first[block] = id
      } else {
        finishing.next[Int(truncatingIfNeeded: finishing.last[block])] = id
      }
      finishing.last[block] = id
    }
    for p in 0..<locals.parameters.count where finishing.starts[p] == .max {
      let value = Value(raw: locals.parameters[p].value)
      builder.function.instructions[value] = Instruction(.nop, .none)
    }
    // The entry block has its list already.
    for b in 1..<max(1, blockCount) {
      let start = builder.function.lists.count
      var p = finishing.first[b]
      var count: UInt32 = 0
      while p != .max {
        let value = locals.parameters[Int(truncatingIfNeeded: p)].value
        builder.function.instructions[Value(raw: value)].b = count
        builder.function.lists.append(value)
        count &+= 1
        p = finishing.next[Int(truncatingIfNeeded: p)]
      }
      builder.function.blocks[Block(b)].parameterStart = UInt32(truncatingIfNeeded: start)
      builder.function.blocks[Block(b)].parameterCount = count
    }
  }

  /// Gives each edge its arguments and each block its predecessors.
  private mutating func layOutEdges() {
    for b in 0..<builder.function.blocks.count {
      let list = locals.incoming.lists[b]
      let predecessors = builder.function.lists.count
      var edge = list.first
      while edge != .max {
        builder.function.lists.append(edge)
        edge = locals.incoming.edges[Int(truncatingIfNeeded: edge)].next
      }
      let block = Block(b)
      builder.function.blocks[block].predecessorStart = UInt32(truncatingIfNeeded: predecessors)
      builder.function.blocks[block].predecessorCount = list.count
      if builder.function.blocks[block].parameterCount == 0 || b == 0 { continue }
      var position = 0
      edge = list.first
      while edge != .max {
        builder.function.edges[Edge(raw: edge)].argumentStart = UInt32(
          truncatingIfNeeded: builder.function.lists.count)
        var p = finishing.first[b]
        while p != .max {
          let index = Int(truncatingIfNeeded: p)
          let start = Int(truncatingIfNeeded: finishing.starts[index])
          let argument = finishing.aliases.resolve(finishing.arguments[start &+ position])
          builder.function.lists.append(argument)
          p = finishing.next[index]
        }
        position &+= 1
        edge = locals.incoming.edges[Int(truncatingIfNeeded: edge)].next
      }
    }
  }

  /// A block that ends in a trap is cold; so is one that leads only to cold blocks.
  private mutating func markColdBlocks() {
    var b = builder.function.blocks.count &- 1
    while b > 0 {
      let block = Block(b)
      let terminator = builder.function.instructions[builder.function.terminator(block)]
      // A landing is cold by itself.
      var isCold = builder.function.blocks[block].isCold
      switch terminator.opcode {
      case .trap: isCold = true
      case .jump: if isColdTarget(terminator.a, of: b) { isCold = true }
      case .branch:
        if isColdTarget(terminator.b, of: b) && isColdTarget(terminator.c, of: b) { isCold = true }
      case .unwind: if isColdTarget(terminator.c, of: b) { isCold = true }
      default: break
      }
      builder.function.blocks[block].isCold = isCold
      b &-= 1
    }
  }

  /// Back edges do not make a block cold: their target comes later in the walk.
  private mutating func isColdTarget(_ edge: UInt32, of block: Int) -> Bool {
    let target = builder.function.edges[Edge(raw: edge)].to
    return target.index > block && builder.function.blocks[target].isCold
  }
}
