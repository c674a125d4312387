// SPDX-License-Identifier: Apache-2.0
// Which error number a call answers, where POSIX and other hosts agree on one.

import BrolgaWASI
import Glibc
import Testing

private func guestWithFolder() throws -> (TemporaryFolder, WASIGuest) {
  let folder = TemporaryFolder()
  folder.write("file", "text")
  folder.makeFolder("sub")
  folder.makeLink("link", to: "file")
  folder.makeLink("absolute", to: folder.path + "/file")
  return (folder, try WASIGuest(in: folder))
}

@Test func aLinkIsReadIntoABufferOfAnySize() throws {
  let (_, guest) = try guestWithFolder()
  let link = guest.put("link")
  for room: UInt64 in [0, 1, 4, 100] {
    guest.put(99, at: Address.result)
    #expect(
      guest.call(.path_readlink, 3, Address.path, link, Address.data, room, Address.result)
        == .success)
    #expect(guest.word(Address.result) == UInt32(min(room, 4)))
  }
  #expect(guest.text(at: Address.data, count: 4) == "file")
  let file = guest.put("file")
  #expect(guest.call(.path_readlink, 3, Address.path, file, Address.data, 0, 0) == .inval)
}

@Test func anAbsoluteLinkDoesNotTellOfTheHost() throws {
  let (_, guest) = try guestWithFolder()
  let link = guest.put("absolute")
  #expect(guest.call(.path_readlink, 3, Address.path, link, Address.data, 100, 0) == .perm)
  #expect(guest.text(at: Address.data, count: 4) == "\0\0\0\0")
}

@Test func theTypeOfADescriptorComesBeforeItsRights() throws {
  let (_, guest) = try guestWithFolder()
  #expect(guest.call(.fd_allocate, 3, 0, 1) == .badf)
  #expect(guest.call(.fd_filestat_set_size, 3, 0) == .badf)
  #expect(guest.call(.fd_advise, 3, 0, 0, 0) == .badf)
  #expect(guest.call(.fd_pread, 3, Address.vectors, 1, 0, Address.result) == .badf)
  #expect(guest.call(.fd_datasync, 3) == .success)

  let file = guest.opened("file")
  #expect(guest.open("x", below: file) == .notdir)
  #expect(guest.open("x", flags: 1 | 8, below: file) == .notdir)
  #expect(guest.call(.fd_readdir, file, Address.data, 100, 0, Address.result) == .notdir)
  let path = guest.put("x")
  let other = guest.put("y", at: Address.secondPath)
  #expect(guest.call(.path_unlink_file, file, Address.path, path) == .notdir)
  #expect(guest.call(.path_create_directory, file, Address.path, path) == .notdir)
  #expect(guest.call(.path_filestat_get, file, 0, Address.path, path, Address.data) == .notdir)
  #expect(
    guest.call(.path_symlink, Address.secondPath, other, file, Address.path, path) == .notdir)
  #expect(
    guest.call(.path_rename, 3, Address.path, path, file, Address.secondPath, other) == .notdir)
}

@Test func aPipeHasNoPositionsToReadAt() throws {
  var ends: [Int32] = [0, 0]
  #expect(pipe(&ends) == 0)
  defer { for end in ends { close(end) } }
  let guest = try WASIGuest(stdin: ends[0], stdout: ends[1])
  #expect(guest.call(.fd_pread, 0, Address.vectors, 1, 0, Address.result) == .spipe)
  #expect(guest.call(.fd_pwrite, 1, Address.vectors, 1, 0, Address.result) == .spipe)
}

@Test func aFolderIsNotOpenedForWriting() throws {
  let (_, guest) = try guestWithFolder()
  for name in [".", "sub", "sub/"] {
    for flags: UInt64 in [0, 2] {
      #expect(guest.open(name, flags: flags, rights: [.fdRead, .fdWrite]) == .isdir)
      #expect(guest.open(name, flags: flags, rights: .fdWrite) == .isdir)
      #expect(guest.open(name, flags: flags, rights: .fdRead) == .success)
      #expect(guest.open(name, flags: flags, rights: []) == .success)
    }
  }
  #expect(guest.open("file", flags: 2, rights: [.fdRead, .fdWrite]) == .notdir)
}

@Test func aNewLinkWithASlashBehindItIsNoFile() throws {
  let (folder, guest) = try guestWithFolder()
  let answers = { (name: String) in
    let path = guest.put(name)
    let file = guest.put("file", at: Address.secondPath)
    return [
      guest.call(.path_symlink, Address.secondPath, file, 3, Address.path, path),
      guest.call(.path_link, 3, 0, Address.secondPath, file, 3, Address.path, path),
    ]
  }
  #expect(answers("file/") == [.notdir, .notdir])
  #expect(answers("sub/") == [.exist, .exist])
  // Whatever a link leads to: that may be outside.
  folder.makeLink("passwd", to: "/etc/passwd")
  folder.makeLink("etc", to: "/etc")
  for name in ["link/", "passwd/", "etc/"] { #expect(answers(name) == [.exist, .exist]) }
  #expect(answers("new/") == [.noent, .noent])
  #expect(answers("file") == [.exist, .exist])
  #expect(folder.entries == ["absolute", "etc", "file", "link", "passwd", "sub"])
}
