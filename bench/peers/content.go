package peers

import "math/rand/v2"

// contentBytes is how much different content there is: more than fits a small
// cache, less than would make memory the limit.
const contentBytes = 1 << 20

// Content is what messages carry: contentBytes of noise, the same in every
// process, sent over and over in pieces of one size. It is never changed.
type Content struct {
	noise []byte
	size  int
}

// NewContent is content for messages of size bytes, a power of two no larger
// than contentBytes.
func NewContent(size int) Content {
	noise := make([]byte, contentBytes)
	rand.NewChaCha8([32]byte{}).Read(noise) // never fails
	return Content{noise, size}
}

// Message is the content of message i.
func (c Content) Message(i int) []byte {
	at := i * c.size % contentBytes
	return c.noise[at : at+c.size : at+c.size]
}

// Messages are the contents of messages i and after, one behind the other: at
// most n, and fewer where the noise ends.
func (c Content) Messages(i, n int) []byte {
	at := i * c.size % contentBytes
	return c.noise[at:min(at+n*c.size, contentBytes)]
}
