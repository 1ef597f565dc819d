// Package firestore is a Firestore emulator: a gRPC server of google.firestore.v1
// that the official client libraries talk to, over a socket or in memory. It
// behaves as Native mode, Standard edition, with the service's error codes and
// limits, and it refuses with UNIMPLEMENTED what it does not do (Listen, Write,
// PartitionQuery, vector search, pipelines, query profiling).
//
// Transactions are pessimistic, as the server client libraries' are: see package
// lock. Two things differ from the service on purpose. A transaction that is idle
// for a few seconds, or whose client is gone, loses its locks when somebody waits
// for them, and not only after a minute. And which query needs an index is held
// against the definitions that it was given, not against what was deployed.
//
// Old versions, which reads at a time need, are kept for an hour and at most
// 50,000, and not over a restart.
//
// Time is that of the injected clock, except for what belongs to a connection:
// latency, lock waits and the ages of transactions run on real time.
package firestore
