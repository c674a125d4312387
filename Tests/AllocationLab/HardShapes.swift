// SPDX-License-Identifier: Apache-2.0
// Problems of any size in the shapes that have broken allocators.

import BrolgaEntities
import RegisterAllocation

/// A shape; its comment says what it looks like. All have a size in proportion to `n`.
public enum HardShape: String, CaseIterable, Sendable {
  /// One value in turn argument 0 and argument 1 of `n` calls.
  case alternating
  /// One value used `n` times, all registers destroyed in between.
  case usesBetweenCalls
  /// `n` loops in each other that all increment one value.
  case nestedLoops
  /// `n` loops in each other, each with a counter, which lives in all inner loops: the only shape
  /// whose sets of live values have no size in proportion to `n`.
  case nestedCounters
  /// `n` loads through one base.
  case oneBase
  /// `n` calls that may fail, and a chain of clean-ups, under 64 values.
  case cleanups
  /// `n` calls that end their blocks and define a value each, which is passed to one block far away.
  case landings
  /// `n` increments of one value, each with an exit that takes it along.
  case exits
  /// `n` arms that each pass 34 values to one join.
  case wideJoin
  /// `n` constants stored through one base.
  case stores
  /// `n` selects, each of the last one and a new value.
  case selects
  /// A chain of `n` two-address operations.
  case chain
  /// `n` calls with one constant each, and arithmetic between them.
  case calls
  /// `n` values that live over `n` calls.
  case acrossCalls
  /// A loop around which `n` values are passed.
  case manyParameters
  /// `n` branches into one block that pass different values.
  case join
  /// `n` branches into one block that pass the same value.
  case joinOfOne
  /// Instructions with fixed, limited and reused registers, all registers in use.
  case conflicts
  /// A loop around a branch to `n` cases of ten values, under 24 values.
  case dispatch
  /// The same with 16 values passed around the loop.
  case states
  /// `n` blocks that branch to the next and the next but one, under 64 values.
  case fanIn
  /// `n` values pushed, then added up from the top.
  case stack
  /// `n` values live at once.
  case allLive
  /// `n` values live at once, each wanted in two fixed registers.
  case fixedUses
  /// `n` diamonds under 24 values.
  case ladder
  /// `n` additions with carry on four values.
  case carry
  /// `n` loops in a row under 24 values that each uses.
  case loops
  /// A loop of `n` two-address operations under 20 values.
  case twoAddress
  /// `n` values that can be made again, used behind calls.
  case constants
  /// A loop that turns `n` parameters around by one, without a scratch register.
  case permutation
  /// `n` values over a call, which then takes them all.
  case manyArguments
  /// One instruction with `n` operands: fixed uses out of order, and definitions that reuse.
  case wideInstruction

  public func make(_ n: Int) -> Problem {
    var made = ProblemBuilder()
    switch self {
    case .alternating, .usesBetweenCalls, .oneBase, .stores, .selects, .chain, .calls,
      .acrossCalls, .conflicts, .stack, .allLive, .fixedUses, .carry, .constants, .manyArguments,
      .wideInstruction:
      makeStraight(n, &made)
      made.exit()
    case .nestedLoops, .nestedCounters, .loops, .twoAddress, .permutation, .manyParameters,
      .dispatch, .states:
      makeLoops(n, &made)
    default: makeBranches(n, &made)
    }
    return made.finish()
  }

  /// The largest size: an instruction has at most 65,535 operands.
  public var bound: Int {
    switch self {
    case .manyArguments, .wideInstruction: 60_000
    default: .max
    }
  }

  // MARK: One block

  private func makeStraight(_ n: Int, _ made: inout ProblemBuilder) {
    let r0 = PhysicalRegister(.int, 0)
    let r1 = PhysicalRegister(.int, 1)
    switch self {
    case .alternating:
      let x = made.value()
      made.define([x])
      for k in 0..<n {
        let y = made.value()
        made.define([y])
        made.instruction(
          [.fixedUse(x, k & 1 == 0 ? r0 : r1), .fixedUse(y, k & 1 == 0 ? r1 : r0)],
          clobbers: ProblemBuilder.call)
      }
    case .usesBetweenCalls:
      let x = made.value()
      made.define([x])
      for _ in 0..<n {
        made.use([x])
        made.instruction([], clobbers: ProblemBuilder.everything)
      }
    case .oneBase, .stores:
      let base = made.value()
      made.define([base])
      for _ in 0..<n {
        let v = made.value()
        if self == .oneBase {
          made.instruction([.use(base, .int), .definition(v, .int)])
          made.use([v])
        } else {
          made.define([v])
          made.instruction([.use(base, .int), .use(v, .int)])
        }
      }
    case .selects, .chain, .carry:
      var last = made.values(4)
      made.define(last)
      for k in 0..<n {
        let v = made.value()
        let next = made.value()
        switch self {
        case .selects:
          made.define([v])
          made.instruction([.use(last[0], .int), .use(v, .int), .reuse(next, .int, of: 0)])
          last[0] = next
        case .chain:
          made.instruction([.use(last[0], .int), .use(last[0], .int), .reuse(v, .int, of: 0)])
          made.instruction([.use(v, .int), .reuse(next, .int, of: 0)])
          last[0] = next
        default:
          made.instruction([.use(last[k & 3], .int), .reuse(v, .int, of: 0)])
          made.instruction(
            [.use(last[(k + 1) & 3], .int), .use(v, .int), .reuse(next, .int, of: 0)])
          last[k & 3] = next
        }
      }
      made.use(last)
    case .calls:
      let x = made.value()
      made.define([x])
      for _ in 0..<n {
        let v = made.values(3)
        made.define([v[0]])
        made.instruction(
          [.fixedUse(v[0], r0), .fixedDefinition(v[1], r0)],
          clobbers: ProblemBuilder.callWithResult)
        made.instruction([.use(v[1], .int), .use(x, .int), .reuse(v[2], .int, of: 0)])
        made.use([v[2]])
      }
    case .acrossCalls, .constants:
      let values = made.values(n)
      made.define(values)
      if self == .constants {
        for v in values { made.problem.rematerializations.append(Rematerialization(v, cost: 0.5)) }
      }
      for v in values {
        made.instruction([], clobbers: ProblemBuilder.call)
        if self == .constants { made.use([v]) }
      }
      made.use(values)
    case .conflicts:
      var live = made.values(10)
      made.define(live)
      for k in 0..<n {
        let v = made.value()
        let other = live[(k + 1) % 10]
        made.instruction([
          Operand(live[k % 10], .int, .use, .early, .limit, payload: 2),
          .fixedUse(other, PhysicalRegister(.int, [0, 1, 2, 6, 7][k % 5])),
          .lateUse(live[(k + 2) % 10], .int), .reuse(v, .int, of: 0),
          .use(live[(k + 3) % 10], .int),
        ])
        live[k % 10] = v
      }
      made.use(live)
    case .stack:
      let values = made.values(n)
      made.define(values)
      var top = values[n - 1]
      for v in values.dropLast().reversed() {
        let sum = made.value()
        made.instruction([.use(v, .int), .use(top, .int), .reuse(sum, .int, of: 0)])
        top = sum
      }
      made.use([top])
    case .allLive, .fixedUses:
      let values = made.values(n)
      made.define(values)
      for v in values { made.instruction([self == .allLive ? .use(v, .int) : .fixedUse(v, r0)]) }
      for v in values { made.instruction([.fixedUse(v, r1), .use(v, .int)]) }
    case .manyArguments:
      let values = made.values(n)
      made.define(values)
      made.instruction(values.map { .anyUse($0, .int) }, clobbers: ProblemBuilder.call)
      made.instruction(values.map { .anyUse($0, .int) })
    default:
      let x = made.value()
      made.define([x])
      var operands: [Operand] = [.use(x, .int)]
      for k in 0..<n {
        switch k * 4 / n {
        case 0: operands.append(Operand(x, .int, .use, .late, .fixed, payload: r1.raw))
        case 1: operands.append(.fixedUse(x, r1))
        default: operands.append(.use(x, .int))
        }
      }
      operands.append(.reuse(made.value(), .int, of: 0))
      made.instruction(operands)
    }
  }

  // MARK: Branches

  /// Block k calls; block n + k passes on what the call defined.
  private func makeLandings(_ n: Int, _ made: inout ProblemBuilder) {
    let thrown = made.values(n)
    for k in 0..<n {
      if k > 0 { made.block() }
      made.instruction(
        [.fixedDefinition(thrown[k], PhysicalRegister(.int, 0))],
        clobbers: ProblemBuilder.callWithResult, role: .branch)
      made.edge(to: n + k)
      made.edge(to: k + 1 < n ? k + 1 : 2 * n + 1)
    }
    for k in 0..<n {
      made.block(frequency: 0.01)
      made.jump(to: 2 * n, [thrown[k]])
    }
    let caught = made.value()
    made.block([caught], frequency: 0.01)
    made.use([caught])
    made.exit()
    made.block()
  }

  private func makeBranches(_ n: Int, _ made: inout ProblemBuilder) {
    switch self {
    case .cleanups:
      let values = made.values(64)
      made.define(values)
      made.jump(to: 1)
      // Block 1 + k calls, block 1 + n + k cleans up.
      for k in 0..<n {
        made.block()
        made.instruction([], clobbers: ProblemBuilder.call)
        made.instruction([.use(values[k % 64], .int)], role: .branch)
        made.edge(to: k + 1 < n ? k + 2 : 2 * n + 1)
        made.edge(to: 1 + n + k)
      }
      for k in 0..<n {
        made.block(frequency: 0.01)
        made.use([values[k % 64]])
        made.jump(to: 2 + n + k)
      }
      made.block()
      made.use(values)
    case .landings:
      makeLandings(n, &made)
    case .exits:
      var x = made.value()
      made.define([x])
      made.jump(to: 1)
      for k in 0..<n {
        made.block()
        let next = made.value()
        made.instruction([.use(x, .int), .reuse(next, .int, of: 0)])
        made.instruction([], role: .branch)
        made.edge(to: k + 1 < n ? k + 2 : n + 2)
        made.edge(to: n + 1, [next])
        x = next
      }
      let result = made.value()
      made.block([result])
      made.use([result])
      made.exit()
      made.block()
    case .wideJoin, .join, .joinOfOne:
      let values = made.values(self == .wideJoin ? 34 : 1)
      made.define(values)
      made.instruction([], role: .branch)
      for k in 0..<n { made.edge(to: k + 1) }
      for k in 0..<n {
        made.block()
        switch self {
        case .wideJoin:
          let turn = k % 34
          made.jump(to: n + 1, Array(values[turn...] + values[..<turn]))
        case .join:
          let v = made.value()
          made.define([v])
          made.jump(to: n + 1, [v])
        default: made.jump(to: n + 1, values)
        }
      }
      let parameters = made.values(values.count)
      made.block(parameters)
      made.use(parameters)
    case .ladder:
      let values = made.values(24)
      made.define(values)
      made.jump(to: 1)
      for k in 0..<n {
        let b = 1 + 4 * k
        made.block()
        made.instruction([.use(values[k % 24], .int)], role: .branch)
        made.edge(to: b + 1)
        made.edge(to: b + 2)
        for _ in 0..<2 {
          made.block()
          made.jump(to: b + 3)
        }
        made.block()
        made.jump(to: b + 4)
      }
      made.block()
      made.use(values)
    default:
      let values = made.values(64)
      made.define(values)
      made.jump(to: 1)
      for k in 0..<n {
        made.block()
        made.instruction([.use(values[k % 64], .int)], role: .branch)
        made.edge(to: k + 2)
        made.edge(to: k + 1 < n ? k + 3 : k + 2)
      }
      made.block()
      made.jump(to: n + 2)
      made.block()
      made.use(values)
    }
    made.exit()
  }

  // MARK: Loops

  private func makeLoops(_ n: Int, _ made: inout ProblemBuilder) {
    switch self {
    case .nestedLoops, .nestedCounters:
      var counters = made.values(1)
      made.define(counters)
      made.jump(to: 1, [counters[0]])
      // Heads 1 ... n, then the ends of the loops from the inside out.
      for k in 1...n {
        let counter = made.value()
        counters.append(counter)
        made.block([counter])
        made.use([counter])
        made.jump(to: k + 1, k < n ? [counter] : [])
      }
      var last = counters[n]
      for k in (1...n).reversed() {
        made.block()
        let next = made.value()
        let old = self == .nestedCounters ? counters[k] : last
        made.instruction([.use(old, .int), .reuse(next, .int, of: 0)])
        last = next
        made.instruction([], role: .branch)
        made.edge(to: k, [next])
        made.edge(to: 2 * n + 2 - k)
      }
      made.block()
    case .loops:
      let values = made.values(24)
      made.define(values)
      made.jump(to: 1)
      for k in 0..<n {
        made.block(frequency: 10)
        made.use([values[k % 24], values[(k + 7) % 24]])
        made.instruction([.use(values[(k + 11) % 24], .int)], role: .branch)
        made.edge(to: k + 1)
        made.edge(to: k + 2)
      }
      made.block()
      made.use(values)
    case .twoAddress, .permutation, .manyParameters:
      let count = self == .twoAddress ? 20 : n
      if self == .permutation { made.problem.machine.intScratch = nil }
      let values = made.values(count)
      made.define(values)
      made.jump(to: 1, values)
      let parameters = made.values(count)
      made.block(parameters, frequency: 10)
      var next = parameters
      if self == .twoAddress {
        for k in 0..<n {
          let v = made.value()
          made.instruction([
            .use(next[k % 20], .int), .use(next[(k + 7) % 20], .int), .reuse(v, .int, of: 0),
          ])
          next[k % 20] = v
        }
      } else if self == .permutation {
        next = Array(parameters.dropFirst()) + [parameters[0]]
      } else {
        made.use(parameters)
      }
      made.instruction([], role: .branch)
      made.edge(to: 1, next)
      made.edge(to: 2)
      made.block()
      made.use(next)
    default:
      let state = made.values(self == .states ? 16 : 1)
      let kept = made.values(self == .states ? 0 : 24)
      made.define(state + kept)
      made.jump(to: 1, state)
      let parameters = made.values(state.count)
      made.block(parameters, frequency: 10)
      made.instruction([.use(parameters[0], .int)], role: .branch)
      for k in 0..<n { made.edge(to: k + 2) }
      for k in 0..<n {
        made.block()
        var next = parameters
        if self == .states {
          next[k % 16] = made.value()
          made.define([next[k % 16]])
        } else {
          next[0] = made.value()
          let locals = made.values(10)
          made.define(locals + [next[0]])
          made.use(locals + [kept[k % 24]])
        }
        made.instruction([], role: .branch)
        if k == n - 1 { made.edge(to: n + 2) }
        made.edge(to: 1, next)
      }
      made.block()
      made.use(kept)
    }
    made.exit()
  }
}
