// SPDX-License-Identifier: Apache-2.0
// Standard streams: the guest reads and writes them, and does nothing else to what the host has.

import BrolgaWASI
import Foundation
import Testing

private let append: UInt64 = 1
private let nonblock: UInt64 = 4

/// A pipe of the host's, closed at the end.
private final class HostPipe: Sendable {
  let reading: Int32
  let writing: Int32

  init() {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    close(writing)
  }

  func write(_ text: String) { _ = Glibc.write(writing, text, text.utf8.count) }
}

@Test func closingStandardOutputLeavesTheHostsOpen() throws {
  let folder = TemporaryFolder()
  folder.write("out", "")
  let file = openat(AT_FDCWD, folder.path + "/out", O_WRONLY, 0)
  defer { close(file) }
  let guest = try WASIGuest(stdout: file)
  _ = guest.put("hello", at: Address.data)
  #expect(guest.transfer(.fd_write, 1, count: 5) == .success)
  #expect(guest.transfer(.fd_read, 1, count: 5) == .badf)
  #expect(guest.call(.fd_close, 1) == .success)
  #expect(fcntl(file, F_GETFD) >= 0)
  #expect(folder.read("out") == "hello")
}

@Test func aPipeIsAStream() throws {
  var ends: [Int32] = [0, 0]
  #expect(pipe(&ends) == 0)
  defer { close(ends[0]) }
  let guest = try WASIGuest(stdin: ends[0], stdout: ends[1])
  #expect(guest.call(.fd_seek, 1, 0, 0, 0) == .spipe)
  #expect(guest.call(.fd_tell, 0, 0) == .spipe)
  guest.put(0, at: 96)
  guest.bytes.storeBytes(of: 42, toByteOffset: 96, as: UInt64.self)
  guest.bytes[104] = 1
  // Nothing to read: a clock subscription ends the wait.
  guest.bytes.storeBytes(of: 43, toByteOffset: 144, as: UInt64.self)
  guest.put(1, at: 160)
  guest.bytes.storeBytes(of: 2_000_000, toByteOffset: 168, as: UInt64.self)
  #expect(guest.call(.poll_oneoff, 96, Address.data, 2, Address.result) == .success)
  #expect(guest.word(Address.result) == 1)
  #expect(guest.wide(Address.data) == 43)
  _ = guest.put("xyz", at: Address.path)
  guest.put(UInt32(Address.path), at: Address.vectors)
  guest.put(3, at: Address.vectors + 4)
  #expect(guest.call(.fd_write, 1, Address.vectors, 1, Address.result) == .success)
  #expect(guest.call(.poll_oneoff, 96, Address.data, 1, Address.result) == .success)
  #expect(guest.wide(Address.data) == 42)
  #expect(guest.bytes[Int(Address.data) + 10] == 1)
  #expect(guest.wide(Address.data + 16) == 3)
  close(ends[1])
}

@Test func aStreamThatTheHostLacksIsNoDescriptorAndNoFileTakesItsPlace() throws {
  let folder = TemporaryFolder()
  folder.write("file", "")
  // Far above what a process has open.
  let guest = try WASIGuest(
    folders: [Preopen(host: folder.path, guest: ".")], stdin: 1 << 20, stdout: -1)
  for absent: UInt64 in [0, 1] {
    #expect(guest.call(.fd_fdstat_get, absent, 0) == .badf)
    #expect(guest.call(.fd_close, absent) == .badf)
  }
  let file = guest.opened("file")
  #expect(file == 4)
  #expect(guest.transfer(.fd_write, 1, count: 1) == .badf)
  #expect(guest.call(.fd_renumber, file, 1) == .badf)
  #expect(guest.opened("file") == 5)
  #expect(folder.read("file") == "")
}

@Test func aFolderAsAStandardStreamIsNoCapability() throws {
  let folder = TemporaryFolder()
  folder.write("file", "text")
  folder.makeFolder("sub")
  folder.makeLink("link", to: "file")
  let host = open(folder.path, O_RDONLY | O_DIRECTORY)
  defer { close(host) }
  let guest = try WASIGuest(stdin: host)
  let path = guest.put("file")
  let new = guest.put("new", at: Address.secondPath)
  #expect(guest.open("file", flags: 8, below: 0) == .notdir)
  #expect(guest.open("new", flags: 1, below: 0) == .notdir)
  #expect(guest.call(.path_unlink_file, 0, Address.path, path) == .notdir)
  #expect(guest.call(.path_create_directory, 0, Address.secondPath, new) == .notdir)
  #expect(
    guest.call(.path_symlink, Address.path, path, 0, Address.secondPath, new) == .notdir)
  #expect(
    guest.call(.path_rename, 0, Address.path, path, 0, Address.secondPath, new) == .notdir)
  #expect(
    guest.call(.path_filestat_get, 0, 0, Address.path, path, Address.data) == .notdir)
  #expect(guest.call(.fd_readdir, 0, Address.data, 100, 0, Address.result) == .notdir)
  let sub = guest.put("sub")
  #expect(guest.call(.path_remove_directory, 0, Address.path, sub) == .notdir)
  let link = guest.put("link")
  #expect(
    guest.call(.path_readlink, 0, Address.path, link, Address.data, 9, Address.result) == .notdir)
  #expect(guest.status(0).type == .unknown)
  #expect(Rights.stream.isSuperset(of: guest.status(0).rights))
  #expect(guest.status(0).inheriting == [])
  #expect(folder.entries == ["file", "link", "sub"])
  #expect(folder.read("file") == "text")
}

@Test func aReadThatWouldWaitIsRefusedWithoutAFlagOfTheHost() throws {
  let input = HostPipe()
  let guest = try WASIGuest(stdin: input.reading)
  let before = fcntl(input.reading, F_GETFL)
  #expect(guest.status(0).flags == 0)
  #expect(guest.call(.fd_fdstat_set_flags, 0, nonblock) == .success)
  #expect(guest.status(0).flags == UInt16(nonblock))
  #expect(fcntl(input.reading, F_GETFL) == before)
  #expect(guest.transfer(.fd_read, 0, count: 10) == .again)
  input.write("text")
  #expect(guest.transfer(.fd_read, 0, count: 10) == .success)
  #expect(guest.text(at: Address.data, count: 4) == "text")
  #expect(guest.transfer(.fd_read, 0, count: 10) == .again)
  #expect(guest.call(.fd_fdstat_set_flags, 0, 0) == .success)
  #expect(guest.status(0).flags == 0)
  #expect(guest.call(.fd_fdstat_set_flags, 0, 16) == .notsup)
  #expect(guest.call(.fd_fdstat_set_flags, 0, 32) == .inval)
}

@Test func aWriteThatWouldWaitIsRefusedWithoutAFlagOfTheHost() throws {
  let output = HostPipe()
  let guest = try WASIGuest(stdout: output.writing)
  let before = fcntl(output.writing, F_GETFL)
  #expect(guest.call(.fd_fdstat_set_flags, 1, nonblock) == .success)
  #expect(fcntl(output.writing, F_GETFL) == before)
  // More at once than a pipe that is nearly full has room for.
  var written = 0
  var answer = Errno.success
  while written < 1 << 24 {
    answer = guest.transfer(.fd_write, 1, count: 30_000)
    if answer != .success { break }
    written += Int(guest.word(Address.result))
  }
  #expect(answer == .again)
  #expect(written > 0)
  var bytes = [UInt8](repeating: 0, count: 1 << 24)
  #expect(read(output.reading, &bytes, bytes.count) == written)
  #expect(guest.transfer(.fd_write, 1, count: 10) == .success)
  #expect(guest.word(Address.result) == 10)
}

@Test func aGuestThatWantsToWaitWaitsOnAStreamThatDoesNot() throws {
  let input = HostPipe()
  #expect(fcntl(input.reading, F_SETFL, O_NONBLOCK) == 0)
  let guest = try WASIGuest(stdin: input.reading)
  #expect(guest.status(0).flags == UInt16(nonblock))
  #expect(guest.transfer(.fd_read, 0, count: 4) == .again)
  #expect(guest.call(.fd_fdstat_set_flags, 0, 0) == .success)
  // Whether the text comes before or after the read begins makes no difference.
  Thread.detachNewThread {
    usleep(20_000)
    input.write("text")
  }
  #expect(guest.transfer(.fd_read, 0, count: 4) == .success)
  #expect(guest.text(at: Address.data, count: 4) == "text")
  #expect(fcntl(input.reading, F_GETFL) & O_NONBLOCK != 0)
}

@Test func appendingToAStreamLeavesTheHostsFlags() throws {
  let folder = TemporaryFolder()
  folder.write("out", "12345")
  let file = open(folder.path + "/out", O_RDWR)
  defer { close(file) }
  let guest = try WASIGuest(stdout: file)
  #expect(guest.call(.fd_fdstat_set_flags, 1, append | nonblock) == .success)
  _ = guest.put("67", at: Address.data)
  #expect(guest.transfer(.fd_write, 1, count: 2) == .success)
  #expect(folder.read("out") == "1234567")
  #expect(fcntl(file, F_GETFL) & (O_APPEND | O_NONBLOCK) == 0)
  #expect(guest.call(.fd_fdstat_set_flags, 1, 0) == .success)
  #expect(guest.call(.fd_seek, 1, 0, 0, Address.result) == .success)
  _ = guest.put("ab", at: Address.data)
  #expect(guest.transfer(.fd_write, 1, count: 2) == .success)
  #expect(folder.read("out") == "ab34567")
}

@Test func aStreamOfTheHostThatAppendsGoesOnAppending() throws {
  let folder = TemporaryFolder()
  folder.write("log", "12345")
  let file = open(folder.path + "/log", O_WRONLY | O_APPEND)
  defer { close(file) }
  let guest = try WASIGuest(stdout: file)
  #expect(guest.status(1).flags == UInt16(append))
  #expect(guest.call(.fd_fdstat_set_flags, 1, 0) == .perm)
  #expect(guest.call(.fd_fdstat_set_flags, 1, append | nonblock) == .success)
  #expect(guest.status(1).flags == UInt16(append | nonblock))
  #expect(fcntl(file, F_GETFL) & (O_APPEND | O_NONBLOCK) == O_APPEND)
}

@Test func theFileOfAStreamChangesByWritingOnly() throws {
  let folder = TemporaryFolder()
  folder.write("out", "12345")
  let file = open(folder.path + "/out", O_RDWR)
  defer { close(file) }
  let guest = try WASIGuest(stdin: file, stdout: file)
  var before = stat()
  #expect(fstat(file, &before) == 0)
  for stream: UInt64 in [0, 1] {
    #expect(guest.call(.fd_filestat_set_size, stream, 0) == .badf)
    #expect(guest.call(.fd_allocate, stream, 0, 100) == .badf)
    #expect(guest.call(.fd_filestat_set_times, stream, 9, 9, 5) == .badf)
    #expect(guest.status(stream).rights.isDisjoint(with: .changingFile))
  }
  var after = stat()
  #expect(fstat(file, &after) == 0)
  #expect(after.st_mtim.tv_sec == before.st_mtim.tv_sec)
  #expect(folder.read("out") == "12345")
}

@Test func theNullDeviceIsNoTerminal() throws {
  let null = open("/dev/null", O_RDWR)
  defer { close(null) }
  let guest = try WASIGuest(
    folders: [Preopen(host: "/dev", guest: "/dev")], stdin: null, stdout: null)
  let seeking: Rights = [.fdSeek, .fdTell]
  for descriptor in [0, 1, guest.opened("null", rights: [.fdRead, .fdWrite])] {
    // What wasi-libc takes for a terminal has neither of the two rights.
    #expect(guest.status(descriptor).type == .characterDevice)
    #expect(guest.status(descriptor).rights.isSuperset(of: seeking))
    #expect(guest.call(.fd_seek, descriptor, 0, 1, Address.result) == .success)
  }
}

@Test(.enabled(if: access("/dev/ptmx", R_OK | W_OK) == 0, "there are no pseudo-terminals"))
func aTerminalIsOne() throws {
  let control = open("/dev/ptmx", O_RDWR | O_NOCTTY)
  defer { close(control) }
  // TIOCSPTLCK and TIOCGPTN, as in <asm-generic/ioctls.h>.
  var number: Int32 = 0
  #expect(ioctl(control, 0x4004_5431, &number) == 0)
  #expect(ioctl(control, 0x8004_5430, &number) == 0)
  let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
  defer { close(terminal) }
  let guest = try WASIGuest(stdout: terminal)
  #expect(guest.status(1).type == .characterDevice)
  #expect(guest.status(1).rights.isDisjoint(with: [.fdSeek, .fdTell]))
  #expect(guest.call(.fd_seek, 1, 0, 1, Address.result) == .spipe)
}

@Test func aDescriptorThatIsNoSocketIsToldFromOneThatIs() throws {
  var ends: [Int32] = [0, 0]
  #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
  defer { for end in ends { close(end) } }
  let folder = TemporaryFolder()
  let guest = try WASIGuest(
    folders: [Preopen(host: folder.path, guest: ".")], stdin: ends[0])
  for (descriptor, answer) in [(9, Errno.badf), (3, .notsock), (0, .notsup)] as [(UInt64, Errno)] {
    #expect(guest.call(.sock_accept, descriptor, 0, 0) == answer)
    #expect(guest.call(.sock_recv, descriptor, 0, 0, 0, 0, 0) == answer)
    #expect(guest.call(.sock_send, descriptor, 0, 0, 0, 0) == answer)
    #expect(guest.call(.sock_shutdown, descriptor, 0) == answer)
  }
}
