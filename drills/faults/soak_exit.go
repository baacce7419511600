package main

import (
	"syscall"
	"time"
)

// exit ends the process while streams are open at a site that is there and at one that is
// gone for good.
func (s *soak) exit() error {
	s.stopping.Store(false)
	clients := s.crowd()
	time.Sleep(6 * time.Second)
	if err := s.removeAnnex(); err != nil {
		return err
	}
	time.Sleep(time.Second)
	s.site.Lock()
	s.stopping.Store(true)
	open := s.open.Load()
	err := s.gateway.Signal(syscall.SIGTERM)
	s.site.Unlock()
	clients.Wait()
	if err != nil {
		return err
	}
	status, err := s.gateway.Exited(patience)
	if err != nil {
		return err
	}
	if status != 0 {
		s.complain("the process exits with %d", status)
	}
	for i, where := range []string{"at the site", "at the site that was gone"} {
		if s.parted[i].Load() == 0 {
			s.complain("no stream %s was ended by the exit, though %d were open", where, open)
		}
	}
	return nil
}

// removeAnnex takes one of the sites away for good.
func (s *soak) removeAnnex() error {
	s.site.Lock()
	defer s.site.Unlock()
	s.lone.Store(true)
	return s.gateway.Load(s.gateway.caddyfile(s.options("15s"), s.gateway.site))
}
