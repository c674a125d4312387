// SPDX-License-Identifier: Apache-2.0
// The specification's test scripts: which pass, and what the others need.

import BrolgaArtefact
import BrolgaCompiler
import BrolgaScripts
import Foundation
import Testing

@testable import Brolga
@testable import BrolgaWasm

private func report(_ text: String) -> ScriptReport {
  var text = text
  return text.withUTF8 { utf8 in
    runScript(UnsafeRawBufferPointer(utf8), engine: Engine(), CompilerOptions.checking(.o2))
  }
}

extension CompilerOptions {
  /// Everything that can be checked, is.
  fileprivate static func checking(
    _ level: OptimizationLevel, for features: CPUFeatures = .baseline
  ) -> CompilerOptions {
    var options = CompilerOptions()
    options.level = level
    options.features = features
    options.verifies = true
    options.checksAllocation = true
    return options
  }
}

@Test func assertionsThatHoldAreCounted() {
  let report = report(
    """
    (module $a
      (import "spectest" "print_i32" (func $print (param i32)))
      (memory (export "mem") 1) (global (export "g") i32 (i32.const 7)) (func $f)
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "nan") (result f32 f64) (f32.const nan) (f64.const -nan:0xc000000000000))
      (func (export "refs") (param externref) (result externref funcref funcref)
        (local.get 0) (ref.func $f) (ref.null func))
      (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
      (func $deep (export "deep") (call $deep)) (elem declare func $f))
    (register "A" $a)
    (assert_return (invoke "add" (i32.const 1) (i32.const -2)) (i32.const -1))
    (assert_return (invoke "nan") (f32.const nan:canonical) (f64.const nan:arithmetic))
    (assert_return (invoke "refs" (ref.extern 5)) (ref.extern 5) (ref.func) (ref.null func))
    (assert_return (invoke "refs" (ref.null extern)) (ref.null extern) (ref.func) (ref.null))
    (assert_return (get $a "g") (i32.const 7))
    (assert_return (invoke "add" (i32.const 1) (i32.const 1)) (either (i32.const 3) (i32.const 2)))
    (assert_trap (invoke "div" (i32.const 0)) "integer divide by zero")
    (assert_exhaustion (invoke "deep") "call stack exhausted")
    (module definition $d (memory (import "A" "mem") 1)
      (func (export "load") (result i32) (i32.load8_u (i32.const 0))))
    (module instance $i $d)
    (assert_trap (module (memory (import "A" "mem") 1) (data (i32.const 0) "\\2a")
      (data (i32.const 65536) "x")) "out of bounds memory access")
    (assert_return (invoke $i "load") (i32.const 42))
    (assert_malformed (module quote "(func i32.foo)") "unknown operator")
    (assert_malformed (module binary "asm\\00") "magic header not detected")
    (assert_invalid (module (func i32.add)) "type mismatch")
    (assert_unlinkable (module (func (import "A" "missing"))) "unknown import")
    (assert_unlinkable (module (func (import "A" "mem"))) "incompatible import type")
    """)
  #expect(report.failed == 0, "\(report.failures)")
  #expect(report.passed == 15 && report.skipped == 0, "\(report)")
}

@Test func assertionsThatDoNotHoldAreTold() {
  let report = report(
    """
    (module (func (export "one") (result i32) (i32.const 1)) (func (export "nop")))
    (assert_return (invoke "one") (i32.const 2))
    (assert_return (invoke "one"))
    (assert_return (invoke "one") (f32.const nan:canonical))
    (assert_return (invoke "none"))
    (assert_trap (invoke "nop") "unreachable")
    (assert_exhaustion (invoke "nop") "call stack exhausted")
    (assert_malformed (module quote "(func)") "unexpected token")
    (assert_invalid (module (func)) "type mismatch")
    (assert_unlinkable (module) "unknown import")
    (assert_trap (module) "unreachable")
    (invoke "nop" (i32.const 1))
    (module (func (import "spectest" "none")))
    (assert_return (invoke "nop"))
    """)
  #expect(report.failures.map(\.line) == Array(2...14), "\(report.failures)")
  #expect(report.passed == 0 && report.skipped == 0)
}

@Test func whatNeedsMoreIsSkippedAndNamed() {
  let report = report(
    """
    (module (memory 1 1 shared) (func (export "v") (result i32) (i32.const 1)))
    (assert_return (invoke "v") (i32.const 1))
    (assert_malformed (module quote "(memory 1 1 shared) (func (local i8x16.foo))") "unknown operator")
    (module (func (export "f") (result i32) (i32.const 1)))
    (assert_return (invoke "f") (i32.const 1))
    """)
  #expect(report.passed == 1 && report.failed == 0 && report.skipped == 3)
  #expect(report.needs == ["threads"])
}

@Test func textIsCompiledLikeItsBinaryForm() throws {
  let engine = Engine()
  let text = "(module (func (export \"f\") (result i32) (i32.const 42)))"
  let module = try Module(engine: engine, compiling: Array(text.utf8))
  let instance = try module.instantiate(store: Store(engine: engine), imports: [:])
  let function = try #require(instance.exports[function: "f"])
  let results = try function()
  #expect(results == [.i32(42)])
  let wrong = "(module\n  (func (result i32) (i64.const 42)))"
  let error = #expect(throws: ModuleError.self) {
    _ = try Module(engine: engine, compiling: Array(wrong.utf8))
  }
  let message = "2:36: invalid: type mismatch: expected i32, found i64"
  #expect(error?.description.hasPrefix(message) == true, "\(error as Any)")
}

/// The scripts that do not pass completely, by what they need. A script that starts to pass must
/// leave the list.
private let incomplete: [String: String] = [
  "garbage collection": """
  array array_copy array_fill array_init_data array_init_elem array_new_data array_new_elem \
  br_on_cast br_on_cast_fail extern i31 ref_cast ref_eq ref_test struct table_init table_init64 \
  type-subtyping
  """
]

private let specFolder =
  (Programs.repository as NSString).deletingLastPathComponent
  + "/shared/data/spec"

@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: specFolder),
    "skipped: ../shared/data/spec is absent"))
struct SpecificationTests {
  /// Those on vectors again, for all that this processor can do.
  @Test(
    .enabled(
      if: Module.hostFeatures.contains(.avx512), "skipped: this processor has no AVX-512"),
    arguments: [OptimizationLevel.o0, .o2])
  func scriptsOnVectorsPassWithAVX512(_ level: OptimizationLevel) throws {
    var passed = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: specFolder).sorted()
    where file.hasSuffix(".wast") && (file.contains("simd_") || file.contains("relaxed_")) {
      let bytes = FileManager.default.contents(atPath: specFolder + "/" + file)!
      var report = ScriptReport()
      let ran = runOnThread(stackBytes: 64 << 20) {
        report = bytes.withUnsafeBytes {
          runScript(
            $0, engine: Engine(), CompilerOptions.checking(level, for: Module.hostFeatures))
        }
      }
      try #require(ran)
      #expect(report.failed == 0, "\(file): \(report.failures.prefix(5))")
      passed += report.passed
    }
    #expect(passed > 20_000)
  }

  @Test(arguments: [OptimizationLevel.o0, .o2])
  func scriptsPassOrAreListed(_ level: OptimizationLevel) throws {
    var needs: [String: String] = [:]
    for (need, names) in incomplete {
      for name in names.split(separator: " ") { needs[String(name)] = need }
    }
    var passed = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: specFolder).sorted() {
      guard file.hasSuffix(".wast") else { continue }
      let name = String(file.dropLast(5))
      let bytes = FileManager.default.contents(atPath: specFolder + "/" + file)!
      var report = ScriptReport()
      let ran = runOnThread(stackBytes: 64 << 20) {
        report = bytes.withUnsafeBytes {
          runScript($0, engine: Engine(), CompilerOptions.checking(level))
        }
      }
      try #require(ran)
      #expect(report.failed == 0, "\(file): \(report.failures.prefix(5))")
      #expect(report.needs.joined(separator: ", ") == needs[name] ?? "", "\(file): \(report)")
      passed += report.passed
    }
    #expect(passed > 60_000)
  }
}
