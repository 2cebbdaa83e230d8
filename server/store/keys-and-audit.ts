/** Who may dial in, what was signed for them, and what was done: the second version of the schema. */
export const keysAndAuditStatements: readonly string[] = [
  `create table principals (
    name text not null primary key,
    created_at integer not null
  ) strict, without rowid`,
  `create table keys (
    fingerprint text not null primary key,
    principal text not null references principals (name),
    name text not null,
    role text not null check (role in ('machine', 'member', 'admin')),
    env_patterns text not null,
    type text not null,
    bits integer not null,
    blob text not null,
    comment text not null,
    options text not null,
    source text not null,
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    last_used_at integer,
    last_used_from text,
    counter integer,
    preferred integer not null check (preferred in (0, 1)),
    revoked_at integer,
    revoked_reason text,
    unique (principal, name)
  ) strict, without rowid`,
  `create unique index keys_preferred on keys (principal) where preferred = 1`,
  `create table certificates (
    serial text not null primary key,
    certificate_id text not null,
    principal text not null,
    fingerprint text not null,
    issued_for text not null,
    issued_at integer not null,
    expires_at integer not null,
    revoked_at integer
  ) strict, without rowid`,
  `create index certificates_issued_for on certificates (issued_for)`,
  `create table key_imports (
    name text not null primary key,
    principal text not null references principals (name),
    role text not null check (role in ('machine', 'member', 'admin')),
    env_patterns text not null,
    expires_at integer,
    created_at integer not null,
    created_by text not null,
    checked_at integer,
    succeeded_at integer,
    problem text,
    problem_since integer,
    absent_since integer
  ) strict, without rowid`,
  `create table audit (
    id integer primary key autoincrement,
    at integer not null,
    principal text,
    fingerprint text,
    address text,
    action text not null,
    target text,
    result text not null check (result in ('ok', 'refused', 'failed')),
    detail text
  ) strict`,
  `create index audit_at on audit (at)`,
  `create index audit_principal on audit (principal, at)`,
  `create index audit_strangers on audit (at) where principal is null and result = 'refused'`,
  `create trigger audit_is_append_only before update on audit
    begin select raise(abort, 'the audit is append-only'); end`,
  `create trigger audit_keeps_young_lines before delete on audit when old.at > (unixepoch() - 86400) * 1000
    begin select raise(abort, 'the audit keeps every line for a day'); end`,
  `create table revisions (
    name text not null primary key,
    value integer not null
  ) strict, without rowid`,
  `alter table environments add column given_at integer`,
];
