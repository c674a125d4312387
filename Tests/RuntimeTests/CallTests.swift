// SPDX-License-Identifier: Apache-2.0
// Calls in both directions, and what instances share.

import BrolgaWasm
import Glibc
import Synchronization
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

@Test func argumentsAndResultsTravelInRegisters() throws {
  let sample = try Sample()
  #expect(try sample.call("answer") == [.i32(42)])
  #expect(try sample.call("add", [.i32(40), .i32(2)]) == [.i32(42)])
  #expect(
    try sample.call("divide", [Value(signed: -7 as Int32), 2]) == [Value(signed: -3 as Int32)])
}

@Test func argumentsAndResultsTravelOnTheStack() throws {
  let sample = try Sample()
  let numbers = (0..<8).map { Value.i64(UInt64(0x1_0000_0000 * ($0 + 1))) }
  #expect(try sample.call("reverse", numbers) == numbers.reversed())
  let floats = (1...9).map { Value.f64(Double($0).bitPattern) } + [.f32(Float(2.5).bitPattern)]
  #expect(
    try sample.call("floats", floats) == [
      .f64(Double(10).bitPattern), .f64(Double(2.5).bitPattern),
    ])
}

@Test func wrongArgumentsAreRefused() throws {
  let sample = try Sample()
  #expect(throws: UsageError.wrongArguments(expected: [.i32, .i32], found: [.i32])) {
    try sample.call("add", [1])
  }
  #expect(throws: UsageError.wrongArguments(expected: [.i32, .i32], found: [.i32, .i64])) {
    try sample.call("add", [1, .i64(2)])
  }
}

@Test func exportsAreFoundByNameAndListedInOrder() throws {
  let sample = try Sample()
  #expect(sample.instance.exports[function: "memory"] == nil)
  #expect(sample.instance.exports["nothing"] == nil)
  #expect(sample.instance.exports[memory: "memory"]?.pageCount == 1)
  let names = sample.instance.exports.map(\.name)
  #expect(names == sampleFunctions.map(\.name) + ["table", "memory", "global"])
}

@Test func theHostReadsAndWritesGuestState() throws {
  let sample = try Sample()
  let memory = sample.instance.exports[memory: "memory"]!
  #expect(try memory.read(at: 8, count: 6) == Array("Brolga".utf8))
  try memory.write([1, 2, 3, 4], at: 100)
  #expect(try sample.call("load", [100]) == [.i32(0x0403_0201)])
  try sample.call("store", [200, .i32(0xAABB_CCDD)])
  #expect(memory.view.load(at: 200, as: UInt32.self) == 0xAABB_CCDD)
  #expect(memory.view.load(at: 65_533, as: UInt32.self) == nil)

  let global = sample.instance.exports[global: "global"]!
  #expect(global.value == .i64(7))
  try global.assign(.i64(8))
  #expect(sample.instance.exports[global: "global"]!.value == .i64(8))
}

@Test func memoryGrowsInPlaceUpToItsMaximum() throws {
  let sample = try Sample()
  let memory = sample.instance.exports[memory: "memory"]!
  #expect(try sample.call("grow", [1]) == [.i32(1)])
  #expect(memory.pageCount == 2)
  try sample.call("store", [Value.i32(2 * 65_536 - 4), 9])
  #expect(try sample.call("grow", [0]) == [.i32(2)])
  #expect(try sample.call("grow", [2]) == [.i32(.max)])
  #expect(try sample.call("grow", [.i32(.max)]) == [.i32(.max)])
  #expect(memory.grow(by: 1) == 2)
  #expect(memory.grow(by: 1) == nil)
  #expect(memory.pageCount == 3)
}

@Test func aWideMemoryMayDeclareMoreThanItCanHave() throws {
  let store = Store(engine: Engine())
  let memory = try Memory(store: store, minimumPages: 1, maximumPages: 1 << 48, is64: true)
  #expect(memory.grow(by: 262_144) == nil)
  #expect(memory.grow(by: 70_000) == 1)
  // Beyond 4 GiB.
  try memory.write([1, 2, 3], at: 1 << 32)
  #expect(try memory.read(at: 1 << 32, count: 3) == [1, 2, 3])
  var type = ExternalType.memory(minimum: 262_145, maximum: nil, is64: true)
  #expect(throws: UsageError.outOfResources(type)) {
    try Memory(store: store, minimumPages: 262_145, is64: true)
  }
  type = .memory(minimum: 65_537, maximum: nil, is64: false)
  #expect(throws: UsageError.outOfResources(type)) {
    try Memory(store: store, minimumPages: 65_537)
  }
}

@Test func theEngineLimitsMemoryAndTables() throws {
  var configuration = EngineConfiguration()
  configuration.maximumMemoryBytes = 2 * 65_536
  let sample = try Sample(configuration: configuration)
  #expect(try sample.call("grow", [1]) == [.i32(1)])
  #expect(try sample.call("grow", [1]) == [.i32(.max)])
  configuration.maximumMemoryBytes = 65_535
  let type = ExternalType.memory(minimum: 1, maximum: 3, is64: false)
  #expect(throws: LinkError.outOfResources(type)) {
    try Sample(configuration: configuration)
  }
}

@Test func tablesGrowAndKeepWhatTheyHold() throws {
  let sample = try Sample()
  let table = sample.instance.exports[table: "table"]!
  #expect(try sample.call("growtable", [1]) == [.i32(4)])
  #expect(try sample.call("growtable", [2]) == [.i32(.max)])
  #expect(table.count == 5)
  #expect(try table.get(0) == .function(sample.instance.exports[function: "callhost"]))
  #expect(try table.get(4) == .function(nil))
  try table.set(4, .function(sample.instance.exports[function: "load"]!))
  #expect(try sample.call("indirect", [4]) == [.i32(0)])
}

@Test func aGuestCallsTheHostThroughImportAndTable() throws {
  let sample = try Sample(host: { caller, arguments in
    #expect(caller.memory?.pageCount == 1)
    return [.i32(arguments[0].i32 &* 2)]
  })
  #expect(try sample.call("callhost", [21]) == [.i32(42)])
  #expect(try sample.call("indirect", [0]) == [.i32(0)])
}

@Test func aHostFunctionMayBeCalledByTheHost() throws {
  let store = Store(engine: Engine())
  let double = Function(store: store, parameters: [.i32], results: [.i32]) { caller, arguments in
    #expect(caller.instance == nil)
    return [.i32(arguments[0].i32 &* 2)]
  }
  #expect(try double([4]) == [.i32(8)])
  let type = FunctionType(
    parameters: [ValueType](repeating: .i64, count: 8), results: [.i64, .f64])
  let raw = Function(
    store: store, type: type,
    raw: { call in
      let sum = (0..<8).reduce(0 as UInt64) { $0 &+ call.integer($1) }
      #expect(call.memory == nil)
      call.setInteger(0, sum)
      call.setFloat(0, 1.5.bitPattern)
    })
  #expect(
    try raw((1...8).map { .i64($0) }) == [.i64(36), .f64(1.5.bitPattern)])
}

@Test func aHostFunctionsArgumentsAndResultsTravelOnTheStack() throws {
  let sample = try Sample()
  let numbers = (1...8).map { Value.i64($0 << 32) }
  #expect(try sample.call("widehost", numbers) == numbers.reversed())
}

@Test func endlessRecursionThroughTheHostIsAStackOverflow() throws {
  let sample = try Sample(callback: { caller in
    try caller.instance!.exports[function: "callback"]!()
  })
  let trap = try sample.trap("callback")
  #expect(trap.kind == .stackOverflow)
  #expect(trap.backtrace.allSatisfy { $0.functionName == "callback" })
}

@Test func placesFollowTheConvention() {
  var places = CallPlaces()
  let integers = (0..<8).map { _ in places.nextParameter(.integer) }
  #expect(integers == (0..<6).map { .integerRegister($0) } + [.stackWord(0), .stackWord(1)])
  let floats = (0..<9).map { _ in places.nextParameter(.float) }
  #expect(floats == (0..<8).map { .floatRegister($0) } + [.stackWord(2)])
  #expect(places.nextResult(.integer) == .integerRegister(0))
  #expect(places.nextResult(.float) == .floatRegister(0))
  for _ in 0..<5 { _ = places.nextResult(.integer) }
  // Behind three words of arguments, made even.
  #expect(places.argumentWords == 4)
  #expect(places.nextResult(.integer) == .stackWord(4))
  #expect(places.stackWords == 5)
  // rdi, rsi, rdx, rcx, r8, r9; rax, rdx, rcx, rsi, rdi, r8.
  #expect((0..<6).map { CallingConvention.argumentInteger($0) } == [7, 6, 2, 1, 8, 9])
  #expect((0..<6).map { CallingConvention.resultInteger($0) } == [0, 2, 1, 6, 7, 8])
}

@Test func wrongResultsOfAHostFunctionAreAnError() throws {
  let sample = try Sample(host: { _, _ in [.i64(1)] })
  #expect(throws: UsageError.wrongResults(expected: [.i32], found: [.i64])) {
    try sample.call("callhost", [1])
  }
}

@Test func aRawHostFunctionReadsTheCallersMemory() throws {
  let engine = Engine()
  let store = Store(engine: engine)
  let type = FunctionType(parameters: [.i32], results: [.i32])
  let host = Function(
    store: store, type: type,
    raw: { call in
      let address = UInt32(truncatingIfNeeded: call.integer(0))
      guard let byte = call.memory?.load(at: address, as: UInt8.self) else {
        throw Surprise(what: "outside")
      }
      call.setInteger(0, UInt64(byte))
    })
  let callback = Function(store: store) { _, _ in [] }
  let wide = [ValueType](repeating: .i64, count: 8)
  let wideType = FunctionType(parameters: wide, results: wide)
  let wideHost = Function(
    store: store, type: wideType,
    raw: { call in
      let arguments = (0..<8).map { call.integer($0) }
      for k in 0..<6 { call.setInteger(k, arguments[k] &+ 1) }
    })
  let module = try BrolgaRuntime.Module(engine: engine, compiled: sampleCompiledModule())
  let instance = try module.instantiate(
    store: store, imports: ["env": ["host": host, "callback": callback, "wide": wideHost]])
  let call = instance.exports[function: "callhost"]!
  #expect(try call([8]) == [.i32(0x42)])
  #expect(throws: Surprise(what: "outside")) { try call([65_536]) }
  let numbers = (1...8).map { Value.i64($0) }
  let sums = try instance.exports[function: "widehost"]!(numbers)
  #expect(Array(sums[..<6]) == (2...7).map { .i64($0) })
}

@Test func anErrorPassesThroughGuestsAndHostsUnchanged() throws {
  var depth = 0
  var inner: Sample?
  let sample = try Sample(callback: { caller in
    depth += 1
    if depth == 3 { throw Surprise(what: "thrown three levels down") }
    try caller.instance!.exports[function: "callback"]!()
  })
  #expect(throws: Surprise(what: "thrown three levels down")) { try sample.call("callback") }
  #expect(depth == 3)
  // The next call finds everything in order.
  #expect(try sample.call("answer") == [.i32(42)])

  // Between two stores, and with a trap at the bottom.
  inner = try Sample()
  let outer = try Sample(callback: { _ in try inner!.call("outer") })
  let trap = try outer.trap("callback")
  #expect(trap.kind == .unreachable)
  #expect(trap.backtrace.map(\.functionName) == ["unreachable", "middle", "outer", "callback"])
  inner = nil
}

@Test func aHostFunctionMayCatchATrapAndGoOn() throws {
  let sample = try Sample(host: { caller, arguments in
    do {
      try caller.instance!.exports[function: "unreachable"]!()
    } catch let trap as Trap {
      return [.i32(UInt32(trap.kind.rawValue) + arguments[0].i32)]
    }
    return []
  })
  #expect(try sample.call("callhost", [10]) == [.i32(11)])
}

@Test func twoThreadsRunTwoInstancesOfOneModule() throws {
  let module = try BrolgaRuntime.Module(engine: Engine(), compiled: sampleCompiledModule())
  let results = Mutex<[Int]>([])
  onThreads(2) { number in
    guard let sample = try? Sample(module: module) else { return }
    var sum = 0
    for round in 0..<2000 {
      if let trap = try? sample.trap("load", [.i32(65_536 + UInt32(round))]) {
        sum += trap.kind == .memoryOutOfBounds ? 1 : 0
      }
      let product = try? sample.call("add", [.i32(UInt32(number)), 1])
      sum += product == [.i32(UInt32(number) + 1)] ? 1 : 0
      if (try? sample.trap("recurse"))?.kind == .stackOverflow { sum += 1 }
    }
    results.withLock { $0.append(sum) }
  }
  #expect(results.withLock { $0 } == [6000, 6000])
}

@Test func modulesComeAndGoWhileOthersTrap() throws {
  let good = Mutex(0)
  onThreads(4) { number in
    let engine = Engine()
    for round in 0..<150 {
      guard
        let module = try? BrolgaRuntime.Module(engine: engine, compiled: sampleCompiledModule()),
        let sample = try? Sample(module: module),
        let fault = try? sample.trap("load", [.i32(70_000 + UInt32(round))]),
        let overflow = try? sample.trap("divide", [.i32(0x8000_0000), .i32(.max)])
      else { return }
      let isRight =
        fault.memoryAddress == 70_000 + UInt64(round) && fault.backtrace.count == 1
        && overflow.kind == .integerOverflow
      good.withLock { $0 += isRight ? 1 : 0 }
    }
  }
  #expect(good.withLock { $0 } == 600)
}

@Test func callsAreCheap() throws {
  let sample = try Sample()
  let add = sample.instance.exports[function: "add"]!
  let start = DispatchClock.now()
  for _ in 0..<100_000 { _ = try add([1, 2]) }
  print("a call of a guest from Swift: \((DispatchClock.now() - start) / 100_000) ns")
}

/// Runs `body` on `count` threads at once, with numbers from 0, and waits for them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Job {
    let body: @Sendable (Int) -> Void
    let number: Int
    init(_ body: @escaping @Sendable (Int) -> Void, _ number: Int) {
      self.body = body
      self.number = number
    }
  }
  var threads: [pthread_t] = []
  for number in 0..<count {
    var thread = pthread_t()
    let job = Unmanaged.passRetained(Job(body, number)).toOpaque()
    pthread_create(
      &thread, nil,
      { argument in
        let job = Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue()
        job.body(job.number)
        return nil
      }, job)
    threads.append(thread)
  }
  for thread in threads { pthread_join(thread, nil) }
}

enum DispatchClock {
  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
