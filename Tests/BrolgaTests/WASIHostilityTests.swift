// SPDX-License-Identifier: Apache-2.0
// A guest that calls everything with anything neither crashes its host nor leaves its folder.

import BrolgaWASI
import Glibc
import Testing

/// A small generator of numbers that look random, the same for the same seed.
private struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var mixed = state ^ (state >> 33)
    mixed = mixed &* 0xff51_afd7_ed55_8ccd
    return mixed ^ (mixed >> 29)
  }
}

private let names = [
  "..", "../secret", "a", "a/b", "a/../..", "up", "up/secret", "/etc/passwd", "./a/./b/", "self",
  "out", "b", "a/../../secret", "c", ".",
]

@Test(arguments: [1, 2, 3, 4] as [UInt64])
func callsWithAnythingNeitherCrashNorEscape(seed: UInt64) throws {
  let outer = TemporaryFolder()
  outer.write("secret", "secret")
  outer.makeFolder("inner")
  outer.makeLink("inner/up", to: "..")
  outer.makeLink("inner/out", to: "../secret")
  outer.makeLink("inner/self", to: "self")
  outer.makeFolder("inner/a")
  let nothing = open("/dev/null", O_RDWR)
  defer { close(nothing) }
  // The guest may read it as a stream, which a folder is not, and that is all.
  let folder = open(outer.path, O_RDONLY)
  defer { close(folder) }
  let guest = try WASIGuest(
    folders: [Preopen(host: outer.path + "/inner", guest: "/")], stdin: folder, stdout: nothing)
  var numbers = Numbers(state: seed)

  // Waiting could take for ever, and allocating could fill the disk.
  let functions = Preview1.allCases.filter {
    ![.poll_oneoff, .fd_allocate, .proc_exit].contains($0)
  }
  for _ in 0..<5000 {
    let function = functions.randomElement(using: &numbers)!
    let path = names.randomElement(using: &numbers)!
    let count = guest.put(path)
    let second = guest.put(names.randomElement(using: &numbers)!, at: Address.secondPath)
    guest.put(UInt32(truncatingIfNeeded: numbers.next() % Address.end), at: Address.vectors)
    guest.put(UInt32(truncatingIfNeeded: numbers.next() % 300), at: Address.vectors + 4)
    let choices: [UInt64] = [
      0, 1, 2, 3, 3, 3, 4, 5, count, second, Address.path, Address.path, Address.secondPath,
      Address.vectors, Address.data, Address.end - 1, Address.end, 0x7fff_ffff, 0xffff_ffff,
      .max, 1 << 63, numbers.next() % Address.end, numbers.next(),
    ]
    var arguments: [UInt64] = []
    for _ in 0..<9 { arguments.append(choices.randomElement(using: &numbers)!) }
    if numbers.next() % 4 == 0, function.rawValue.hasPrefix("path_") {
      // Often enough a path where one is expected.
      arguments.replaceSubrange(0..<4, with: [3, Address.path, count, 3])
    }
    // Standard error is the host's own; what a guest writes there would confuse.
    if arguments[0] == 2 { arguments[0] = 1 }
    do throws(Errno) {
      try guest.bridge.call(function, Arguments(arguments), GuestBytes(guest.bytes))
    } catch {
      #expect(error != .success)
    }
  }
  #expect(outer.read("secret") == "secret")
  #expect(outer.entries == ["inner", "secret"])
}
