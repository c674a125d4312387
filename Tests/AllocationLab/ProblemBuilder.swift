// SPDX-License-Identifier: Apache-2.0
// Problems by hand: blocks in order, edges by number; critical edges are split.

import BrolgaEntities
import RegisterAllocation

/// For an x86-64 of which calls keep four registers.
struct ProblemBuilder: ~Copyable {
  private struct Edge {
    var target: Int
    var arguments: [VirtualRegister]
  }

  var problem = Problem()
  private var parameters: [[VirtualRegister]] = []
  private var edges: [[Edge]] = []

  init() {
    problem.machine.preferred = RegisterSet(int: 0x7c7)
    problem.machine.nonPreferred = RegisterSet(int: 0x3008)
    problem.machine.intScratch = PhysicalRegister(.int, 11)
    problem.clobberMasks.append(RegisterSet(int: 0x7c7))
    problem.clobberMasks.append(RegisterSet(int: 0x37cf))
    problem.clobberMasks.append(RegisterSet(int: 0x7c6))
    block()
  }

  /// Mask numbers: what calls destroy; everything; what a call leaves beside its result.
  static var call: UInt16 { 1 }
  static var everything: UInt16 { 2 }
  static var callWithResult: UInt16 { 3 }

  mutating func value() -> VirtualRegister { problem.classes.append(.int) }

  mutating func values(_ count: Int) -> [VirtualRegister] {
    var made: [VirtualRegister] = []
    for _ in 0..<count { made.append(value()) }
    return made
  }

  mutating func instruction(
    _ operands: [Operand], clobbers: UInt16 = 0, role: InstructionRecord.Role = .ordinary
  ) {
    problem.instructions.append(
      InstructionRecord(
        operandStart: UInt32(problem.operands.count), clobberMask: clobbers, role: role))
    for operand in operands { problem.operands.append(operand) }
  }

  /// Each value in an instruction of its own.
  mutating func define(_ values: [VirtualRegister]) {
    for v in values { instruction([.definition(v, .int)]) }
  }
  mutating func use(_ values: [VirtualRegister]) {
    for v in values { instruction([.use(v, .int)]) }
  }

  /// Starts a block; the one before has ended.
  mutating func block(_ parameters: [VirtualRegister] = [], frequency: Float = 1) {
    problem.blocks.append(
      BlockRecord(
        instructionStart: UInt32(problem.instructions.count), successorStart: 0,
        predecessorStart: 0, parameterStart: 0, frequency: frequency))
    self.parameters.append(parameters)
    edges.append([])
  }

  var blockCount: Int { edges.count }

  mutating func edge(to target: Int, _ arguments: [VirtualRegister] = []) {
    edges[edges.count - 1].append(Edge(target: target, arguments: arguments))
  }

  mutating func jump(to target: Int, _ arguments: [VirtualRegister] = []) {
    instruction([], role: .branch)
    edge(to: target, arguments)
  }

  mutating func exit() { instruction([], role: .exit) }

  /// Splits critical edges, by blocks behind those that they leave, and fills the tables.
  consuming func finish() -> Problem {
    splitCriticalEdges()
    fillTables()
    return problem
  }

  private mutating func splitCriticalEdges() {
    var incoming = Array(repeating: 0, count: edges.count)
    for list in edges { for edge in list { incoming[edge.target] += 1 } }
    func isCritical(_ edge: Edge, _ b: Int) -> Bool {
      edges[b].count > 1 && (incoming[edge.target] > 1 || !edge.arguments.isEmpty)
    }
    var place: [Int] = []
    var count = 0
    for b in edges.indices {
      place.append(count)
      count += 1 + edges[b].count { isCritical($0, b) }
    }
    let old = (problem.instructions.storage.toArray(), problem.blocks.storage.toArray())
    let (oldEdges, oldParameters) = (edges, parameters)
    let critical = edges.indices.map { b in edges[b].map { isCritical($0, b) } }
    problem.instructions.removeAll()
    problem.blocks.removeAll()
    edges = []
    parameters = []
    for b in old.1.indices {
      let end = b + 1 < old.1.count ? Int(old.1[b + 1].instructionStart) : old.0.count
      block(oldParameters[b], frequency: old.1[b].frequency)
      for i in Int(old.1[b].instructionStart)..<end { problem.instructions.append(old.0[i]) }
      var split = place[b]
      for (k, edge) in oldEdges[b].enumerated() {
        if critical[b][k] { split += 1 }
        self.edge(
          to: critical[b][k] ? split : place[edge.target], critical[b][k] ? [] : edge.arguments)
      }
      let next = end < old.0.count ? old.0[end].operandStart : UInt32(problem.operands.count)
      for (k, edge) in oldEdges[b].enumerated() where critical[b][k] {
        block(frequency: old.1[b].frequency)
        problem.instructions.append(InstructionRecord(operandStart: next, role: .branch))
        self.edge(to: place[edge.target], edge.arguments)
      }
    }
  }

  private mutating func fillTables() {
    var predecessors: [[Int]] = Array(repeating: [], count: edges.count)
    for b in edges.indices { for edge in edges[b] { predecessors[edge.target].append(b) } }
    for b in edges.indices {
      problem.blocks.storage[b].successorStart = UInt32(problem.successors.count)
      problem.blocks.storage[b].predecessorStart = UInt32(problem.predecessors.count)
      problem.blocks.storage[b].parameterStart = UInt32(problem.parameters.count)
      for edge in edges[b] {
        problem.successors.append(Block(edge.target))
        problem.argumentStart.append(UInt32(problem.arguments.count))
        for v in edge.arguments { problem.arguments.append(v) }
      }
      for p in predecessors[b] { problem.predecessors.append(Block(p)) }
      for v in parameters[b] { problem.parameters.append(v) }
    }
    problem.seal()
  }
}
