// Package messenger is the matrix that the messenger (package msgr) is held
// against: two of them talk in the simulator while seeded damage strikes at
// positions of the protocol, and whatever one of them promises about delivery,
// callbacks and resources is checked.
//
//	plan := messenger.Choose(4711, nil)
//	outcome := messenger.Run(messenger.Config{Plan: plan})
//	fmt.Println(plan, outcome.Err()) // the same for the same seed, always
//
// A [Plan] is everything that one seed chose: a [Pair] of policies, the features
// that both announce, traffic, the size of the pieces in which the network moves
// bytes, and a list of [Damage]. Damage strikes at a fault point of the messenger
// (msgr.Points names them: before and after each step of the handshake, inside a
// message, before an ack), for the n-th time that one side reaches it and inside
// that very callback; or after so many bytes and so many steps, and as a piece can
// be a few bytes small that is between any two callbacks.
//
// It is the scenario "messenger" of the catalogue, so campaigns, replay and traces
// work as for any other: wavetank run messenger --seeds 1-100000. [Bugs] are
// planted ones that it must find.
//
// What is checked, by the names of docs/: lossless sessions deliver exactly once
// and in order, and every loss is told (I-MSG-1, I-MSG-2); a lossy session
// delivers a prefix and is reset once (I-MSG-3); nothing follows a mark_down
// (I-MSG-4); races resolve (I-MSG-6); what is for one instance of a daemon reaches no
// other (I-MSG-7); throttles come back to zero (I-MSG-8);
// nothing is left after Shutdown (I-MSG-9); callbacks come in order (I-MSG-10);
// an idle session answers keepalives (I-MC-3); and the simulated machine holds no
// socket, timer or buffer in the end (I-DET-3).
package messenger
