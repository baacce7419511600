package servers

// RunPostgreSQL starts a server for a program that is no test, and has to Remove it. It has
// the empty database "postgres". The error is exec.ErrNotFound where there is no binary.
func RunPostgreSQL() (*Server, error) { return newPostgreSQL() }

// RunRedis does the same with a Redis or Valkey server.
func RunRedis() (*Server, error) { return newRedis() }

// Halt ends the server in order, and waits until it is gone. Its data stay.
func (s *Server) Halt() error { return s.halt(s.stop) }

// Resume starts a server again and waits until it answers.
func (s *Server) Resume() error { return s.start() }

// Remove ends the server and deletes its data.
func (s *Server) Remove() { s.remove() }
