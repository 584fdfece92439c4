package state

func reset() { shared = nil }
