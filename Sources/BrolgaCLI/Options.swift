// SPDX-License-Identifier: Apache-2.0
// Options that several subcommands share, and what they say.

import ArgumentParser
import Brolga
import Glibc

struct CompilingOptions: ParsableArguments {
  @Option(
    name: .customShort("O", allowingJoined: true),
    help: ArgumentHelp("0 compiles fastest, 2 makes the fastest code.", valueName: "level"))
  var level = Level.two

  @Option(
    name: .customShort("j", allowingJoined: true),
    help: ArgumentHelp("Threads that compile; as many as processors if absent.", valueName: "n"))
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "The processor to make code for: native, x86-64-v3 or x86-64-v4.", valueName: "cpu"))
  var targetCpu = Target.native

  @Flag(help: "Prove every register allocation right.")
  var checkAllocation = false

  @Flag(help: "Give relaxed vector operators one meaning on every machine.")
  var relaxedSimdDeterministic = false

  @Flag(help: "Make every NaN that arithmetic makes the canonical one.")
  var nanCanonicalization = false

  @Option(
    help: ArgumentHelp(
      "single-pass or backtracking, whatever the level.", valueName: "algorithm"))
  var regalloc: RegisterAllocator?

  @Option(
    help: ArgumentHelp(
      "Take only so many of the steps of -O2, over all functions; Scripts/bisect looks for one.",
      valueName: "n", visibility: .hidden))
  var steps: Int?

  @Flag(
    help: ArgumentHelp(
      "Keep all locals in the frame, as where there would be too many values.",
      visibility: .hidden))
  var localsInFrame = false

  enum Target: String, ExpressibleByArgument, CaseIterable {
    case native
    case level3 = "x86-64-v3"
    case level4 = "x86-64-v4"
  }

  enum RegisterAllocator: String, ExpressibleByArgument, CaseIterable {
    case singlePass = "single-pass"
    case backtracking
  }

  enum Level: String, ExpressibleByArgument, CaseIterable {
    case zero = "0"
    case two = "2"
  }

  func validate() throws {
    if let workers, !(1...1024).contains(workers) {
      throw ValidationError("-j takes a number from 1 to 1024.")
    }
    // Not more than what numbers of functions and of their steps leave room for.
    if let steps, !(0...1 << 40).contains(steps) {
      throw ValidationError("--steps takes a number from 0 to 2^40.")
    }
  }

  var options: CompilationOptions {
    var options = CompilationOptions(
      level: level == .zero ? .o0 : .o2, workers: workers, checksAllocation: checkAllocation)
    switch targetCpu {
    case .native: options.target = .native
    case .level3: options.target = .x86_64v3
    case .level4: options.target = .x86_64v4
    }
    options.relaxedSIMDIsDeterministic = relaxedSimdDeterministic
    options.canonicalizesNaNs = nanCanonicalization
    options.stepLimit = steps
    options.keepsLocalsInFrame = localsInFrame
    switch regalloc {
    case .singlePass: options.registerAllocator = .singlePass
    case .backtracking: options.registerAllocator = .backtracking
    case nil: break
    }
    return options
  }
}

/// A number of bytes, as `65536` or `64K`.
struct ByteCount: ExpressibleByArgument {
  var value: Int

  init(value: Int) { self.value = value }

  init?(argument: String) {
    let shift: Int
    switch argument.last {
    case "K", "k": shift = 10
    case "M", "m": shift = 20
    case "G", "g": shift = 30
    default: shift = 0
    }
    guard let number = Int(shift == 0 ? argument[...] : argument.dropLast()), number >= 0 else {
      return nil
    }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: 1 << shift)
    if overflows { return nil }
    value = bytes
  }

  var defaultValueDescription: String {
    let shift = value == 0 ? 0 : min(value.trailingZeroBitCount / 10, 3)
    return "\(value >> (shift * 10))" + ["", "K", "M", "G"][shift]
  }
}

struct GuestOptions: ParsableArguments {
  @Option(
    name: .customLong("dir"),
    help: ArgumentHelp(
      "Let the guest use a folder of the host, under another path if one is given.",
      valueName: "host[::guest]"))
  var folders: [String] = []

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp(
      "Set an environment variable for the guest, or pass on the host's.", valueName: "key[=value]")
  )
  var variables: [String] = []

  @Option(help: ArgumentHelp("The guest's own name, instead of the file's.", valueName: "name"))
  var argv0: String?

  @Option(
    help: ArgumentHelp(
      "Bytes of native stack that the guest may use; K, M and G stand for 2^10, 2^20 and 2^30.",
      valueName: "bytes"))
  var maxWasmStack = GuestSettings().maxWasmStack

  @Option(
    name: .customLong("max-memory-size"),
    help: ArgumentHelp("Bytes that the guest's memories may have together.", valueName: "bytes"))
  var maxMemoryBytes: ByteCount?

  func validate() throws {
    guard (16 << 10...1 << 30).contains(maxWasmStack.value) else {
      throw ValidationError("--max-wasm-stack takes a number from 16K to 1G.")
    }
  }

  var settings: GuestSettings {
    var settings = GuestSettings()
    settings.folders = folders
    settings.variables = variables
    settings.argv0 = argv0
    settings.maxWasmStack = maxWasmStack
    settings.maxMemoryBytes = maxMemoryBytes
    return settings
  }
}
