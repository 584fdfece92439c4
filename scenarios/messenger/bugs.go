package messenger

import "github.com/wavetank/wavetank/daemons/msgr"

// Bug is a planted bug that the matrix must find.
type Bug struct {
	// Name, and what it is, in a sentence.
	Name, Doc string
	// Property is the one by which it is found, in the first seed from 1 that does.
	Property string
	Defects  Defects
}

// Bugs are the planted ones, in the order of their names.
func Bugs() []Bug {
	return []Bug{
		{"ackWithoutWake", "the answer to a keepalive waits for other traffic (BUG-48, tracker 17664)", "I-MC-3",
			Defects{Messenger: msgr.Defects{AckWithoutWake: true}}},
		{"bumpSeqWhileConnecting", "a fault in the handshake passes for a session that broke (BUG-41, tracker 36612)", "I-MSG-10",
			Defects{Messenger: msgr.Defects{BumpSeqWhileConnecting: true}}},
		{"deliverAfterMarkDown", "messages in the queue outlive the mark_down of their connection", "I-MSG-10",
			Defects{Messenger: msgr.Defects{DeliverAfterMarkDown: true}}},
		{"forgetSent", "what a broken socket was given is not sent again", "I-MSG-1",
			Defects{Messenger: msgr.Defects{ForgetSent: true}}},
		{"fullResetOnZeroCookie", "a session of which one side never learned is reset with its queue (BUG-42, tracker 38118)", "I-MSG-10",
			Defects{Messenger: msgr.Defects{FullResetOnZeroCookie: true}}},
		{"keepHeldOnFault", "a fault in the middle of a message keeps what it drew from the throttles", "I-MSG-8",
			Defects{Messenger: msgr.Defects{KeepHeldOnFault: true}}},
		{"leakSocketsOnRespawn", "a process that respawns leaves its sockets open (BUG-51, tracker 16390)", "I-DET-3",
			Defects{LeakSockets: true}},
		{"noReadyTimeout", "an acceptor that says nothing is waited for without end (BUG-45, tracker 37499)", "I-MSG-6",
			Defects{Messenger: msgr.Defects{NoReadyTimeout: true}}},
		{"retryOnZeroSeq", "a standby session without a number sends connectors round in circles (BUG-50, pull request 17276)", "I-MSG-6",
			Defects{Messenger: msgr.Defects{RetryOnZeroSeq: true}}},
		{"reuseKeepsOldFeatures", "a session goes on with the features of the socket before (BUG-52, tracker 46180)", "I-MSG-6",
			Defects{Messenger: msgr.Defects{ReuseKeepsOldFeatures: true}}},
		{"takeAnyInstance", "a daemon that was restarted is taken for the one that was dialled", "I-MSG-7",
			Defects{Messenger: msgr.Defects{TakeAnyInstance: true}}},
	}
}
