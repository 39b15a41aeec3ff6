package glctx

// A Limit is one of a context's limits.
type Limit struct {
	Name string // OpenGL's, such as "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS"
	Have int64  // what the driver says
	// Need is what the state tables of OpenGL 4.3's specification promise of every
	// driver, and what the kernels rely on: the least, or for an alignment the most.
	Need int64
	Most bool // Need is the most instead of the least
}

// Met tells whether the driver offers what the specification asks of it.
func (l Limit) Met() bool {
	if l.Most {
		return l.Have <= l.Need
	}
	return l.Have >= l.Need
}
