// SPDX-License-Identifier: Apache-2.0
// Every way in which a guest stops, and what the trap tells.

import BrolgaCRuntime
import BrolgaWasm
import Glibc
import Synchronization
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

@Test(arguments: [
  ("unreachable", [] as [UInt32], TrapKind.unreachable),
  ("divide", [1, 0], .integerDivideByZero),
  ("divide", [0x8000_0000, .max], .integerOverflow),
  ("load", [65_536], .memoryOutOfBounds),
  ("load", [65_533], .memoryOutOfBounds),
  ("load", [.max], .memoryOutOfBounds),
  ("bigoffset", [.max], .memoryOutOfBounds),
  ("store", [65_536, 1], .memoryOutOfBounds),
  ("recurse", [], .stackOverflow),
  ("indirect", [4], .undefinedElement),
  ("indirect", [3], .indirectCallToNull),
  ("indirect", [1], .indirectCallTypeMismatch),
  ("fill", [65_530, 1, 7], .memoryOutOfBounds),
  ("convert", [], .invalidConversionToInteger),
  ("tablebounds", [], .tableOutOfBounds),
  ("nullreference", [], .nullReference),
])
func everyTrapKindIsAValue(name: String, arguments: [UInt32], kind: TrapKind) throws {
  let sample = try Sample()
  let trap = try sample.trap(name, arguments.map { .i32($0) })
  #expect(trap.kind == kind)
  #expect(trap.backtrace.first?.functionName == name)
  #expect(trap.description.hasPrefix("wasm trap: \(kind.description)"))
  #expect(trap.description.contains("\nwasm backtrace:\n  0: \(name)"))
  #expect(try sample.call("answer") == [.i32(42)])
}

@Test func aMemoryTrapTellsTheAddress() throws {
  let sample = try Sample()
  #expect(try sample.trap("load", [65_536]).memoryAddress == 65_536)
  // The access begins inside; the kernel names the first byte that is not.
  #expect(try sample.trap("load", [65_534]).memoryAddress == 65_536)
  let far = try sample.trap("bigoffset", [.i32(.max)])
  #expect(far.memoryAddress == 0xFFFF_FFFF + 0x7FFF_FFFF)
  #expect(far.description.hasPrefix("wasm trap: out of bounds memory access (address 0x17ffffffe)"))
  #expect(try sample.trap("fill", [65_536, 0, 1]).memoryAddress == nil)
}

@Test func aBacktraceNamesFunctionsAndPlaces() throws {
  let sample = try Sample()
  let trap = try sample.trap("outer")
  #expect(trap.backtrace.map(\.functionName) == ["unreachable", "middle", "outer"])
  #expect(trap.backtrace.map(\.functionIndex) == [5, 17, 16])
  let module = sample.instance.module
  for frame in trap.backtrace {
    let function = sampleFunctions[frame.functionIndex - sampleImportCount]
    let range = module.artefact.function(frame.functionIndex - sampleImportCount)
    #expect(frame.codeOffset - Int(range.offset) == function.places[0].offset)
    #expect(frame.wasmOffset != nil)
    #expect(frame.wasmOffset! % 1000 == 0)
  }
  #expect(Set(trap.backtrace.map(\.wasmOffset)).count == 3)
}

@Test func aDeepBacktraceIsCutAndCounted() throws {
  let trap = try Sample().trap("recurse")
  #expect(trap.backtrace.count == 64)
  #expect(trap.omittedFrameCount > 1000)
  #expect(trap.description.contains("\n  ... \(trap.omittedFrameCount) more"))
  #expect(trap.backtrace.allSatisfy { $0.functionName == "recurse" })
}

@Test func theStackLimitIsThatOfTheConfiguration() throws {
  let small = try Sample(configuration: EngineConfiguration(stackSize: 64 << 10))
  let large = try Sample(configuration: EngineConfiguration(stackSize: 512 << 10))
  // 16 bytes of frame and return address each.
  let smallDepth = try small.trap("recurse").omittedFrameCount
  let largeDepth = try large.trap("recurse").omittedFrameCount
  #expect(smallDepth > 2000 && smallDepth < 6000)
  #expect(largeDepth > 28_000 && largeDepth < 36_000)
}

@Test func aStackOverflowOnASmallThreadIsATrap() throws {
  let kind = Mutex<TrapKind?>(nil)
  onThreads(1) { _ in
    var configuration = EngineConfiguration(stackSize: 1 << 30)
    configuration.hostStackBytes = 128 << 10
    let sample = try? Sample(configuration: configuration)
    kind.withLock { $0 = (try? sample?.trap("recurse"))?.kind }
  }
  #expect(kind.withLock { $0 } == .stackOverflow)
}

/// In a process of its own: other tests allocate at the same time.
@Test func aHundredThousandTrapsLeakNothing() async {
  await #expect(processExitsWith: .success) {
    let sample = try Sample(host: { _, _ in throw Surprise(what: "error") })
    let load = sample.instance.exports[function: "load"]!
    let host = sample.instance.exports[function: "callhost"]!
    func round(_ count: Int) {
      for _ in 0..<count {
        _ = try? load([.i32(.max)])
        _ = try? host([1])
      }
    }
    round(5_000)
    let before = residentPages()
    round(50_000)
    // Less than 20 bytes for each.
    #expect(residentPages() - before < 512)
  }
}

@Test func trapsKeepTheirModuleAlive() throws {
  func makeTrap() throws -> Trap { try Sample().trap("unreachable") }
  let trap = try makeTrap()
  #expect(trap.backtrace.first?.functionName == "unreachable")
}

@Test func aHostRaisesATrapOfItsOwn() throws {
  let sample = try Sample(host: { _, _ in throw Trap(.interrupted, message: "enough") })
  let trap = try sample.trap("callhost", [1])
  #expect(trap.kind == .interrupted)
  #expect(trap.description == "wasm trap: enough")
}

@Test func anUnnamedFunctionHasItsIndexAsName() throws {
  let sample = try Sample()
  #expect(sample.instance.module.artefact.functionName(0) == "function[3]")
}

@Test func crashesOutsideOfGuestsStillEndTheProcess() async {
  let wild = await #expect(
    processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]
  ) {
    brolga_end_by_signals()
    _ = try Sample().trap("unreachable")
    // An address that no memory owns, and an instruction that no guest holds.
    UnsafeMutablePointer<UInt8>(bitPattern: 64)!.pointee = 1
  }
  // A guest's access outside of all memories is the compiler's fault, not the guest's.
  await #expect(processExitsWith: .signal(SIGSEGV)) {
    brolga_end_by_signals()
    _ = try? Sample().call("wild", [64])
  }
  let null = await #expect(
    processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]
  ) {
    brolga_end_by_signals()
    _ = try Sample(callback: { _ in
      UnsafeMutablePointer<UInt8>(bitPattern: 64)!.pointee = 1
    }).call("callback")
  }
  let stopped = await #expect(
    processExitsWith: .signal(SIGILL), observing: [\.standardErrorContent]
  ) {
    brolga_end_by_signals()
    _ = try Sample(callback: { _ in
      let empty: [Int] = []
      print(empty[Int(getpid())])
    }).call("callback")
  }
  for (result, number) in [(wild, 11), (null, 11), (stopped, 4)] {
    let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      errors.contains("brolga: a fault of brolga itself, signal \(number < 10 ? "0" : "")\(number)")
    )
  }
}

private func residentPages() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  fgets(&line, 128, file)
  let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  return Int(text.split(separator: " ")[1]) ?? 0
}
