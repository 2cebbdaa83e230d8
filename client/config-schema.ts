import { z } from 'zod';
import { optionNames } from '../core/forward.ts';
import { quote } from '../core/quote.ts';
import { didYouMean } from '../core/suggest.ts';

const text = z.string().min(1);
const port = z.int().min(1).max(65_535);
/** `3000`, `"3000"`, `"127.0.0.1:3000"` or `"unix:/run/app.sock"`. */
const target = z.union([z.string().min(1), port], 'takes a port, "HOST:PORT" or "unix:/PATH"');
const word = z.union([z.string(), z.boolean()], 'takes text').transform(String);
const options = Object.fromEntries(optionNames.map((name) => [name, word.optional()]));
/** What is said about one service alone is not for all of them. */
const { meta: _ofOne, ...commonOptions } = options;

const service = z.strictObject({ target, port: port.optional(), ...options });
/** The machine's SSH server, and who the machine is. */
const ssh = z.strictObject({
  target: target.optional(),
  'os-user': text.optional(),
  name: text.optional(),
  id: text.optional(),
});
const docker = z.strictObject({ project: text.optional(), host: text.optional() });

/** Everything that may stand in `porthole.toml`. None of it runs a command: the file comes with a repository. */
export const configSchema = z.strictObject({
  server: text.optional(),
  env: text.optional(),
  ca: text.optional(),
  identity: text.optional(),
  certificate: text.optional(),
  'known-hosts': text.optional(),
  'host-key': z.union([text, z.array(text)], 'takes a fingerprint or a list of them').optional(),
  connections: z.int().min(1).max(8).optional(),
  'url-file': text.optional(),
  docker: z.union([z.boolean(), docker], 'takes true, false or a table').optional(),
  ssh: z.union([z.boolean(), target, ssh], 'takes true, false, a port, "HOST:PORT" or a table').optional(),
  /** The default service. */
  target: target.optional(),
  services: z.record(z.string(), z.union([target, service])).optional(),
  ...commonOptions,
});

export type ConfigTable = z.infer<typeof configSchema>;
export type ConfigOptions = Readonly<Record<string, string | undefined>>;

export type ConfigIssue = z.core.$ZodIssue;

const knownKeys: Readonly<Record<string, readonly string[]>> = {
  top: Object.keys(configSchema.shape),
  services: Object.keys(service.shape),
  docker: Object.keys(docker.shape),
  ssh: Object.keys(ssh.shape),
};

/** One line for each thing that is wrong, with the place of it. */
export function describeIssues(issues: readonly ConfigIssue[], above: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
    // A table is told what is wrong inside it, and not that it might have been a number.
    const inside =
      issue.code === 'invalid_union' ? issue.errors.find((each) => each.some(isInside)) : undefined;
    if (inside !== undefined) return describeIssues(inside, path);
    return [`${placeOf(path)}: ${reasonOf(issue)}`];
  });
}

function isInside(issue: ConfigIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const known = knownKeys[path[0] === undefined ? 'top' : String(path[0])] ?? [];
  return `${placeOf([...path, key])}: unknown key${didYouMean(key, known)}`;
}

function reasonOf(issue: ConfigIssue): string {
  if (issue.code === 'invalid_union')
    return issue.message === 'Invalid input'
      ? 'takes a port, "HOST:PORT", "unix:/PATH" or a table'
      : issue.message;
  if (issue.code === 'invalid_type') return `takes ${wanted[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'is empty';
  if (issue.code === 'too_small') return `is at least ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `is at most ${String(issue.maximum)}`;
  return issue.message;
}

const wanted: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  record: 'a table',
  object: 'a table',
};

function placeOf(path: readonly PropertyKey[]): string {
  return path.map((part) => quote(String(part)).slice(1, -1)).join('.');
}
