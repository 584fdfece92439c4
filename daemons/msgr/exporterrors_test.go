package msgr

// What can be wrong with what a peer sends, for tests of errors.Is.
var (
	ErrReadyTimeout    = errReadyTimeout
	ErrPeerClosed      = errPeerClosed
	ErrBadBanner       = errBadBanner
	ErrBadAddress      = errBadAddress
	ErrBadConnect      = errBadConnect
	ErrBadProtocol     = errBadProtocol
	ErrBadAuthorizer   = errBadAuthorizer
	ErrLongAuthorizer  = errLongAuthorizer
	ErrMissingFeatures = errMissingFeatures
	ErrBadConnectSeq   = errBadConnectSeq
	ErrTooManyConnects = errTooManyConnects
	ErrWrongPeer       = errWrongPeer
	ErrTurnedDown      = errTurnedDown
	ErrBadReply        = errBadReply
	ErrToldToWait      = errToldToWait
	ErrBadTag          = errBadTag
	ErrTooLarge        = errTooLarge
	ErrBadSeq          = errBadSeq
	ErrUnknownType     = errUnknownType
)
