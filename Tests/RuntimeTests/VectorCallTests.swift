// SPDX-License-Identifier: Apache-2.0
// Vectors between host and guest, both ways: in registers, and as two words on the stack.

import BrolgaCRuntime
import BrolgaWasm
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

@Suite struct VectorCallTests {
  /// Sixteen different bytes, so that no half can stand for the other.
  private static func vector(_ seed: UInt8) -> Value {
    .v128(V128(SIMD16<UInt8>((0..<16).map { seed &+ $0 &* 0x11 })))
  }

  private let ten = (0..<10).map { vector(UInt8($0) &* 3 &+ 1) }
  private let tenTypes = [ValueType](repeating: .v128, count: 10)

  @Test func vectorsTravelInRegistersBetweenOtherValues() throws {
    let guest = try VectorGuest()
    let exchange = guest.function(
      "exchange", [.v128, .i32, .f64, .v128], [.v128, .i32, .f64, .v128])
    let (a, b) = (ten[0], ten[1])
    #expect(
      try exchange([a, .i32(7), .fromFloat64(2.5), b]) == [b, .i32(7), .fromFloat64(2.5), a])
  }

  @Test func vectorsWithoutRegistersTakeTwoWordsOnTheStack() throws {
    let guest = try VectorGuest()
    let rotate = guest.rotating("rotate")
    #expect(
      try rotate([.i64(1 << 40)] + ten + [.fromFloat32(1.5)])
        == [.i64(1 << 40)] + ten[1...] + [ten[0], .fromFloat32(1.5)])
    var places = CallPlaces()
    for type in rotate.type.parameters { _ = places.nextParameter(type.kind) }
    #expect(places.argumentWords == 6)
    for type in rotate.type.results { _ = places.nextResult(type.kind) }
    #expect(places.stackWords == 11)
  }

  @Test func aHostFunctionTakesAndReturnsVectorsInRegisters() throws {
    let guest = try VectorGuest()
    var seen: [Value] = []
    let host = Function(
      store: guest.store, parameters: [.i32, .funcref, .v128, .f64, .v128],
      results: [.v128, .f32, .i32, .v128]
    ) { _, arguments in
      seen = arguments
      return [arguments[4], .fromFloat32(-1), .i32(arguments[0].i32 + 1), arguments[2]]
    }
    let call = guest.function("calling", host.type.parameters, host.type.results)
    let arguments: [Value] = [.i32(4), .funcref(host), ten[2], .fromFloat64(0.5), ten[3]]
    #expect(try call(arguments) == [ten[3], .fromFloat32(-1), .i32(5), ten[2]])
    #expect(seen == arguments)
  }

  @Test func aHostFunctionTakesAndReturnsVectorsOnTheStack() throws {
    let guest = try VectorGuest()
    for name in ["passing", "tailPassing"] {
      var seen: [Value] = []
      let host = Function(
        store: guest.store, parameters: [.i64, .funcref] + tenTypes + [.f32],
        results: [.i64] + tenTypes + [.f32]
      ) { _, arguments in
        seen = arguments
        return [arguments[0]] + arguments[2..<12].reversed() + [.fromFloat32(3)]
      }
      let call = guest.function(name, host.type.parameters, host.type.results)
      let arguments: [Value] = [.i64(9), .funcref(host)] + ten + [.fromFloat32(2)]
      #expect(try call(arguments) == [.i64(9)] + ten.reversed() + [.fromFloat32(3)])
      #expect(seen == arguments, "\(name)")
    }
  }

  @Test func callsAndTailCallsBetweenInstancesPassVectorsOn() throws {
    let store = Store(engine: Engine())
    let (first, second) = (try VectorGuest(store: store), try VectorGuest(store: store))
    let rotate = second.rotating("rotate")
    for name in ["passing", "tailPassing"] {
      let function = first.function(
        name, [.i64, .funcref] + tenTypes + [.f32], rotate.type.results)
      #expect(
        try function([.i64(5), .funcref(rotate)] + ten + [.fromFloat32(8)])
          == [.i64(5)] + ten[1...] + [ten[0], .fromFloat32(8)], "\(name)")
    }
  }

  @Test func theHostCallsItsOwnFunctionWithVectors() throws {
    let store = Store(engine: Engine())
    let reverse = Function(store: store, parameters: tenTypes, results: tenTypes) { _, arguments in
      arguments.reversed()
    }
    #expect(try reverse(ten) == ten.reversed())
    let echo = Function(
      store: store, type: FunctionType(parameters: tenTypes, results: [.v128, .v128]), raw: { _ in }
    )
    // Results lie where the arguments were.
    #expect(try echo(ten) == [ten[0], ten[1]])
  }

  @Test func aGlobalHoldsAWholeVector() throws {
    let store = Store(engine: Engine())
    let global = try Global(store: store, type: .v128, isMutable: true, value: ten[0])
    #expect(global.value == ten[0])
    try global.assign(ten[1])
    #expect(global.value == ten[1])
    #expect(throws: UsageError.wrongType(expected: .v128, found: .i64)) {
      try global.assign(.i64(0))
    }
    #expect(throws: UsageError.wrongType(expected: .i32, found: .v128)) {
      try Global(store: store, type: .i32, value: ten[0])
    }
  }

  @Test func vectorsOfAnotherTypeAreRefusedByName() throws {
    let guest = try VectorGuest()
    let exchange = guest.function(
      "exchange", [.v128, .i32, .f64, .v128], [.v128, .i32, .f64, .v128])
    let error = #expect(throws: UsageError.self) {
      try exchange([ten[0], 1, .fromFloat64(0), .i64(0)])
    }
    #expect(
      error
        == .wrongArguments(
          expected: [.v128, .i32, .f64, .v128], found: [.v128, .i32, .f64, .i64]))
    #expect(error.map { "\($0)".contains("v128") } == true)
    #expect(throws: UsageError.notAReference(.v128)) {
      try Table(store: guest.store, element: .v128, minimum: 0)
    }
  }

  @Test func vectorsAreValuesLikeOthers() {
    let floats = V128(SIMD4<Float>(1, -2, 0.5, 0))
    #expect(floats == V128(low: 0xC000_0000_3F80_0000, high: 0x3F00_0000))
    #expect(floats.lanes(as: SIMD2<UInt64>.self) == [floats.low, floats.high])
    #expect(floats.lanes(as: SIMD4<Float>.self) == [1, -2, 0.5, 0])
    let value = Value.v128(floats)
    #expect(value.type == .v128)
    #expect(value.v128 == floats)
    #expect(value.asI64 == nil && Value.i64(1).asV128 == nil)
    #expect(value != .v128(V128(low: floats.low, high: 0)))
    #expect("\(value)" == "v128(i32x4 0x3f800000 0xc0000000 0x3f000000 0x00000000)")
    #expect(Value(defaultOf: .v128) == .v128(V128(low: 0, high: 0)))
    // No larger than a function's reference with its tag makes it.
    #expect(MemoryLayout<Value>.stride == 40)
  }
}

/// An instance of the functions below. The module declares them without arguments; a test says what
/// they take and return.
private final class VectorGuest {
  let store: Store
  private let instance: Instance
  private var records: [UnsafeMutablePointer<FunctionRecord>] = []

  init(store: Store = Store(engine: Engine())) throws {
    self.store = store
    typealias B = ModuleBuilder
    var builder = B()
    builder.section(1, [B.type([], [])])
    builder.section(3, vectorFunctions.map { _ in [0] })
    builder.section(7, vectorFunctions.enumerated().map { B.export($1.name, 0, $0) })
    var module = CompiledModule()
    module.skeleton.append(contentsOf: builder.bytes)
    for function in vectorFunctions { module.append(function) }
    instance = try BrolgaRuntime.Module(engine: store.engine, compiled: module)
      .instantiate(store: store, imports: [:])
  }

  deinit {
    for record in records { record.deallocate() }
  }

  func function(_ name: String, _ parameters: [ValueType], _ results: [ValueType]) -> Function {
    let declared = instance.exports[function: name]!.record.pointee
    let type = FunctionType(parameters: parameters, results: results)
    let record = UnsafeMutablePointer<FunctionRecord>.allocate(capacity: 1)
    record.initialize(
      to: FunctionRecord(
        code: declared.code, context: declared.context,
        typeIdentity: TypeIdentities.identity(of: type), index: declared.index))
    records.append(record)
    return Function(store: store, record: record)
  }

  /// A function of `rotate`'s type.
  func rotating(_ name: String) -> Function {
    let ten = [ValueType](repeating: .v128, count: 10)
    return function(name, [.i64] + ten + [.f32], [.i64] + ten + [.f32])
  }
}

/// Like `sampleFunctions`.
private let vectorFunctions: [SampleFunction] = [
  // (v128 a, i32, f64, v128 b) to (b, the i32, the f64, a).
  SampleFunction(
    "exchange",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "89 f8",  // mov eax, edi
      "c5 f8 28 d8",  // vmovaps xmm3, xmm0
      "c5 f8 28 c2",  // vmovaps xmm0, xmm2
      "c5 f8 28 d3",  // vmovaps xmm2, xmm3
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  // (i64, ten v128, f32) to (the i64, the second v128 and so on, the first v128, the f32): of the
  // arguments five words are on the stack, made six, and as many of the results behind them.
  SampleFunction(
    "rotate",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 89 f8",  // mov rax, rdi
      "c5 78 10 45 10",  // vmovups xmm8, xmmword [rbp + 16]
      "c5 78 10 4d 20",  // vmovups xmm9, xmmword [rbp + 32]
      "8b 4d 30",  // mov ecx, dword [rbp + 48]
      "c5 78 11 4d 40",  // vmovups xmmword [rbp + 64], xmm9
      "c5 f8 11 45 50",  // vmovups xmmword [rbp + 80], xmm0
      "48 89 4d 60",  // mov qword [rbp + 96], rcx
      "c5 f8 28 c1",  // vmovaps xmm0, xmm1
      "c5 f8 28 ca",  // vmovaps xmm1, xmm2
      "c5 f8 28 d3",  // vmovaps xmm2, xmm3
      "c5 f8 28 dc",  // vmovaps xmm3, xmm4
      "c5 f8 28 e5",  // vmovaps xmm4, xmm5
      "c5 f8 28 ee",  // vmovaps xmm5, xmm6
      "c5 f8 28 f7",  // vmovaps xmm6, xmm7
      "c5 78 29 c7",  // vmovaps xmm7, xmm8
      "5d",  // pop rbp
      "c2 30 00",  // ret 48
    ]),
  // (i32, funcref, whatever has registers): calls the reference, passing on all registers.
  SampleFunction(
    "calling",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 10",  // sub rsp, 16
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "49 89 f3",  // mov r11, rsi
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "c9",  // leave
      "c3",  // ret
    ],
    places: [(26, 0)]),
  // (i64, funcref, ten v128, f32): calls the reference with these, but for the stack in its own frame.
  SampleFunction(
    "passing",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 70",  // sub rsp, 112
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "c5 78 10 45 10",  // vmovups xmm8, xmmword [rbp + 16]
      "c5 78 11 04 24",  // vmovups xmmword [rsp], xmm8
      "c5 78 10 45 20",  // vmovups xmm8, xmmword [rbp + 32]
      "c5 78 11 44 24 10",  // vmovups xmmword [rsp + 16], xmm8
      "c5 78 10 45 30",  // vmovups xmm8, xmmword [rbp + 48]
      "c5 78 11 44 24 20",  // vmovups xmmword [rsp + 32], xmm8
      "49 89 f3",  // mov r11, rsi
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "c5 78 10 04 24",  // vmovups xmm8, xmmword [rsp]
      "c5 78 11 45 40",  // vmovups xmmword [rbp + 64], xmm8
      "c5 78 10 44 24 10",  // vmovups xmm8, xmmword [rsp + 16]
      "c5 78 11 45 50",  // vmovups xmmword [rbp + 80], xmm8
      "48 8b 4c 24 20",  // mov rcx, qword [rsp + 32]
      "48 89 4d 60",  // mov qword [rbp + 96], rcx
      "c9",  // leave
      "c2 30 00",  // ret 48
    ],
    places: [(58, 0)]),
  // The same as a tail call to another instance: 6 words of arguments, 5 of results.
  SampleFunction(
    "tailPassing",
    [
      "c4 61 f9 6e f6",  // vmovq xmm14, rsi
      "b8 06 00 05 00",  // mov eax, 6 | 5 << 16
      "4d 8b 5f 10",  // mov r11, qword [r15 + 16]
      "41 ff 63 58",  // jmp qword [r11 + 88]
    ]),
]
