package main

// outcome is what the fault must lead to.
func (t *trial) outcome() outcome {
	if t.stream {
		return t.fault.stream
	}
	return t.fault.whole
}

// fallsBack says that the healthy route serves in place of the faulty one.
func (t *trial) fallsBack() bool {
	switch t.outcome().point {
	case before, early:
		return t.backed
	case passes:
		return t.backed && t.fault.calls > 1
	}
	return false
}

// serves says that the client gets a good answer.
func (t *trial) serves() bool { return t.fallsBack() || t.outcome().point == passes }

// calls is how often the faulty provider is called. With another route there are no rounds.
func (t *trial) calls() int {
	again := t.fault.again > 0 && t.upstream == gemini
	switch {
	case t.fallsBack() && again:
		return 2
	case t.fallsBack(), t.fault.calls == 0 && !again:
		return 1
	case again:
		return t.fault.again
	}
	return t.fault.calls
}

// mark is what the faulty route bears afterwards, with so many failures in a row.
func (t *trial) mark() (m mark, failures int) {
	o := t.outcome()
	if o.point == passes && !t.fallsBack() {
		return mark{}, 0
	}
	if o.route.fails {
		return mark{}, t.calls()
	}
	if m = o.route; m.grows {
		m.rest <<= t.calls() - 1
	}
	return m, 0
}

// usage is what is settled: what the provider that was called last has told.
func (t *trial) usage() usage {
	switch {
	case t.serves():
		return served
	case t.stream && t.fault.tells:
		return t.upstream.told()
	}
	return usage{}
}

// callsBehind is how often the healthy provider is called.
func (t *trial) callsBehind() int {
	if t.fallsBack() {
		return 1
	}
	return 0
}

// told is the status and the type or code by which the client is told of an outcome.
func (t *trial) told(o outcome) (status int, code string) {
	switch {
	case t.client == chat:
		return o.status, o.code
	case o.status == 503:
		return 529, messagesType[503]
	}
	return o.status, messagesType[o.status]
}
