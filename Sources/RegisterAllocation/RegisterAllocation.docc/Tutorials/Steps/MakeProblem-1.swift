// SPDX-License-Identifier: Apache-2.0
// From a function to a problem.

import RegisterAllocation

/// Tables end to end: each element's record says where its part of a table starts.
func makeProblem(for function: Function<VirtualRegister>) -> Problem {
  var problem = Problem()
  problem.machine = toyMachine
  problem.clobberMasks.append(destroyedByCalls)
  problem.seal()
  return problem
}
