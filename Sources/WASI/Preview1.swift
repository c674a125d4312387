// SPDX-License-Identifier: Apache-2.0
// The functions of WASI preview 1: names, signatures, and which implementation each one calls.

/// Every function of the module `wasi_snapshot_preview1`, in the order of its witx file.
package enum Preview1: String, CaseIterable {
  case args_get, args_sizes_get, environ_get, environ_sizes_get, clock_res_get, clock_time_get
  case fd_advise, fd_allocate, fd_close, fd_datasync, fd_fdstat_get, fd_fdstat_set_flags
  case fd_fdstat_set_rights, fd_filestat_get, fd_filestat_set_size, fd_filestat_set_times
  case fd_pread, fd_prestat_get, fd_prestat_dir_name, fd_pwrite, fd_read, fd_readdir, fd_renumber
  case fd_seek, fd_sync, fd_tell, fd_write
  case path_create_directory, path_filestat_get, path_filestat_set_times, path_link, path_open
  case path_readlink, path_remove_directory, path_rename, path_symlink, path_unlink_file
  case poll_oneoff, proc_exit, proc_raise, random_get, sched_yield
  case sock_accept, sock_recv, sock_send, sock_shutdown

  package static let moduleName = "wasi_snapshot_preview1"

  /// One letter a parameter: `i` for i32, `I` for i64.
  package var parameters: StaticString {
    switch self {
    case .sched_yield: ""
    case .fd_close, .fd_datasync, .fd_sync, .proc_exit, .proc_raise: "i"
    case .args_get, .args_sizes_get, .environ_get, .environ_sizes_get, .clock_res_get,
      .fd_fdstat_get, .fd_fdstat_set_flags, .fd_filestat_get, .fd_prestat_get, .fd_renumber,
      .fd_tell, .random_get, .sock_shutdown:
      "ii"
    case .fd_filestat_set_size: "iI"
    case .fd_prestat_dir_name, .path_create_directory, .path_remove_directory, .path_unlink_file,
      .sock_accept:
      "iii"
    case .clock_time_get: "iIi"
    case .fd_allocate, .fd_fdstat_set_rights: "iII"
    case .fd_read, .fd_write, .poll_oneoff: "iiii"
    case .fd_seek: "iIii"
    case .fd_advise, .fd_filestat_set_times: "iIIi"
    case .path_filestat_get, .path_symlink, .sock_send: "iiiii"
    case .fd_pread, .fd_pwrite, .fd_readdir: "iiiIi"
    case .path_readlink, .path_rename, .sock_recv: "iiiiii"
    case .path_link: "iiiiiii"
    case .path_filestat_set_times: "iiiiIIi"
    case .path_open: "iiiiiIIii"
    }
  }

  /// Whether the function returns an error number. `proc_exit` does not return.
  package var returnsErrno: Bool { self != .proc_exit }
}

extension WASIBridgeToHost {
  /// Calls `function`, whose parameters are as `Preview1.parameters` says. Not for `proc_exit`.
  package func call(
    _ function: Preview1, _ a: Arguments, _ memory: GuestBytes
  ) throws(Errno) {
    switch function {
    case .args_get: try storeStrings(arguments, pointers: a[0], characters: a[1], memory)
    case .args_sizes_get: try storeSizes(arguments, count: a[0], characters: a[1], memory)
    case .environ_get: try storeStrings(environment, pointers: a[0], characters: a[1], memory)
    case .environ_sizes_get: try storeSizes(environment, count: a[0], characters: a[1], memory)
    case .clock_res_get: try clockResolution(a[0], result: a[1], memory)
    case .clock_time_get: try clockTime(a[0], result: a[2], memory)
    case .fd_advise: try advise(a[0], offset: a.wide(1), length: a.wide(2), advice: a[3])
    case .fd_allocate: try allocate(a[0], offset: a.wide(1), length: a.wide(2))
    case .fd_close: try descriptors.remove(a[0])
    case .fd_datasync: try synchronizeData(a[0])
    case .fd_fdstat_get: try descriptorStatus(a[0], result: a[1], memory)
    case .fd_fdstat_set_flags: try setFlags(a[0], a[1])
    case .fd_fdstat_set_rights: try setRights(a[0], base: a.wide(1), inheriting: a.wide(2))
    case .fd_filestat_get: try fileStatus(a[0], result: a[1], memory)
    case .fd_filestat_set_size: try setSize(a[0], a.wide(1))
    case .fd_filestat_set_times:
      try setTimes(a[0], access: a.wide(1), modification: a.wide(2), flags: a[3])
    case .fd_read: try read(a[0], vectors: a[1], count: a[2], result: a[3], memory)
    case .fd_write: try write(a[0], vectors: a[1], count: a[2], result: a[3], memory)
    case .fd_pread: try read(a[0], vectors: a[1], count: a[2], at: a.wide(3), result: a[4], memory)
    case .fd_pwrite:
      try write(a[0], vectors: a[1], count: a[2], at: a.wide(3), result: a[4], memory)
    case .fd_prestat_get: try preopenStatus(a[0], result: a[1], memory)
    case .fd_prestat_dir_name: try preopenName(a[0], buffer: a[1], count: a[2], memory)
    case .fd_readdir:
      try readFolder(a[0], buffer: a[1], count: a[2], cookie: a.wide(3), result: a[4], memory)
    case .fd_renumber: try descriptors.move(a[0], to: a[1])
    case .fd_seek: try seek(a[0], offset: a.wide(1), whence: a[2], result: a[3], memory)
    case .fd_sync: try synchronize(a[0])
    case .fd_tell: try tell(a[0], result: a[1], memory)
    case .poll_oneoff:
      try poll(subscriptions: a[0], events: a[1], count: a[2], result: a[3], memory)
    case .random_get: try random(buffer: a[0], count: a[1], memory)
    case .sched_yield: yieldThread()
    case .sock_accept, .sock_recv, .sock_send, .sock_shutdown: try refuseSocket(a[0])
    case .proc_exit, .proc_raise: throw .nosys
    default: try callPathFunction(function, a, memory)
    }
  }

  private func callPathFunction(
    _ function: Preview1, _ a: Arguments, _ memory: GuestBytes
  ) throws(Errno) {
    switch function {
    case .path_create_directory: try createFolder(a[0], try memory.bytes(at: a[1], count: a[2]))
    case .path_remove_directory: try removeFolder(a[0], try memory.bytes(at: a[1], count: a[2]))
    case .path_unlink_file: try unlinkFile(a[0], try memory.bytes(at: a[1], count: a[2]))
    case .path_filestat_get:
      let path = try memory.bytes(at: a[2], count: a[3])
      try fileStatus(a[0], LookupFlags(rawValue: a[1]), path, result: a[4], memory)
    case .path_filestat_set_times:
      let path = try memory.bytes(at: a[2], count: a[3])
      try setTimes(
        a[0], LookupFlags(rawValue: a[1]), path, access: a.wide(4), modification: a.wide(5),
        flags: a[6])
    case .path_link:
      let source = try memory.bytes(at: a[2], count: a[3])
      let target = try memory.bytes(at: a[5], count: a[6])
      try link(a[0], LookupFlags(rawValue: a[1]), source, to: a[4], target)
    case .path_open:
      let path = try memory.bytes(at: a[2], count: a[3])
      let request = OpenRequest(
        lookup: LookupFlags(rawValue: a[1]), open: a[4], rights: Rights(rawValue: a.wide(5)),
        inheriting: Rights(rawValue: a.wide(6)), flags: a[7])
      try open(a[0], path, request, result: a[8], memory)
    case .path_readlink:
      let path = try memory.bytes(at: a[1], count: a[2])
      let buffer = try memory.bytes(at: a[3], count: a[4])
      try readLink(a[0], path, into: buffer, result: a[5], memory)
    case .path_rename:
      let source = try memory.bytes(at: a[1], count: a[2])
      let target = try memory.bytes(at: a[4], count: a[5])
      try rename(a[0], source, to: a[3], target)
    case .path_symlink:
      let contents = try memory.bytes(at: a[0], count: a[1])
      let path = try memory.bytes(at: a[3], count: a[4])
      try symlink(a[2], path, contents: contents)
    default: throw .nosys
    }
  }
}
