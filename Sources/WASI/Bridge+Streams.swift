// SPDX-License-Identifier: Apache-2.0
// Reading and writing standard streams as the guest's own flags say, with the host's left alone.

import Glibc

extension WASIBridgeToHost {
  /// Calls `transfer`, a read or write at the file's position of `descriptor`.
  ///
  /// The host's file says by itself when it would have to wait, but for a stream of which the guest
  /// asked that without the host's file having that flag, or the other way round.
  ///
  /// - Parameter event: what `poll` is asked for before.
  /// - Throws: `again` where the guest does not want to wait.
  func transferring(
    _ descriptor: Descriptor, _ event: Int32, _ transfer: () -> Int
  ) throws(Errno) -> Int {
    guard let stream = descriptor.stream else { return try retrying(transfer) }
    // A file is always ready.
    if stream.emulated.contains(.nonblock), descriptor.type != .regularFile {
      // Whoever shares the stream may be faster than we are; then this one call waits after all.
      guard try Self.isReady(descriptor.host, event, timeout: 0) else { throw .again }
    }
    while true {
      do throws(Errno) {
        return try retrying(transfer)
      } catch {
        if error != .again || stream.flags.contains(.nonblock) { throw error }
        _ = try Self.isReady(descriptor.host, event, timeout: -1)
      }
    }
  }

  /// Makes a write of `vectors` do what the guest's flags say and the host's do not.
  func prepareWrite(_ stream: StreamFlags, _ descriptor: Descriptor) throws(Errno) {
    if stream.emulated.isEmpty { return }
    let isFile = descriptor.type == .regularFile
    if stream.emulated.contains(.append), isFile {
      if lseek(descriptor.host, 0, SEEK_END) < 0 { throw .current }
    }
    if stream.emulated.contains(.nonblock), !isFile {
      // A pipe that is ready has room for so many bytes; for more, the write might have to wait.
      cutVectors(toBytes: Int(PIPE_BUF))
    }
  }

  private func cutVectors(toBytes limit: Int) {
    var room = limit
    for index in vectors.indices {
      vectors[index].iov_len = min(vectors[index].iov_len, room)
      room -= vectors[index].iov_len
      if room == 0 { return vectors.removeSubrange((index + 1)...) }
    }
  }

  private static func isReady(
    _ host: Int32, _ event: Int32, timeout: Int32
  ) throws(Errno) -> Bool {
    var polled = pollfd(fd: host, events: Int16(event), revents: 0)
    return try retrying { Glibc.poll(&polled, 1, timeout) } > 0
  }
}

extension WASIBridgeToHost {
  /// What every `sock_*` function answers: a socket can be a standard stream, which is read and
  /// written as any other.
  func refuseSocket(_ number: UInt32) throws(Errno) {
    switch try descriptors.descriptor(number).type {
    case .socketStream, .socketDatagram: throw .notsup
    default: throw .notsock
    }
  }
}
