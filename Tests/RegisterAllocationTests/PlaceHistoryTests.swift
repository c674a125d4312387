// SPDX-License-Identifier: Apache-2.0
// What a place holds when: every operand finds its value there, and places hold one at a time.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

/// The stretches of each place, in order.
private func stretchesByPlace(
  _ history: borrowing PlaceHistory
) -> [Allocation: [PlaceHistory.Stretch]] {
  Dictionary(grouping: history.stretches.toArray(), by: \.place)
    .mapValues { $0.sorted { $0.from < $1.from } }
}

/// Values that an edge may make one: a place that both names fit has the name of either.
private func namesOfOne(_ problem: borrowing Problem) -> [Int] {
  var parent = Array(0..<problem.classes.count)
  func find(_ v: Int) -> Int {
    var v = v
    while parent[v] != v { v = parent[v] }
    return v
  }
  for b in 0..<problem.blockCount {
    for edge in problem.successorRange(b) {
      let parameters = problem.parameterRange(Int(problem.successors[edge].raw))
      for (a, p) in zip(problem.argumentRange(edge), parameters) {
        parent[find(Int(problem.arguments[a].raw))] = find(Int(problem.parameters[p].raw))
      }
    }
  }
  return parent.indices.map(find)
}

/// The first operand that does not find its value in its place, as a text; nil if all do.
private func operandWithoutStretch(
  _ problem: borrowing Problem, _ solution: borrowing Solution, _ history: borrowing PlaceHistory
) -> String? {
  let places = stretchesByPlace(history)
  let names = namesOfOne(problem)
  for b in 0..<problem.blockCount {
    for i in problem.instructionRange(b) {
      for k in problem.operandRange(i) {
        let operand = problem.operands[k]
        let place = solution.allocations[k]
        if operand.tag == .fixedNonAllocatable || place.isNone { continue }
        let point = UInt32(i + b + 1) * 2 + (operand.isLate ? 1 : 0)
        let found = places[place]?.contains {
          $0.from <= point && point < $0.to
            && names[Int($0.value.raw)] == names[Int(operand.register.raw)]
        }
        if found != true { return "operand \(k) of i\(i), \(operand.register) in \(place)" }
      }
    }
  }
  return nil
}

@Test(arguments: [Algorithm.singlePass, .backtracking])
func everyOperandFindsItsValueInItsPlace(_ algorithm: Algorithm) throws {
  var coverage = Coverage()
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  var history = PlaceHistory()
  for seed in 0..<300 {
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: 8, coverage: &coverage)
    try allocator.allocate(problem, into: &solution, using: algorithm)
    try checker.check(problem, solution)
    history.record(problem, solution, checker)
    for (place, stretches) in stretchesByPlace(history) {
      for (a, b) in zip(stretches, stretches.dropFirst()) {
        #expect(a.from < a.to && a.to <= b.from, "seed \(seed): \(place)")
      }
    }
    let missing = operandWithoutStretch(problem, solution, history)
    #expect(missing == nil, "seed \(seed)")
  }
}

@Test func aParameterIsItsArgumentBeforeTheEdge() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-1} scratch 2
      values int*3
      block b0
        i0 def v0:int0
        i1 branch b1(v0)
      block b1 parameters v1 from b0 b1
        i2 use v1:int0, def v2:int0
        i3 branch b1(v2)

      """)
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  var history = PlaceHistory()
  try allocator.allocate(problem, into: &solution, using: .backtracking)
  try checker.check(problem, solution)
  history.record(problem, solution, checker)
  let register = Allocation(PhysicalRegister(.int, 0))
  let values = history.stretches.toArray().filter { $0.place == register }
    .sorted { $0.from < $1.from }.map { ($0.value.raw) }
  #expect(values == [0, 1, 2])
  let entry = history.entries.toArray()
  #expect(entry == [PlaceHistory.Entry(place: register, value: VirtualRegister(1))])
  #expect(problem.text(annotatedWith: solution, history).contains("; on entry v1 int0\n"))
}

// MARK: The trace

@Test func theTraceTellsWhatTheStatisticsCount() throws {
  var coverage = Coverage()
  var allocator = Allocator()
  var solution = Solution()
  var other = Solution()
  var seen = Set<AllocationTrace.Event.Kind>()
  for seed in 0..<300 {
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: 12, coverage: &coverage)
    allocator.trace.isEnabled = false
    try allocator.allocate(problem, into: &other, using: .backtracking)
    let noted = allocator.trace.pieces.count + allocator.trace.events.count
    #expect(noted == 0)
    allocator.trace.isEnabled = true
    try allocator.allocate(problem, into: &solution, using: .backtracking)
    #expect(solution.allocations.toArray() == other.allocations.toArray())
    #expect(solution.edits.toArray() == other.edits.toArray())
    let statistics = allocator.statistics
    let pieces = allocator.trace.pieces.toArray()
    let events = allocator.trace.events.toArray()
    if statistics.fallback != .none {
      #expect(pieces.isEmpty && events.isEmpty)
      continue
    }
    #expect(pieces.count == statistics.pieces)
    #expect(events.count { $0.kind == .evicted } == statistics.evictions)
    #expect(events.count { $0.kind == .splitAroundHottestUse } == statistics.splits)
    for event in events {
      seen.insert(event.kind)
      let isSplit = event.kind == .splitAroundHottestUse || event.kind == .splitAtUses
      if isSplit { #expect(pieces[Int(event.piece)].state == .split) }
    }
    // Where a piece ended is where it was assigned last.
    var place = [UInt32: Allocation]()
    for event in events where event.kind == .assigned {
      place[event.piece] = Allocation(event.register)
    }
    for (k, piece) in pieces.enumerated() where piece.state == .placed {
      #expect(place[UInt32(k)] == piece.place, "seed \(seed), piece \(k)")
    }
    try allocator.allocate(problem, into: &solution, using: .singlePass)
    let left = allocator.trace.pieces.count
    #expect(left == 0)
  }
  #expect(seen.count == 4)
}
