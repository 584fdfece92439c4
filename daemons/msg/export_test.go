package msg

// newBody is a zero body of the type, nil if it is not known.
func newBody(t Type) Body {
	if k := kindOf(t); k.make != nil {
		return k.make().Body
	}
	return nil
}
