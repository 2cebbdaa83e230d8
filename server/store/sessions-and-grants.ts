import { formerOwnersStatements } from './former-owners.ts';

/** Who is logged in, and what was given out to open environments: the third version of the schema. */
export const sessionsAndGrantsStatements: readonly string[] = [
  `create table sessions (
    id text not null primary key,
    account_name text not null,
    account text not null,
    created_at integer not null,
    created_from text not null,
    user_agent text not null,
    last_seen_at integer not null,
    last_seen_from text not null,
    expires_at integer not null,
    ended_at integer,
    ended_reason text
  ) strict, without rowid`,
  `create index sessions_account on sessions (account_name)`,
  `create table grants (
    id text not null primary key,
    kind text not null check (kind in ('link', 'token', 'password')),
    env text not null,
    service text,
    owner text not null,
    name text not null,
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    emails text not null,
    max_uses integer,
    uses integer not null,
    last_used_at integer,
    last_used_from text,
    hash text,
    revoked_at integer
  ) strict, without rowid`,
  `create index grants_env on grants (env)`,
  `alter table keys add column widest_access text check (widest_access in ('private', 'team', 'public'))`,
  `alter table environments add column changed_hands_at integer`,
  ...formerOwnersStatements,
];
