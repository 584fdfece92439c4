package db

import (
	"context"
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
)

// migration is one step of the schema's history. Steps are never changed, only added,
// and each can be run again: MariaDB cannot take back half a one.
type migration struct {
	version int
	// statements, in which <id>, <boolean>, <stamp>, <number> and <suffix> stand for
	// the engine's types.
	statements []string
}

// migrations are the tables as Cinder's Zed has them (cinder/db/sqlalchemy/models.py):
// columns, types, names and constraints, without the foreign keys to tables that we do
// not have.
func migrations() []migration {
	return []migration{{1, []string{
		`create table if not exists services (
			created_at <stamp>, updated_at <stamp>, deleted_at <stamp>, deleted <boolean> default false,
			id <id>, host varchar(255), "binary" varchar(255), topic varchar(255),
			report_count <number> not null default 0, disabled <boolean> default false,
			availability_zone varchar(255) default 'cinder', disabled_reason varchar(255), modified_at <stamp>,
			rpc_current_version varchar(36), object_current_version varchar(36),
			replication_status varchar(36) default 'not-capable', frozen <boolean> default false,
			active_backend_id varchar(255), cluster_name varchar(255), uuid varchar(36) unique)<suffix>`,
		`create table if not exists clusters (
			created_at <stamp>, updated_at <stamp>, deleted_at <stamp>, deleted <boolean> default false,
			id <id>, name varchar(255) not null, "binary" varchar(255) not null,
			disabled <boolean> default false, disabled_reason varchar(255), race_preventer <number> not null default 0,
			replication_status varchar(36) default 'not-capable', active_backend_id varchar(255),
			frozen <boolean> not null default false, unique (name, "binary", race_preventer))<suffix>`,
		`create table if not exists workers (
			created_at <stamp>, updated_at <stamp>, deleted_at <stamp>, deleted <boolean> default false,
			id <id>, resource_type varchar(40) not null, resource_id varchar(36) not null, status varchar(255) not null,
			service_id <number>, race_preventer <number> not null default 0,
			unique (resource_type, resource_id), foreign key (service_id) references services (id))<suffix>`,
	}}}
}

// versionTable says which migrations are done.
const versionTable = `create table if not exists schema_migrations (version <number> not null primary key)<suffix>`

// SchemaVersion is the version of the tables that this package works with.
func SchemaVersion() int { all := migrations(); return all[len(all)-1].version }

// Migrate brings the tables up to date, and makes them if there are none. Several may
// do so at once. Error: the tables are newer than this program.
func (o Operations) Migrate(t host.Task) error {
	err := o.Transaction(t, func(o Operations) error {
		return o.tx.run(t, o.store.engine.migrate)
	})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (e *engine) migrate(ctx context.Context, s session) error {
	if e.lock != "" {
		if err := drain(s.QueryContext(ctx, e.lock)); err != nil {
			return err
		}
	}
	err := e.migrateLocked(ctx, s)
	if e.unlock != "" {
		if failed := drain(s.QueryContext(ctx, e.unlock)); err == nil {
			err = failed
		}
	}
	return err
}

func (e *engine) migrateLocked(ctx context.Context, s session) error {
	if err := e.define(ctx, s, versionTable); err != nil {
		return err
	}
	done, err := schemaVersion(ctx, s)
	if err != nil {
		return err
	}
	if done > SchemaVersion() {
		return fmt.Errorf("the tables are of version %d, this program knows %d", done, SchemaVersion())
	}
	for _, m := range migrations() {
		if m.version <= done {
			continue
		}
		for _, st := range m.statements {
			if err := e.define(ctx, s, st); err != nil {
				return fmt.Errorf("version %d: %w", m.version, err)
			}
		}
		if _, err := s.ExecContext(ctx, e.text("insert into schema_migrations values (?)"), m.version); err != nil {
			return err
		}
	}
	return nil
}

// define runs a statement with the engine's types.
func (e *engine) define(ctx context.Context, s session, statement string) error {
	types := strings.NewReplacer("<id>", e.id, "<boolean>", e.boolean, "<stamp>", e.stamp, "<number>", e.number, "<suffix>", e.suffix)
	_, err := s.ExecContext(ctx, e.text(types.Replace(statement)))
	return err
}

func schemaVersion(ctx context.Context, s session) (version int, err error) {
	rows, err := s.QueryContext(ctx, "select coalesce(max(version), 0) from schema_migrations")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&version); err != nil {
			return 0, err
		}
	}
	return version, rows.Err()
}

// drain reads an answer that does not matter.
func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
