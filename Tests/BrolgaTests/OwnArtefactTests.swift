// SPDX-License-Identifier: Apache-2.0
// Guests that write over the file they were loaded from, while they run.

import Foundation
import Testing

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct OwnArtefactTests {
  /// Writes over the file `guest` in the first folder, cuts it short, calls a function that has not
  /// run before, and ends as `end` says.
  private static func guest(end: String) -> String {
    """
    (module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_pwrite"
        (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_filestat_set_size"
        (func $resize (param i32 i64) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 2)
      (data (i32.const 0) "guest")
      ;; A list of one buffer: 64 KiB from 1024 on.
      (data (i32.const 16) "\\00\\04\\00\\00\\00\\00\\01\\00")
      (func $must (param $errno i32)
        (if (local.get $errno) (then (call $exit (i32.const 99)))))
      (func $later (export "later") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 6)))
      (func $fail unreachable)
      (func (export "_start")
        ;; int3, all over the file.
        (memory.fill (i32.const 1024) (i32.const 0xcc) (i32.const 65536))
        (call $must (call $open
          (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 0)
          (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 8)))
        (call $must (call $pwrite
          (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 24)))
        (if (i32.ne (call $later (i32.const 7)) (i32.const 42)) (then (call $exit (i32.const 98))))
        (call $must (call $resize (i32.load (i32.const 8)) (i64.const 0)))
        \(end)))
    """
  }

  /// The file as a module, and compiled.
  private func results(end: String) throws -> [RunResult] {
    try ["parse", "compile"].map { command in
      let folder = TemporaryFolder()
      folder.write("source.wat", Self.guest(end: end))
      let guest = folder.path + "/guest"
      try #require(brolga(command, folder.path + "/source.wat", "-o", guest).status == 0)
      let result = try brolga("run", "--dir", folder.path, guest)
      // It did what it should not be able to profit from.
      #expect(FileManager.default.contents(atPath: guest) == Data())
      return result
    }
  }

  @Test func whatRunsIsWhatWasLoaded() throws {
    for result in try results(end: "(call $exit (call $later (i32.const 7)))") {
      #expect(result.status == 42)
      #expect(result.errors.isEmpty)
    }
  }

  @Test func aTrapIsFoundInTheTablesThatWereLoaded() throws {
    for result in try results(end: "(call $fail)") {
      #expect(result.status == 134)
      #expect(result.errorText.contains("unreachable"))
      #expect(result.errorText.contains("0: fail"))
    }
  }
}
