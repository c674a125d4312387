// SPDX-License-Identifier: Apache-2.0
// Descriptors, arguments, clocks: results laid out as preview 1 says, and every error a call has.

import BrolgaWASI
import Glibc
import Testing

private func guestWithFolder(_ files: [String: String] = [:]) throws -> (
  TemporaryFolder, WASIGuest
) {
  let folder = TemporaryFolder()
  for (name, text) in files { folder.write(name, text) }
  let guest = try WASIGuest(
    args: ["program", "-x", ""], environment: [(name: "K", value: "V"), (name: "E", value: "")],
    folders: [Preopen(host: folder.path, guest: "/data")])
  guest.folder = folder
  return (folder, guest)
}

@Test func argumentsAndEnvironmentAreZeroTerminated() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.call(.args_sizes_get, 0, 4) == .success)
  #expect(guest.word(0) == 3)
  #expect(guest.word(4) == 12)
  #expect(guest.call(.args_get, 16, Address.data) == .success)
  #expect(guest.text(at: Address.data, count: 12) == "program\0-x\0\0")
  #expect(guest.word(20) == UInt32(Address.data) + 8)
  #expect(guest.word(24) == UInt32(Address.data) + 11)
  #expect(guest.call(.environ_sizes_get, 0, 4) == .success)
  #expect(guest.word(0) == 2)
  #expect(guest.word(4) == 7)
  #expect(guest.call(.environ_get, 16, Address.data) == .success)
  #expect(guest.text(at: Address.data, count: 7) == "K=V\0E=\0")
  #expect(guest.call(.args_get, Address.end - 8, Address.data) == .fault)
  #expect(guest.call(.args_get, 0, Address.end - 11) == .fault)
  #expect(guest.call(.args_sizes_get, 0, Address.end - 3) == .fault)
}

@Test func aPreopenedFolderSaysItsName() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.call(.fd_prestat_get, 3, 0) == .success)
  #expect(guest.word(0) == 0)
  #expect(guest.word(4) == 5)
  #expect(guest.call(.fd_prestat_dir_name, 3, Address.data, 5) == .success)
  #expect(guest.text(at: Address.data, count: 5) == "/data")
  #expect(guest.call(.fd_prestat_dir_name, 3, Address.data, 4) == .nametoolong)
  #expect(guest.call(.fd_prestat_get, 4, 0) == .badf)
  #expect(guest.call(.fd_prestat_get, 1, 0) == .badf)
  #expect(guest.call(.fd_prestat_get, 3, Address.end - 4) == .fault)
}

@Test func aFolderThatDoesNotExistCannotBePreopened() {
  let error = #expect(throws: PreopenError.self) {
    _ = try WASIGuest(folders: [Preopen(host: "/nowhere", guest: ".")])
  }
  #expect(error?.number == ENOENT)
  #expect(error?.description == "cannot open the folder /nowhere: No such file or directory")
}

@Test func filesAreReadWrittenAndPositioned() throws {
  let (folder, guest) = try guestWithFolder(["file": "0123456789"])
  let file = guest.opened("file")
  #expect(guest.transfer(.fd_read, file, count: 4) == .success)
  #expect(guest.word(Address.result) == 4)
  #expect(guest.text(at: Address.data, count: 4) == "0123")
  #expect(guest.call(.fd_tell, file, Address.result) == .success)
  #expect(guest.wide(Address.result) == 4)
  let backTwo = UInt64(bitPattern: -2)
  #expect(guest.call(.fd_seek, file, backTwo, 1, Address.result) == .success)
  #expect(guest.wide(Address.result) == 2)
  #expect(guest.call(.fd_seek, file, backTwo, 0, Address.result) == .inval)
  #expect(guest.call(.fd_seek, file, 0, 3, Address.result) == .inval)
  #expect(guest.call(.fd_seek, file, backTwo, 2, Address.result) == .success)
  #expect(guest.wide(Address.result) == 8)
  _ = guest.put("ABCD", at: Address.data)
  #expect(guest.transfer(.fd_write, file, count: 4) == .success)
  #expect(folder.read("file") == "01234567ABCD")
  #expect(guest.transfer(.fd_read, file, count: 4) == .success)
  #expect(guest.word(Address.result) == 0)

  #expect(guest.call(.fd_pread, file, Address.vectors, 1, 6, Address.result) == .success)
  #expect(guest.text(at: Address.data, count: 4) == "67AB")
  #expect(guest.call(.fd_pread, file, Address.vectors, 1, .max, Address.result) == .inval)
  #expect(guest.call(.fd_pwrite, file, Address.vectors, 1, 0, Address.result) == .success)
  #expect(folder.read("file") == "67AB4567ABCD")
  #expect(guest.call(.fd_filestat_set_size, file, 3) == .success)
  #expect(folder.read("file") == "67A")
  #expect(guest.call(.fd_filestat_set_size, file, .max) == .inval)
  #expect(guest.call(.fd_allocate, file, 0, 8) == .success)
  #expect(guest.call(.fd_sync, file) == .success)
  #expect(guest.call(.fd_datasync, file) == .success)
  #expect(guest.call(.fd_advise, file, 0, 0, 3) == .success)
  #expect(guest.call(.fd_advise, file, 0, 0, 6) == .inval)
  #expect(guest.call(.fd_close, file) == .success)
  #expect(guest.call(.fd_close, file) == .badf)
}

@Test func severalBuffersAreOneTransfer() throws {
  let (folder, guest) = try guestWithFolder()
  let file = guest.opened("new", flags: 1)
  _ = guest.put("abcdef", at: Address.data)
  // The middle of the text, an empty buffer at the very end of the memory, its beginning.
  for (index, vector) in [(2, 4), (Address.end - Address.data, 0), (0, 2)].enumerated() {
    guest.put(UInt32(Address.data + vector.0), at: Address.vectors + UInt64(index * 8))
    guest.put(UInt32(vector.1), at: Address.vectors + UInt64(index * 8) + 4)
  }
  #expect(guest.call(.fd_write, file, Address.vectors, 3, Address.result) == .success)
  #expect(guest.word(Address.result) == 6)
  #expect(folder.read("new") == "cdefab")
  #expect(guest.call(.fd_write, file, Address.vectors, 0, Address.result) == .success)
  #expect(guest.word(Address.result) == 0)
}

@Test func badPointersAreFaults() throws {
  let (_, guest) = try guestWithFolder(["file": "text"])
  let file = guest.opened("file")
  #expect(guest.call(.fd_read, file, Address.end - 4, 1, 0) == .fault)
  #expect(guest.call(.fd_read, file, 0, 0x2000_0000, 0) == .fault)
  #expect(guest.call(.fd_read, file, 0xffff_fff8, 1, 0) == .fault)
  #expect(guest.transfer(.fd_read, file, count: Address.end) == .fault)
  #expect(guest.transfer(.fd_read, file, count: 0xffff_ffff) == .fault)
  #expect(guest.call(.fd_read, file, Address.vectors, 1, Address.end - 3) == .fault)
  #expect(guest.call(.fd_filestat_get, file, Address.end - 63) == .fault)
  #expect(guest.call(.fd_fdstat_get, file, Address.end - 23) == .fault)
  #expect(guest.call(.fd_tell, file, Address.end) == .fault)
  #expect(guest.call(.clock_time_get, 0, 0, 0xffff_ffff) == .fault)
  #expect(guest.call(.random_get, Address.end - 1, 2) == .fault)
  #expect(guest.call(.random_get, Address.end, 0) == .success)
  #expect(guest.call(.poll_oneoff, Address.end - 47, 0, 1, 0) == .fault)
}

@Test func aGuestWithoutMemoryGetsFaults() throws {
  let (_, guest) = try guestWithFolder()
  let none = GuestBytes(UnsafeMutableRawBufferPointer(start: nil, count: 0))
  for function in Preview1.allCases where function != .proc_exit {
    do throws(Errno) {
      try guest.bridge.call(function, Arguments([UInt64](repeating: 1, count: 9)), none)
    } catch {
      #expect(error != .io, "\(function)")
    }
  }
}

@Test func foldersAreNeitherReadNorWrittenNorSought() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.transfer(.fd_read, 3, count: 1) == .badf)
  #expect(guest.transfer(.fd_write, 3, count: 1) == .badf)
  #expect(guest.call(.fd_seek, 3, 0, 0, 0) == .badf)
  #expect(guest.call(.fd_tell, 3, 0) == .badf)
  #expect(guest.open(".") == .isdir)
  #expect(guest.open(".", rights: [.fdRead]) == .success)
}

@Test func flagsOfOpenFiles() throws {
  let (folder, guest) = try guestWithFolder(["file": "text"])
  #expect(guest.open("file", fdFlags: 1) == .success)
  let file = UInt64(guest.word(Address.result))
  #expect(guest.call(.fd_fdstat_get, file, 0) == .success)
  #expect(guest.bytes[2] == 1)
  _ = guest.put("!", at: Address.data)
  #expect(guest.transfer(.fd_write, file, count: 1) == .success)
  #expect(folder.read("file") == "text!")
  #expect(guest.call(.fd_fdstat_set_flags, file, 4) == .success)
  #expect(guest.call(.fd_fdstat_get, file, 0) == .success)
  #expect(guest.bytes[2] == 4)
  #expect(guest.call(.fd_fdstat_set_flags, file, 16) == .notsup)
  #expect(guest.call(.fd_fdstat_set_flags, file, 32) == .inval)
  #expect(guest.open("file", fdFlags: 32) == .inval)
}

@Test func statusHasTheLayoutOfPreview1() throws {
  let (folder, guest) = try guestWithFolder(["file": "12345"])
  folder.makeLink("link", to: "file")
  let link = guest.put("link")
  let status = { (follow: UInt64) in
    guest.call(.path_filestat_get, 3, follow, Address.path, link, Address.data)
  }
  #expect(status(0) == .success)
  #expect(guest.bytes[Int(Address.data) + 16] == FileType.symbolicLink.rawValue)
  #expect(status(1) == .success)
  #expect(guest.bytes[Int(Address.data) + 16] == FileType.regularFile.rawValue)
  #expect(guest.wide(Address.data + 24) == 1)
  #expect(guest.wide(Address.data + 32) == 5)

  let set = { (flags: UInt64) in
    guest.call(.path_filestat_set_times, 3, 1, Address.path, link, 1_500_000_000, 7, flags)
  }
  #expect(set(1 | 4) == .success)
  #expect(status(1) == .success)
  #expect(guest.wide(Address.data + 40) == 1_500_000_000)
  #expect(guest.wide(Address.data + 48) == 7)
  #expect(set(1 | 2) == .inval)
  #expect(set(4 | 8) == .inval)
  #expect(set(16) == .inval)
  let file = guest.opened("file")
  #expect(guest.call(.fd_filestat_set_times, file, 9, 9, 4) == .success)
  #expect(guest.call(.fd_filestat_get, file, Address.data) == .success)
  #expect(guest.wide(Address.data + 48) == 9)
}

@Test func descriptorsMoveAndTheLowestFreeOneIsTaken() throws {
  let (_, guest) = try guestWithFolder(["file": "text"])
  let first = guest.opened("file")
  let second = guest.opened("file")
  #expect(first == 4)
  #expect(second == 5)
  #expect(guest.call(.fd_renumber, second, first) == .success)
  #expect(guest.call(.fd_close, second) == .badf)
  #expect(guest.call(.fd_renumber, 77, first) == .badf)
  #expect(guest.call(.fd_renumber, first, 77) == .badf)
  #expect(guest.opened("file") == 5)
  // A stream that the guest itself closed makes room as well.
  #expect(guest.call(.fd_close, 0) == .success)
  #expect(guest.opened("file") == 0)
}

@Test func clocksRunAndWaitingEnds() throws {
  let (_, guest) = try guestWithFolder()
  for clock: UInt64 in 0...3 {
    #expect(guest.call(.clock_time_get, clock, 0, 0) == .success)
    #expect(guest.wide(0) > 0)
    #expect(guest.call(.clock_res_get, clock, 0) == .success)
    #expect(guest.wide(0) > 0)
  }
  #expect(guest.call(.clock_time_get, 4, 0, 0) == .inval)
  #expect(guest.call(.clock_res_get, 4, 0) == .inval)

  let wait = { (clock: UInt32, timeout: UInt64, flags: UInt32) -> Errno in
    guest.bytes[104] = 0
    guest.put(clock, at: 112)
    guest.bytes.storeBytes(of: timeout, toByteOffset: 120, as: UInt64.self)
    guest.put(flags, at: 136)
    return guest.call(.poll_oneoff, 96, Address.data, 1, Address.result)
  }
  #expect(guest.call(.clock_time_get, 1, 0, 0) == .success)
  let before = guest.wide(0)
  #expect(wait(1, 3_000_000, 0) == .success)
  #expect(guest.word(Address.result) == 1)
  #expect(guest.call(.clock_time_get, 1, 0, 0) == .success)
  #expect(guest.wide(0) - before >= 3_000_000)
  #expect(wait(1, before, 1) == .success)
  #expect(wait(0, 1000, 0) == .success)
  // A clock that does not exist is the error of its event.
  #expect(wait(9, 0, 0) == .success)
  #expect(guest.word(Address.data + 8) == UInt32(Errno.inval.rawValue))
  #expect(wait(2, 0, 0) == .success)
  #expect(guest.word(Address.data + 8) == UInt32(Errno.notsup.rawValue))
  #expect(guest.call(.poll_oneoff, 0, Address.data, 0, 0) == .inval)
  #expect(guest.call(.poll_oneoff, 0, Address.data, 1 << 20, 0) == .inval)
}

@Test func randomBytesDiffer() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.call(.random_get, Address.data, 1000) == .success)
  let bytes = guest.bytes[Int(Address.data)..<Int(Address.data) + 1000]
  #expect(Set(bytes).count > 100)
  #expect(guest.bytes[Int(Address.data) + 1000] == 0)
}

@Test func theRestOfPreview1IsNotImplemented() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.call(.proc_raise, 6) == .nosys)
  #expect(guest.call(.sched_yield) == .success)
  #expect(Errno.nosys.rawValue == 52)
  #expect(Errno.notcapable.rawValue == 76)
  #expect(Preview1.allCases.count == 46)
}
