package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// blocks keep the records of requests: those that are stored together are packed into a block, which
// is one row. A row and its places in four indexes for each of them would take several times as
// much time and space. Three tables lead to a block: by its records' ids, by its time, and by the
// tenants and keys that its records are of.
type blocks struct{ engine engine }

var _ relational.Requests = blocks{}

const (
	// mostInBlock is how many records a block has at most, as one of them is read with all.
	mostInBlock = 256
	// widestBlock is how much time lies between a block's records at most, so that those
	// of a time are found in the blocks around it.
	widestBlock = 10 * time.Minute
)

// Insert implements relational.Requests.
func (b blocks) Insert(ctx context.Context, tx *sql.Tx, records []*ledger.Record) ([]bool, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(number), 0) FROM xjp_blocks").Scan(&last); err != nil {
		return nil, err
	}
	of := divide(records)
	ids := &relational.Rows{Table: "xjp_ids", Keys: 1, Count: len(records), Columns: []relational.Column{
		{Name: "id", Kind: relational.Text, At: func(row int) any { return records[row].ID }},
		{Name: "block", Kind: relational.Number, At: func(row int) any { return last + 1 + int64(of[row]) }},
	}}
	added, err := b.engine.add(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	parts := make([][]*ledger.Record, slices.Max(of)+1)
	for i, r := range records {
		if added[i] {
			parts[of[i]] = append(parts[of[i]], r)
		}
	}
	for i, part := range parts {
		if len(part) == 0 {
			continue
		}
		if err := b.addBlock(ctx, tx, last+1+int64(i), part); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// divide tells of which of a number of blocks each record is to be.
func divide(records []*ledger.Record) []int {
	order := make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return records[a].Time.Compare(records[b].Time) })
	of := make([]int, len(records))
	block, begin := 0, 0
	for n, i := range order {
		if n-begin == mostInBlock || records[i].Time.Sub(records[order[begin]].Time) > widestBlock {
			block, begin = block+1, n
		}
		of[i] = block
	}
	return of
}

// addBlock adds a block, and what leads to it by time and by owners.
func (b blocks) addBlock(ctx context.Context, tx *sql.Tx, number int64, records []*ledger.Record) error {
	entries := make([]entry, len(records))
	for i, r := range records {
		entries[i] = entryOf(r)
	}
	first, last := slices.MinFunc(entries, byTime).time, slices.MaxFunc(entries, byTime).time
	p := packers.Get().(*packer)
	defer p.done()
	_, err := tx.ExecContext(ctx, "INSERT INTO xjp_blocks (number, first, last, records) VALUES ($1, $2, $3, $4)", number, first, last, p.packRecords(records))
	if err != nil {
		return err
	}
	owners := ownersOf(entries)
	rows := &relational.Rows{Table: "xjp_owners", Keys: 3, Count: len(owners), Columns: []relational.Column{
		{Name: "owner", Kind: relational.Text, At: func(row int) any { return owners[row] }},
		{Name: "last", Kind: relational.Number, At: func(int) any { return last }},
		{Name: "block", Kind: relational.Number, At: func(int) any { return number }},
	}}
	insert := b.engine.inserter(tx, rows, "")
	defer insert.close()
	return inParts(0, len(owners), rowsAtOnce, func(begin, end int) error {
		_, err := insert.insert(ctx, begin, end)
		return err
	})
}

// ownersOf are the tenants and keys of entries, each once, as the table of owners has them.
func ownersOf(entries []entry) []string {
	type pair struct{ tenant, key string }
	seen := map[pair]bool{}
	var owners []string
	for i := range entries {
		p := pair{entries[i].tenant, entries[i].key}
		if seen[p] {
			continue
		}
		seen[p] = true
		if p.tenant != "" {
			owners = append(owners, tenantOwner(p.tenant))
		}
		if p.key != "" {
			owners = append(owners, keyOwner(p.key))
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

func byTime(a, b entry) int { return cmp.Compare(a.time, b.time) }

func tenantOwner(tenant string) string { return "t" + tenant }
func keyOwner(key string) string       { return "k" + key }

// block is one that has been read.
type block struct {
	number, last int64
	entries      []entry
}

// find tells where the entry of an id is, -1 if it is not there.
func (k *block) find(id string) int {
	return slices.IndexFunc(k.entries, func(e entry) bool { return e.id == id })
}

const selectBlock = "SELECT b.number, b.last, b.records FROM xjp_blocks AS b"

func scanBlock(scan relational.Scanner) (k block, err error) {
	var packed sql.RawBytes
	if err := scan(&k.number, &k.last, &packed); err != nil {
		return k, err
	}
	k.entries, err = unpacked(packed)
	return k, err
}

// read gives the blocks that a statement chooses.
func read(ctx context.Context, tx *sql.Tx, choice string, args ...any) (list []block, err error) {
	rows, err := tx.QueryContext(ctx, selectBlock+choice, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		k, err := scanBlock(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// DeleteLost implements relational.Requests.
func (b blocks) DeleteLost(ctx context.Context, tx *sql.Tx, records []*ledger.Record) (lost []*ledger.Record, err error) {
	wanted := make(map[string]bool, len(records))
	args := make([]any, len(records))
	for i, r := range records {
		wanted[r.ID], args[i] = true, r.ID
	}
	places := strings.Repeat(", ?", len(args))[2:]
	list, err := read(ctx, tx, " WHERE b.number IN (SELECT block FROM xjp_ids WHERE id IN ("+places+")) ORDER BY b.number", args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		deleted, err := b.delete(ctx, tx, &list[i], func(e *entry) bool { return e.end == string(ledger.Lost) && wanted[e.id] })
		if err != nil {
			return nil, err
		}
		for i := range deleted {
			r, err := deleted[i].record()
			if err != nil {
				return nil, err
			}
			lost = append(lost, r)
		}
	}
	return lost, nil
}

// delete takes entries out of a block, which goes with the last of them, and gives them.
func (b blocks) delete(ctx context.Context, tx *sql.Tx, k *block, which func(*entry) bool) (deleted []entry, err error) {
	var left []entry
	for i := range k.entries {
		if e := &k.entries[i]; which(e) {
			deleted = append(deleted, *e)
		} else {
			left = append(left, *e)
		}
	}
	if len(deleted) == 0 {
		return nil, nil
	}
	for part := range slices.Chunk(deleted, rowsAtOnce) {
		args := make([]any, len(part))
		for i := range part {
			args[i] = part[i].id
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM xjp_ids WHERE id IN ("+strings.Repeat(", ?", len(args))[2:]+")", args...); err != nil {
			return nil, err
		}
	}
	staying := ownersOf(left)
	for _, owner := range ownersOf(deleted) {
		if slices.Contains(staying, owner) {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM xjp_owners WHERE owner = $1 AND last = $2 AND block = $3", owner, k.last, k.number); err != nil {
			return nil, err
		}
	}
	if len(left) > 0 {
		return deleted, b.rewrite(ctx, tx, k.number, left)
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM xjp_blocks WHERE number = $1", k.number)
	return deleted, err
}

// rewrite puts other entries into a block, of the same tenants and keys and none later than
// its last. That stays as it is, since the table of owners has it too.
func (b blocks) rewrite(ctx context.Context, tx *sql.Tx, number int64, entries []entry) error {
	first := slices.MinFunc(entries, byTime).time
	p := packers.Get().(*packer)
	defer p.done()
	_, err := tx.ExecContext(ctx, "UPDATE xjp_blocks SET first = $1, records = $2 WHERE number = $3", first, p.pack(entries), number)
	return err
}

const ofID = " WHERE b.number = (SELECT block FROM xjp_ids WHERE id = $1)"

// Change implements relational.Requests.
func (b blocks) Change(ctx context.Context, tx *sql.Tx, id string, change func(r *ledger.Record) bool) error {
	list, err := read(ctx, tx, ofID, id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return ledger.ErrNoRecord
	}
	k := &list[0]
	at := k.find(id)
	if at < 0 {
		return errDamagedBlock
	}
	r, err := k.entries[at].record()
	if err != nil || !change(r) {
		return err
	}
	k.entries[at] = entryOf(r)
	k.entries[at].document = string(relational.AppendDocument(nil, r))
	return b.rewrite(ctx, tx, k.number, k.entries)
}

// Record implements relational.Requests.
func (b blocks) Record(ctx context.Context, query relational.Query, id string) (found *ledger.Record, err error) {
	err = query(ctx, func(scan relational.Scanner) error {
		k, err := scanBlock(scan)
		if err != nil {
			return err
		}
		at := k.find(id)
		if at < 0 {
			return errDamagedBlock
		}
		found, err = k.entries[at].record()
		return err
	}, selectBlock+ofID, id)
	return found, err
}

// errEnough ends a query whose further blocks cannot matter.
var errEnough = errors.New("there is enough")

// Records implements relational.Requests. Blocks come by the time of their last record, the
// latest first, until no record of those that are left can be among the latest.
func (b blocks) Records(ctx context.Context, query relational.Query, s *relational.Selection) ([]ledger.Record, error) {
	chosen, most := chooser(s), s.Limit+1
	var page []entry
	statement, args := blocksOf(s)
	err := query(ctx, func(scan relational.Scanner) error {
		k, err := scanBlock(scan)
		if err != nil {
			return err
		}
		if len(page) == most && page[most-1].time > k.last {
			return errEnough
		}
		before := len(page)
		for i := range k.entries {
			if chosen(&k.entries[i]) {
				page = append(page, k.entries[i].clone())
			}
		}
		if len(page) > before {
			slices.SortFunc(page, latestFirst)
			page = page[:min(len(page), most)]
		}
		return nil
	}, statement, args...)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	var list []ledger.Record
	for i := range page {
		r, err := page[i].record()
		if err != nil {
			return nil, err
		}
		list = append(list, *r)
	}
	return list, nil
}

// blocksOf is the statement for the blocks that may hold records of a selection, the latest
// first.
func blocksOf(s *relational.Selection) (statement string, args []any) {
	from, last := selectBlock, "b.last"
	var conditions []string
	is := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	if s.Tenant != "" || s.Key != "" {
		// SQLite keeps the order of a cross join.
		from, last = strings.Replace(selectBlock, "FROM ", "FROM xjp_owners AS o CROSS JOIN ", 1)+" ON b.number = o.block", "o.last"
		owner := tenantOwner(s.Tenant)
		if s.Key != "" {
			owner = keyOwner(s.Key)
		}
		is("o.owner =", owner)
	}
	if !s.Since.IsZero() {
		is(last+" >=", s.Since.UnixMicro())
	}
	for _, until := range []time.Time{s.Until, s.Before.Time} {
		if !until.IsZero() {
			is("b.first <=", until.UnixMicro())
			is(last+" <=", until.Add(widestBlock).UnixMicro())
		}
	}
	if len(conditions) > 0 {
		from += " WHERE " + strings.Join(conditions, " AND ")
	}
	return from + " ORDER BY " + last + " DESC", args
}

// chooser tells whether an entry is one of a selection.
func chooser(s *relational.Selection) func(e *entry) bool {
	since, until := bound(s.Since, math.MinInt64), bound(s.Until, math.MaxInt64)
	before := entry{id: s.Before.ID, time: s.Before.Time.UnixMicro()}
	return func(e *entry) bool {
		return since <= e.time && e.time < until &&
			(s.Before.ID == "" || latestFirst(before, *e) < 0) &&
			(s.Tenant == "" || s.Tenant == e.tenant) &&
			(s.Key == "" || s.Key == e.key) &&
			(s.Model == "" || s.Model == e.model) &&
			(s.Provider == "" || s.Provider == e.provider) &&
			(s.Session == "" || s.Session == e.session) &&
			(s.End == "" || string(s.End) == e.end)
	}
}

// bound is a time in microseconds, or what stands for one that is not set. It is rounded up, as times
// of records are exact: what is not before it is not before the next microsecond.
func bound(t time.Time, unset int64) int64 {
	if t.IsZero() {
		return unset
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}

// prunedAtOnce is how many blocks are read at once to be pruned.
const prunedAtOnce = 16

// Prune implements relational.Requests.
func (b blocks) Prune(ctx context.Context, tx *sql.Tx, before time.Time, most int) (int, error) {
	deleted, end := 0, before.UnixMicro()
	for deleted < most {
		list, err := read(ctx, tx, fmt.Sprintf(" WHERE b.first < $1 ORDER BY b.first LIMIT %d", prunedAtOnce), end)
		if err != nil || len(list) == 0 {
			return deleted, err
		}
		for i := range list {
			room := most - deleted
			gone, err := b.delete(ctx, tx, &list[i], func(e *entry) bool {
				if e.time >= end || room == 0 {
					return false
				}
				room--
				return true
			})
			if err != nil || len(gone) == 0 {
				return deleted, err
			}
			deleted += len(gone)
		}
	}
	return deleted, nil
}
