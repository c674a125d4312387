// SPDX-License-Identifier: Apache-2.0
// CPU time per stage, for `--time-stages`.

import Glibc

/// Nanoseconds of CPU time that each stage took, summed over functions and threads.
package struct StageTimes: BitwiseCopyable, Sendable {
  /// One word per stage. A tuple, so that adding does not touch the heap.
  private var nanoseconds: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
    (0, 0, 0, 0, 0, 0, 0)
  private var started: UInt64 = 0

  package init() {}

  /// This thread's CPU time in nanoseconds.
  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  package mutating func start() { started = Self.now() }

  /// Credits the time since the last `start` or `end` to `stage`.
  package mutating func end(_ stage: Stage) {
    let time = Self.now()
    self[stage] &+= time &- started
    started = time
  }

  package mutating func add(_ other: StageTimes) {
    for stage in Stage.allCases { self[stage] &+= other[stage] }
  }

  package subscript(_ stage: Stage) -> UInt64 {
    get {
      switch stage {
      case .translate: nanoseconds.0
      case .optimize: nanoseconds.1
      case .lower: nanoseconds.2
      case .allocate: nanoseconds.3
      case .check: nanoseconds.4
      case .emit: nanoseconds.5
      case .link: nanoseconds.6
      }
    }
    set {
      switch stage {
      case .translate: nanoseconds.0 = newValue
      case .optimize: nanoseconds.1 = newValue
      case .lower: nanoseconds.2 = newValue
      case .allocate: nanoseconds.3 = newValue
      case .check: nanoseconds.4 = newValue
      case .emit: nanoseconds.5 = newValue
      case .link: nanoseconds.6 = newValue
      }
    }
  }
}
