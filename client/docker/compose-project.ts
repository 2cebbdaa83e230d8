import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { lowerCaseAscii } from '../../core/slug.ts';

export interface ProjectQuestion {
  /** `--docker-project`. */
  readonly project: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const maxFileBytes = 1024 * 1024;

/**
 * The compose project whose containers are meant, found as `docker compose` finds it: by name, by the environment, by the
 * nearest compose file upwards (its `.env`, its `name:`, its folder). Undefined where there is none.
 */
export function composeProject({ project, env, cwd }: ProjectQuestion): string | undefined {
  const named = project ?? env['COMPOSE_PROJECT_NAME'] ?? '';
  if (named !== '') return named;
  const file = givenComposeFile(env, cwd) ?? nearestComposeFile(cwd);
  if (file === undefined) return undefined;
  const fromDotEnv = nameInDotEnv(readSmall(join(dirname(file), '.env')));
  const name = fromDotEnv ?? nameInComposeFile(readSmall(file)) ?? normaliseProject(basename(dirname(file)));
  return name === '' ? undefined : name;
}

/** A folder's name as `docker compose` makes a project of it. */
export function normaliseProject(folder: string): string {
  return lowerCaseAscii(folder)
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

/** The top-level `name:` of a compose file, if it is a plain one. */
export function nameInComposeFile(text: string): string | undefined {
  return /^name:[ \t]*(["']?)([a-z0-9][a-z0-9_-]*)\1[ \t]*(?:#.*)?\r?$/m.exec(text)?.[2];
}

export function nameInDotEnv(text: string): string | undefined {
  return /^(?:export[ \t]+)?COMPOSE_PROJECT_NAME=(["']?)([a-z0-9][a-z0-9_-]*)\1[ \t]*\r?$/m.exec(text)?.[2];
}

function givenComposeFile(env: ProjectQuestion['env'], cwd: string): string | undefined {
  const [first = ''] = (env['COMPOSE_FILE'] ?? '').split(':');
  return first === '' ? undefined : resolve(cwd, first);
}

function nearestComposeFile(cwd: string): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = composeFiles.map((name) => join(folder, name)).find(isFile);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Empty when it cannot be read: then the folder's name counts. */
function readSmall(path: string): string {
  try {
    return statSync(path).size > maxFileBytes ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
