// SPDX-License-Identifier: Apache-2.0
// Emission end to end: machine functions are allocated, emitted, linked and run.

import BrolgaArtefact
import RegisterAllocation
import Testing

@testable import BrolgaCompiler

@Suite struct EmissionTests {
  @Test func recordSizes() {
    #expect(MemoryLayout<RegisterOrMemory>.size == 8)
    #expect(MemoryLayout<Fixup>.stride == 12)
    #expect(MemoryLayout<CodeSite>.stride == 12)
    #expect(MemoryLayout<BranchRecord>.stride == 12)
  }

  @Test func aSumIsComputed() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 2)
    b.ret(b.two(.add, p[0], p[1]))
    let code = EmissionExecutable(try compileDrafts([b]))
    #expect(code.call(0, [40, 2]).0 == 42)
  }

  @Test func manyLiveValuesAreSpilledAndFound() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 2)
    var values: [VirtualRegister] = []
    for k in 0..<40 {
      let scaled = b.value()
      b.add(
        MachineInstruction(.imulImmediate, size: 3, immediate: Int32(k + 1)),
        [.definition(scaled, .int), .use(p[k & 1], .int)])
      values.append(scaled)
    }
    var sum = values[0]
    for v in values.dropFirst().reversed() { sum = b.two(.add, sum, v) }
    b.ret(sum)
    let code = EmissionExecutable(try compileDrafts([b]))
    var expected = 0
    for k in 0..<40 { expected += (k + 1) * (k & 1 == 0 ? 1000 : -7) }
    #expect(code.call(0, [1000, -7]).0 == expected)
  }

  /// sum = 0; do { sum += n; n -= 1 } while n != 0
  private func loop() -> MachineBuilder {
    var b = MachineBuilder()
    let p = b.entry(integers: 1)
    let zero = b.constant(0)
    let (body, again, done) = (b.block(), b.block(), b.block())
    b.jump(body, [zero, p[0]])
    b.current = body
    let (sum, n) = (b.value(), b.value())
    b.blocks[body].parameters = [sum, n]
    let newSum = b.two(.add, sum, n)
    let newN = b.value()
    b.add(
      MachineInstruction(.sub, .immediate, size: 3, immediate: 1),
      [.reuse(newN, .int, of: 1), .use(n, .int)])
    b.branch(.notEqual, again, done)
    b.current = again
    b.jump(body, [newSum, newN])
    b.current = done
    b.ret(newSum)
    return b
  }

  @Test func aLoopRuns() throws {
    let code = EmissionExecutable(try compileDrafts([loop()]))
    #expect(code.call(0, [10]).0 == 55)
    #expect(code.call(0, [1000]).0 == 500_500)
  }

  @Test(arguments: [
    X64Condition.equal, .notEqual, .below, .above, .less, .greaterOrEqual, .orderedEqual,
    .unorderedNotEqual,
  ])
  func floatConditionsBranchAndSet(_ condition: X64Condition) throws {
    // Flags of vucomisd: unordered 1 1 1, above 0 0 0, below 0 0 1, equal 1 0 0 (Z P C).
    func holds(_ a: Double, _ b: Double) -> Bool {
      let unordered = a.isNaN || b.isNaN
      return switch condition {
      case .equal: unordered || a == b
      case .notEqual: !(unordered || a == b)
      case .below: unordered || a < b
      case .above: a > b
      case .less: false
      case .greaterOrEqual: true
      case .orderedEqual: a == b
      default: a != b
      }
    }
    for takenFirst in [true, false] {
      var b = MachineBuilder()
      let p = b.entry(integers: 0, floats: 2)
      let compare = MachineInstruction(.fucomi, size: 3)
      b.add(compare, [.use(p[0], .float), .use(p[1], .float)])
      let bit = b.value()
      b.add(MachineInstruction(.set, condition: condition), [.definition(bit, .int)])
      b.add(compare, [.use(p[0], .float), .use(p[1], .float)])
      let first = b.block()
      let second = b.block()
      let (taken, other) = takenFirst ? (first, second) : (second, first)
      b.branch(condition, taken, other)
      for (block, number) in [(taken, 100), (other, 200)] {
        b.current = block
        let c = b.constant(Int32(number))
        b.ret(b.two(.add, c, bit))
      }
      let code = EmissionExecutable(try compileDrafts([b]))
      for x in [1.0, 2.0, .nan] {
        for y in [1.0, 2.0, .nan] {
          let expected = holds(x, y) ? 101 : 200
          #expect(code.call(0, floats: [x, y]).0 == expected, "\(condition) \(x) \(y)")
        }
      }
    }
  }

  @Test func aJumpTableLeadsToItsTargets() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 1)
    let (offset, base) = (b.value(), b.value())
    let targets = (0..<5).map { _ in b.block() }
    b.jumpTargets = [targets[0], targets[1], targets[2], targets[3], targets[4]]
    var table = MachineInstruction(.jumpTable, size: 2, immediate: 0)
    table.displacement = 4
    b.add(
      table, [.use(p[0], .int), .temporary(offset, .int), .temporary(base, .int)], role: .branch)
    b.blocks[0].successors = targets.map { ($0, []) }
    for (k, target) in targets.enumerated() {
      b.current = target
      b.ret(b.constant(Int32(k * 11)))
    }
    let code = EmissionExecutable(try compileDrafts([b]))
    for k in 0..<8 { #expect(code.call(0, [k]).0 == min(k, 4) * 11) }
    #expect(code.call(0, [0xFFFF_FFFF]).0 == 44)
  }

  @Test func callsKeepValuesInCalleeSavedRegistersAndSlots() throws {
    func call(_ b: inout MachineBuilder, _ callee: Int32, _ v: VirtualRegister) -> VirtualRegister {
      let result = b.value()
      b.makesCalls = true
      b.add(
        MachineInstruction(.call, immediate: callee),
        [.fixedDefinition(result, X64Register.rax), .fixedUse(v, X64Register.rdi)],
        clobbers: X64.clobbers(resultIntegers: 1, resultFloats: 0, ofHelper: false))
      return result
    }
    var outer = MachineBuilder()
    let p = outer.entry(integers: 5)
    var sum = call(&outer, 1, p[0])
    for v in p { sum = outer.two(.add, sum, v) }
    let again = call(&outer, 1, sum)
    for v in p { sum = outer.two(.add, sum, v) }
    outer.ret(outer.two(.sub, again, sum))
    var inner = MachineBuilder()
    let q = inner.entry(integers: 1)
    inner.ret(inner.two(.add, q[0], q[0]))
    for buffers in 1...3 {
      let code = EmissionExecutable(try compileDrafts([outer, inner], buffers: buffers))
      // sum = 2a + s; again = 2 * sum; result = again - (sum + s) = 2a.
      #expect(code.call(0, [7, 20, 300, 4000, 50000]).0 == 14)
    }
  }

  @Test func linkingForgetsWhoEmittedWhat() throws {
    let drafts = (0..<9).map { k in
      var b = MachineBuilder()
      let p = b.entry(integers: 1)
      var v = p[0]
      for _ in 0...k * 3 { v = b.two(.add, v, p[0]) }
      b.makesCalls = true
      let result = b.value()
      b.add(
        MachineInstruction(.call, immediate: Int32((k * 5 + 1) % 9)),
        [.fixedDefinition(result, X64Register.rax), .fixedUse(v, X64Register.rdi)],
        clobbers: X64.clobbers(resultIntegers: 1, resultFloats: 0, ofHelper: false))
      b.ret(result)
      return b
    }
    let one = try compileDrafts(drafts)
    for buffers in 2...5 {
      let other = try compileDrafts(drafts, buffers: buffers)
      #expect(one.text.toArray() == other.text.toArray())
      #expect(one.functions.toArray() == other.functions.toArray())
      #expect(one.traps.toArray() == other.traps.toArray())
      #expect(one.trapKinds.toArray() == other.trapKinds.toArray())
    }
    #expect(one.traps.count == 18)
  }

  @Test func remaindersByMinusOneAreZero() throws {
    for size in [2, 3] as [UInt8] {
      var b = MachineBuilder()
      let p = b.entry(integers: 2)
      let zero = b.constant(0)
      let (quotient, rest) = (b.value(), b.value())
      b.add(
        MachineInstruction(.remainder, size: size),
        [
          .fixedDefinition(quotient, X64Register.rax), .fixedDefinition(rest, X64Register.rdx),
          .fixedUse(p[0], X64Register.rax), .fixedUse(zero, X64Register.rdx), .use(p[1], .int),
        ])
      b.ret(rest)
      let code = EmissionExecutable(try compileDrafts([b]))
      let smallest = size == 2 ? Int(Int32.min) : Int.min
      #expect(code.call(0, [smallest, -1]).0 == 0)
      #expect(code.call(0, [17, 5]).0 == 2)
      let negative = code.call(0, [-17, 5]).0
      #expect(Int32(truncatingIfNeeded: negative) == -2)
    }
  }

  @Test func unsignedIntegersBecomeTheNearestFloat() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 1)
    let (result, temporary) = (b.value(.float), b.value())
    b.add(
      MachineInstruction(.cvtFromUnsigned64, size: 3),
      [.definition(result, .float), .use(p[0], .int), .temporary(temporary, .int)])
    b.ret(result)
    let code = EmissionExecutable(try compileDrafts([b]))
    for number in [0, 1, 1 << 53, UInt64.max, 1 << 63, (1 << 63) + 1025, .max - 1024] as [UInt64] {
      #expect(code.call(0, [Int(bitPattern: UInt(number))]).1 == Double(number))
    }
  }

  @Test func constantsAreReadFromBehindTheCode() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 0, floats: 1)
    b.constants = [(2.5 as Double).bitPattern, 0, 0x7FFF_FFFF_FFFF_FFFF, 0]
    var add = MachineInstruction(.fadd, .memory, size: 3)
    add.address = X64Address.packed(.constant)
    let sum = b.value(.float)
    b.add(add, [.definition(sum, .float), .use(p[0], .float)])
    var and = MachineInstruction(.vand, .memory, size: 3)
    and.address = X64Address.packed(.constant)
    and.displacement = 2
    let absolute = b.value(.float)
    b.add(and, [.definition(absolute, .float), .use(sum, .float)])
    b.ret(absolute)
    let code = EmissionExecutable(try compileDrafts([b]))
    #expect(code.call(0, floats: [1]).1 == 3.5)
    #expect(code.call(0, floats: [-10]).1 == 7.5)
  }

  @Test func frameVariablesAndLargeFramesWork() throws {
    for bytes in [16, 4096, 1 << 20] as [Int32] {
      var b = MachineBuilder()
      let p = b.entry(integers: 2)
      b.frameVariableBytes = bytes
      for (v, at) in [(p[0], 0), (p[1], bytes - 8)] as [(VirtualRegister, Int32)] {
        var store = MachineInstruction(.store, .registerToMemory, size: 3)
        store.address = X64Address.packed(.frameVariable)
        store.displacement = at
        b.add(store, [.use(v, .int)])
      }
      var sub = MachineInstruction(.sub, .memory, size: 3)
      sub.address = X64Address.packed(.frameVariable)
      let difference = b.value()
      b.add(sub, [.reuse(difference, .int, of: 1), .use(p[1], .int)])
      b.ret(difference)
      let module = try compileDrafts([b])
      let code = EmissionExecutable(module)
      #expect(code.call(0, [3, 45]).0 == 42)
      #expect(module.trapKinds.toArray() == (bytes >= 256 ? [TrapKind.stackOverflow.rawValue] : []))
    }
  }
}
