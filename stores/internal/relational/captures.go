package relational

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
)

// InsertCaptures implements capture.Store.
func (s *Store) InsertCaptures(ctx context.Context, captures []capture.Capture) error {
	for i := range captures {
		if id := captures[i].ID; id == "" || !isClean(id) {
			return fmt.Errorf("id: %.40q is no id of a request", id)
		}
	}
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i := range captures {
			if err := s.insertCapture(ctx, tx, &captures[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) insertCapture(ctx context.Context, tx *sql.Tx, c *capture.Capture) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO xjp_captures (id, time, tenant, key, footprint, request_size, answer_size, request, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		c.ID, s.engine.Time(exact(c.Time)), clean(c.Tenant), clean(c.Key), c.Footprint(), c.Request.Size, c.Answer.Size,
		bytesOf(&c.Request), bytesOf(&c.Answer))
	return err
}

// bytesOf is a body's content as a statement takes it, which is never null.
func bytesOf(b *capture.Body) []byte {
	if b.Content == nil {
		return []byte{}
	}
	return b.Content
}

const captureHead = "SELECT id, time, tenant, key, request_size, answer_size, length(request), length(answer)"

// scanHead reads a capture without its contents.
func scanHead(scan Scanner, c *capture.Capture, more ...any) error {
	var request, answer int64
	err := scan(append([]any{&c.ID, (*moment)(&c.Time), &c.Tenant, &c.Key, &c.Request.Size, &c.Answer.Size, &request, &answer}, more...)...)
	c.Request.Truncated, c.Answer.Truncated = request < c.Request.Size, answer < c.Answer.Size
	return err
}

// Capture implements capture.Store.
func (s *Store) Capture(ctx context.Context, tenant, id string) (*capture.Capture, error) {
	if !isClean(id) {
		return nil, nil
	}
	w := new(where)
	w.add("id = ", id)
	w.is("tenant", tenant)
	var found *capture.Capture
	err := s.query(ctx, func(scan Scanner) error {
		found = new(capture.Capture)
		return scanHead(scan, found, &found.Request.Content, &found.Answer.Content)
	}, captureHead+", request, answer FROM xjp_captures"+w.String(), w.args...)
	return found, err
}

// Captures implements capture.Store.
func (s *Store) Captures(ctx context.Context, f capture.Filter) ([]capture.Capture, string, error) {
	w := new(where)
	w.is("tenant", f.Tenant)
	w.is("key", f.Key)
	w.span(s.engine.Time, f.Since, f.Until)
	limit, err := s.page(w, f.After, f.Limit)
	if err != nil {
		return nil, "", err
	}
	var page []capture.Capture
	err = s.query(ctx, func(scan Scanner) error {
		var c capture.Capture
		err := scanHead(scan, &c)
		page = append(page, c)
		return err
	}, captureHead+" FROM xjp_captures"+w.String()+latestFirst(limit), w.args...)
	if err != nil {
		return nil, "", err
	}
	page, next := turn(page, limit, func(last *capture.Capture) Place { return Place{last.Time, last.ID} })
	return page, next, nil
}

// DeleteCaptures implements capture.Store.
func (s *Store) DeleteCaptures(ctx context.Context, tenant, key string, most int) (int, error) {
	w := new(where)
	w.is("tenant", tenant)
	w.is("key", key)
	return s.deleteCaptures(ctx, fmt.Sprintf("SELECT id FROM xjp_captures%s LIMIT %d", w, most), w.args...)
}

// PruneCaptures implements capture.Store.
func (s *Store) PruneCaptures(ctx context.Context, before time.Time, maxTotal int64, most int) (int, error) {
	return s.deleteCaptures(ctx, fmt.Sprintf(`SELECT id FROM
		(SELECT id, time, CAST(SUM(footprint) OVER (ORDER BY time DESC, id DESC) AS bigint) AS total FROM xjp_captures) AS latest
		WHERE time < $1 OR total > $2 ORDER BY time, id LIMIT %d`, most), s.engine.Time(before), maxTotal)
}

// deletedAtOnce is how many captures one transaction deletes: they are large, and others wait.
const deletedAtOnce = 100

// deleteCaptures deletes the captures whose ids a statement gives.
func (s *Store) deleteCaptures(ctx context.Context, statement string, args ...any) (int, error) {
	var ids []string
	err := s.query(ctx, func(scan Scanner) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, statement, args...)
	deleted := 0
	for part := range slices.Chunk(ids, deletedAtOnce) {
		if err != nil {
			break
		}
		err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			w := new(where)
			w.in("id", len(part), func(i int) any { return part[i] })
			_, err := tx.ExecContext(ctx, "DELETE FROM xjp_captures"+w.String(), w.args...)
			return err
		})
		if err == nil {
			deleted += len(part)
		}
	}
	return deleted, err
}
