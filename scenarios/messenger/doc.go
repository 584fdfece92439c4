// Package messenger is the matrix that the messenger (package msgr) is held
// against: two of them talk in the simulator while seeded damage strikes at
// positions of the protocol, and whatever one of them promises about delivery,
// callbacks and resources is checked.
//
//	plan := messenger.Choose(4711)
//	if err := messenger.Run(plan, msgr.Defects{}); err != nil {
//		fmt.Println(plan, err) // the same for the same seed, always
//	}
//
// A [Plan] is everything that one seed chose: a [Pair] of policies, traffic, the
// size of the pieces in which the network moves bytes, and a list of [Damage].
// A piece can be as small as a few bytes, so damage "after so many bytes and so
// many steps" falls between any two callbacks of a handshake.
//
// What is checked, by the names of docs/: lossless sessions deliver exactly once
// and in order, and every loss is told (I-MSG-1, I-MSG-2); a lossy session
// delivers a prefix and is reset once (I-MSG-3); nothing follows a mark_down
// (I-MSG-4); races resolve (I-MSG-6); throttles come back to zero (I-MSG-8);
// nothing is left after Shutdown (I-MSG-9); callbacks come in order (I-MSG-10);
// an idle session answers keepalives (I-MC-3).
package messenger
