package sqlite

import (
	"cmp"
	"context"
	"database/sql"
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
	// fullBlock is the size at which a block gets no more records.
	fullBlock = 4 << 20
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
	block, begin, size := 0, 0, 0
	for n, i := range order {
		if n-begin == mostInBlock || size >= fullBlock || records[i].Time.Sub(records[order[begin]].Time) > widestBlock {
			block, begin, size = block+1, n, 0
		}
		of[i], size = block, size+sizeOf(records[i])
	}
	return of
}

// sizeOf is about how large a record is: what else it says is short.
func sizeOf(r *ledger.Record) int {
	n := len(r.Error) + len(r.Losses)
	for i := range r.Attempts {
		n += len(r.Attempts[i].Raw) + len(r.Attempts[i].Error)
	}
	return n
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
	k, packed, err := scanPacked(scan)
	if err == nil {
		k.entries, err = unpacked(packed)
	}
	return k, err
}

// scanPacked reads a block but for its entries, which it gives as they are kept.
func scanPacked(scan relational.Scanner) (k block, packed sql.RawBytes, err error) {
	err = scan(&k.number, &k.last, &packed)
	return k, packed, err
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
