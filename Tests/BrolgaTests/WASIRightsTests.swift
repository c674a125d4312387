// SPDX-License-Identifier: Apache-2.0
// Rights: what a program asks for, what it is told, and what is enforced.

import BrolgaWASI
import Glibc
import Testing

private func guestWithFolder() throws -> (TemporaryFolder, WASIGuest) {
  let folder = TemporaryFolder()
  folder.write("file", "text")
  folder.makeFolder("sub")
  folder.write("sub/leaf", "leaf")
  return (folder, try WASIGuest(in: folder))
}

@Test func onlyReadingAndWritingChooseHowAFileIsOpened() throws {
  let (folder, guest) = try guestWithFolder()
  let mode = {
    folder.openDescriptors("/file").map { fcntl($0, F_GETFL) & O_ACCMODE }
  }
  // As Go and C programs ask for what they only read.
  let reader = guest.opened("file", rights: .belowFolder.subtracting(.fdWrite))
  #expect(mode() == [O_RDONLY])
  #expect(guest.call(.fd_close, reader) == .success)
  let writer = guest.opened("file", rights: .fdWrite)
  #expect(mode() == [O_WRONLY])
  #expect(guest.transfer(.fd_read, writer, count: 4) == .badf)
  #expect(guest.call(.fd_filestat_set_size, writer, 2) == .success)
  #expect(guest.call(.fd_close, writer) == .success)
  _ = guest.opened("file", rights: [.fdRead, .fdWrite])
  #expect(mode() == [O_RDWR])
  #expect(folder.read("file") == "te")
}

@Test func whatWasNotAskedForIsNotRefused() throws {
  let (folder, guest) = try guestWithFolder()
  let reader = guest.opened("file", rights: .fdRead)
  #expect(guest.transfer(.fd_read, reader, count: 4) == .success)
  #expect(guest.call(.fd_seek, reader, 0, 0, Address.result) == .success)
  #expect(guest.call(.fd_tell, reader, Address.result) == .success)
  #expect(guest.call(.fd_filestat_get, reader, Address.data) == .success)
  // What POSIX says of a file that is open for reading.
  #expect(guest.transfer(.fd_write, reader, count: 1) == .badf)
  #expect(guest.call(.fd_filestat_set_size, reader, 0) == .inval)
  #expect(guest.call(.fd_allocate, reader, 0, 9) == .badf)
  #expect(guest.status(reader).rights == Rights.regularFile.subtracting(.fdWrite))
  #expect(guest.status(reader).inheriting == [])
  let neither = guest.opened("file", rights: [])
  #expect(guest.transfer(.fd_read, neither, count: 1) == .badf)
  #expect(guest.status(neither).rights == Rights.regularFile.subtracting([.fdRead, .fdWrite]))
  #expect(folder.read("file") == "text")
}

@Test func inheritingRightsDoNotRefuse() throws {
  let (folder, guest) = try guestWithFolder()
  #expect(guest.status(3).rights == .folder)
  #expect(guest.status(3).inheriting == .belowFolder)
  // Zig opens folders so, and files below them for reading; Go creates files below.
  for rights: Rights in [[], [.fdReaddir, .pathOpen], .fdRead] {
    let sub = guest.opened("sub", flags: 2, rights: rights, inheriting: [])
    let leaf = guest.opened("leaf", rights: [.fdRead, .fdWrite], below: sub)
    #expect(guest.transfer(.fd_read, leaf, count: 4) == .success)
    #expect(guest.text(at: Address.data, count: 4) == "leaf")
    #expect(guest.transfer(.fd_write, leaf, count: 1) == .success)
    let new = guest.opened("new", flags: 1, rights: .fdWrite, inheriting: [], below: sub)
    #expect(guest.transfer(.fd_write, new, count: 1) == .success)
    let path = guest.put("new")
    #expect(guest.call(.path_unlink_file, sub, Address.path, path) == .success)
  }
  #expect(folder.read("sub/leaf") == "leafl")
}

@Test func whatSetRightsTakesAwayStaysAway() throws {
  let (folder, guest) = try guestWithFolder()
  let file = guest.opened("file")
  let tell: Rights = [.fdRead, .fdTell]
  #expect(guest.call(.fd_fdstat_set_rights, file, tell.rawValue, 0) == .success)
  #expect(guest.call(.fd_seek, file, 0, 1, Address.result) == .success)
  #expect(guest.call(.fd_seek, file, 0, 0, Address.result) == .notcapable)
  #expect(guest.call(.fd_filestat_set_size, file, 0) == .notcapable)
  #expect(guest.transfer(.fd_write, file, count: 1) == .badf)
  #expect(
    guest.call(.fd_fdstat_set_rights, file, tell.union(.fdSeek).rawValue, 0) == .notcapable)

  let some = Rights.folder.subtracting([.pathUnlinkFile, .pathCreateFile, .pathFilestatSetSize])
  let inherited = Rights.belowFolder.subtracting([.fdWrite, .fdAllocate, .pathCreateDirectory])
  #expect(
    guest.call(.fd_fdstat_set_rights, 3, some.rawValue, inherited.rawValue) == .success)
  #expect(guest.call(.fd_fdstat_set_rights, 3, Rights.folder.rawValue, 0) == .notcapable)
  #expect(guest.open("file", flags: 1) == .notcapable)
  #expect(guest.open("file", flags: 8) == .notcapable)
  let path = guest.put("file")
  #expect(guest.call(.path_unlink_file, 3, Address.path, path) == .notcapable)
  let restricted = guest.opened("file")
  #expect(guest.transfer(.fd_read, restricted, count: 1) == .success)
  #expect(guest.transfer(.fd_write, restricted, count: 1) == .badf)
  #expect(guest.call(.fd_allocate, restricted, 0, 9) == .notcapable)
  // And so on downwards.
  let sub = guest.opened("sub", flags: 2, rights: .fdRead)
  let made = guest.put("made")
  #expect(guest.call(.path_create_directory, sub, Address.path, made) == .notcapable)
  let leaf = guest.opened("leaf", below: sub)
  #expect(guest.transfer(.fd_write, leaf, count: 1) == .badf)
  #expect(folder.read("file") == "text")
}
