/** The machines behind the gate, the ways in, and who may: the fourth version of the schema. */
export const targetsAndGatesStatements: readonly string[] = [
  `create table targets (
    id text not null primary key,
    name text not null unique,
    env text not null,
    owner text not null,
    os_user text,
    host_keys text not null,
    origin text not null check (origin in ('reported', 'added')),
    machine_key text,
    unconfirmed text,
    takes_certificates integer not null check (takes_certificates in (0, 1)),
    os_users text not null,
    longest_certificate_ms integer,
    reach text not null check (reach in ('members', 'grants', 'owner')),
    services text not null,
    created_at integer not null,
    created_by text not null,
    last_seen_at integer
  ) strict, without rowid`,
  `create table profiles (
    id text not null primary key,
    principal text not null,
    name text not null,
    target text not null references targets (id) on delete cascade,
    os_user text,
    identity_file text,
    created_at integer not null,
    unique (principal, name)
  ) strict, without rowid`,
  `create index profiles_target on profiles (target)`,
  `create table gates (
    id text not null primary key,
    name text not null unique,
    host text,
    port integer,
    keys text not null check (keys in ('any', 'listed')),
    targets text not null check (targets in ('any', 'listed')),
    is_default integer not null check (is_default in (0, 1)),
    created_at integer not null,
    created_by text not null
  ) strict, without rowid`,
  `create unique index gates_default on gates (is_default) where is_default = 1`,
  `create table gate_keys (
    gate text not null references gates (id) on delete cascade,
    fingerprint text not null,
    added_at integer not null,
    added_by text not null,
    primary key (gate, fingerprint)
  ) strict, without rowid`,
  `create table gate_targets (
    gate text not null references gates (id) on delete cascade,
    target text not null references targets (id) on delete cascade,
    place integer not null,
    primary key (gate, target)
  ) strict, without rowid`,
  `create index gate_targets_target on gate_targets (target)`,
  `create table reach_grants (
    id text not null primary key,
    principal text not null,
    env_patterns text not null,
    owner text,
    services text not null,
    os_users text not null,
    expires_at integer,
    created_at integer not null,
    created_by text not null
  ) strict, without rowid`,
  `insert into gates (id, name, keys, targets, is_default, created_at, created_by)
    values ('defaultgate2', 'default', 'any', 'any', 1, unixepoch() * 1000, 'porthole')`,
];
