package monc

// Defects are planted bugs, each modelled on a historical one, for proving that
// the checks find it. Each is consulted in one place.
type Defects struct {
	// KeepAuthErrOnReopen keeps the outcome of the last hunt when another one begins,
	// so that Authenticate takes it for that one's (BUG-21).
	KeepAuthErrOnReopen bool
	// FreshGIDOnReopen forgets the global id at each hunt, so that the daemon
	// comes back as a stranger (BUG-23).
	FreshGIDOnReopen bool
	// FinishHuntOnMonmap takes the arrival of a monmap for the end of the hunt
	// (BUG-24).
	FinishHuntOnMonmap bool
	// NoReopenOnEagain stops hunting when the last monitor answers "try again"
	// (BUG-26).
	NoReopenOnEagain bool
	// NoUnBackoff never shortens the hunt interval again (BUG-28).
	NoUnBackoff bool
	// TickBySlowInterval gives hunts before the first session the time that a healthy
	// session has between keepalives (BUG-28).
	TickBySlowInterval bool
	// ShutdownKeepsCons leaves connections alone in a shutdown, so that an
	// authentication under way comes to its end after it (BUG-28c).
	ShutdownKeepsCons bool
	// KeepLosers goes on to listen to the monitors that were tried beside the one whose
	// session the client has.
	KeepLosers bool
}
