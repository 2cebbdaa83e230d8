import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Parsed, problem } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';

export interface ContextSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

const maxFileBytes = 1024 * 1024;

/**
 * The engine of the context that `docker` itself would use: `DOCKER_CONTEXT`, else the one of `docker context use`. Undefined for the
 * default one. (docker/cli, cli/context/store: a context lies in a folder named by the SHA-256 of its name.)
 */
export function contextHost({ env, home }: ContextSurroundings): Parsed<string | undefined> {
  const folder = notEmpty(env['DOCKER_CONFIG']) ?? join(home, '.docker');
  const name = notEmpty(env['DOCKER_CONTEXT']) ?? currentContext(folder);
  if (name === undefined || name === 'default') return { ok: true, value: undefined };
  const id = createHash('sha256').update(name).digest('hex');
  const host = at(readJson(join(folder, 'contexts', 'meta', id, 'meta.json')), 'Endpoints', 'docker', 'Host');
  if (typeof host === 'string' && host !== '') return { ok: true, value: host };
  return problem(`the Docker context ${quote(name)} names no engine: see docker context ls`);
}

function currentContext(folder: string): string | undefined {
  const name = at(readJson(join(folder, 'config.json')), 'currentContext');
  return typeof name === 'string' ? notEmpty(name) : undefined;
}

/** Undefined when there is none that can be read. */
function readJson(path: string): unknown {
  try {
    return statSync(path).size > maxFileBytes ? undefined : JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
