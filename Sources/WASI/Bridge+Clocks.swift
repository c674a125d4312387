// SPDX-License-Identifier: Apache-2.0
// Clocks, and waiting for them or for descriptors.

import Glibc

extension timespec {
  init(nanoseconds: UInt64) {
    self.init(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}

/// A time of the host in the unit of preview 1. Times before 1970 become 1970.
func nanoseconds(_ time: timespec) -> UInt64 {
  if time.tv_sec < 0 { return 0 }
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

extension WASIBridgeToHost {
  func clockResolution(_ id: UInt32, result: UInt32, _ memory: GuestBytes) throws(Errno) {
    var time = timespec()
    try check(clock_getres(try Self.hostClock(id), &time))
    try memory.store(nanoseconds(time), at: result)
  }

  func clockTime(_ id: UInt32, result: UInt32, _ memory: GuestBytes) throws(Errno) {
    try memory.store(try Self.now(try Self.hostClock(id)), at: result)
  }

  private static func hostClock(_ id: UInt32) throws(Errno) -> clockid_t {
    switch id {
    case 0: return CLOCK_REALTIME
    case 1: return CLOCK_MONOTONIC
    case 2: return CLOCK_PROCESS_CPUTIME_ID
    case 3: return CLOCK_THREAD_CPUTIME_ID
    default: throw .inval
    }
  }

  fileprivate static func now(_ clock: clockid_t) throws(Errno) -> UInt64 {
    var time = timespec()
    try check(clock_gettime(clock, &time))
    return nanoseconds(time)
  }
}

/// One thing that `poll_oneoff` waits for.
private struct Subscription {
  enum Kind {
    case clock(clockid_t, deadline: UInt64)
    /// The index is that of the descriptor among those polled.
    case descriptor(index: Int)
    case failed(Errno)
  }
  var userData: UInt64
  /// 0 for a clock, 1 for reading, 2 for writing.
  var tag: UInt8
  var kind: Kind
}

extension WASIBridgeToHost {
  /// Waits until at least one subscription is due, and stores an event for each that is.
  func poll(
    subscriptions: UInt32, events: UInt32, count: UInt32, result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    guard count > 0, count <= Limits.subscriptions else { throw .inval }
    _ = try memory.bytes(at: subscriptions, count: count * 48)
    _ = try memory.bytes(at: events, count: count * 32)
    _ = try memory.bytes(at: result, count: 4)
    var polled: [pollfd] = []
    var waiting: [Subscription] = []
    for index in 0..<count {
      waiting.append(try subscription(at: subscriptions + index * 48, &polled, memory))
    }
    while true {
      try wait(for: waiting, &polled)
      var stored: UInt32 = 0
      for item in waiting where try store(item, polled, at: events + stored * 32, memory) {
        stored += 1
      }
      if stored > 0 { return try memory.store(stored, at: result) }
    }
  }

  private func subscription(
    at address: UInt32, _ polled: inout [pollfd], _ memory: GuestBytes
  ) throws(Errno) -> Subscription {
    var item = Subscription(
      userData: try memory.load(UInt64.self, at: address),
      tag: try memory.load(UInt8.self, at: address + 8), kind: .failed(.inval))
    let target = try memory.load(UInt32.self, at: address + 16)
    do throws(Errno) {
      switch item.tag {
      case 0:
        let timeout = try memory.load(UInt64.self, at: address + 24)
        let isAbsolute = try memory.load(UInt16.self, at: address + 40) & 1 != 0
        let clock = try Self.hostClock(target)
        // The processor's clocks stand still while one waits for them.
        guard clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC else { throw .notsup }
        let (sum, overflows) = try Self.now(clock).addingReportingOverflow(timeout)
        let deadline = isAbsolute ? timeout : overflows ? .max : sum
        item.kind = .clock(clock, deadline: deadline)
      case 1, 2:
        let needed: Rights = item.tag == 1 ? .fdRead : .fdWrite
        let found = try descriptors.descriptor(target, needed.union(.pollFdReadwrite))
        item.kind = .descriptor(index: polled.count)
        let wanted = item.tag == 1 ? POLLIN : POLLOUT
        polled.append(pollfd(fd: found.host, events: Int16(wanted), revents: 0))
      default:
        throw .inval
      }
    } catch {
      // What is wrong with one subscription is its event, not the end of the call.
      item.kind = .failed(error)
    }
    return item
  }

  private func wait(for waiting: [Subscription], _ polled: inout [pollfd]) throws(Errno) {
    var remaining = UInt64.max
    for item in waiting {
      switch item.kind {
      case .failed: remaining = 0
      case .clock(let clock, let deadline):
        let now = try Self.now(clock)
        remaining = min(remaining, deadline > now ? deadline - now : 0)
      case .descriptor: break
      }
    }
    if polled.isEmpty {
      var time = timespec(nanoseconds: remaining)
      // An early end by a signal is seen by the caller, who looks at the clocks again.
      if remaining > 0 { nanosleep(&time, nil) }
      return
    }
    // Rounded up, lest it ends just before the deadline and goes round without sleeping.
    let milliseconds = remaining / 1_000_000 + (remaining % 1_000_000 == 0 ? 0 : 1)
    let timeout = remaining == .max ? -1 : Int32(clamping: milliseconds)
    let ready = Glibc.poll(&polled, nfds_t(polled.count), timeout)
    if ready < 0, errno != EINTR { throw .current }
  }

  /// Stores the event of `item`; false if it is not due.
  private func store(
    _ item: Subscription, _ polled: [pollfd], at address: UInt32, _ memory: GuestBytes
  ) throws(Errno) -> Bool {
    var failure = Errno.success
    var available: UInt64 = 0
    var flags: UInt64 = 0
    switch item.kind {
    case .failed(let error): failure = error
    case .clock(let clock, let deadline):
      if try Self.now(clock) < deadline { return false }
    case .descriptor(let index):
      let answer = Int32(polled[index].revents)
      if answer == 0 { return false }
      if answer & POLLNVAL != 0 { failure = .badf }
      if answer & POLLERR != 0 { failure = .io }
      if answer & POLLHUP != 0 { flags = 1 }
      available = item.tag == 1 ? Self.available(in: polled[index].fd) : 1
    }
    try memory.store(
      words: item.userData, UInt64(failure.rawValue) | UInt64(item.tag) << 16, available, flags,
      at: address)
    return true
  }

  private static func available(in host: Int32) -> UInt64 {
    var bytes: Int32 = 0
    return ioctl(host, UInt(FIONREAD), &bytes) == 0 ? UInt64(max(bytes, 0)) : 1
  }
}
